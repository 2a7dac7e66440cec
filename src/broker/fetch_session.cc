#include "broker/fetch_session.h"

#include <algorithm>
#include <chrono>
#include <random>

namespace odradek::broker {
namespace {

constexpr Duration kUnusedMax = std::chrono::minutes(2);
constexpr int16_t kTopicIdsFrom = 13;

std::string key_of(std::string_view topic, const Uuid& id, int32_t partition) {
  std::string key;
  key.reserve(topic.size() + id.bytes.size() + sizeof partition);
  key.append(reinterpret_cast<const char*>(&partition), sizeof partition);
  key.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  key.append(topic);
  return key;
}

void take(const proto::FetchRequest::FetchPartition& from, FetchPartition& into) {
  into.fetch_offset = from.fetch_offset;
  into.max_bytes = from.partition_max_bytes;
  into.current_leader_epoch = from.current_leader_epoch;
  into.last_fetched_epoch = from.last_fetched_epoch;
}

FetchPartition make(const proto::FetchRequest::FetchTopic& topic,
                    const proto::FetchRequest::FetchPartition& from) {
  FetchPartition made;
  made.topic = topic.topic;
  made.topic_id = topic.topic_id;
  made.partition = from.partition;
  take(from, made);
  return made;
}

}  // namespace

FetchSession::Partitions fetch_partitions(const proto::FetchRequest& request) {
  FetchSession::Partitions partitions;
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) partitions.push_back(make(topic, partition));
  }
  return partitions;
}

void FetchSession::put(const proto::FetchRequest::FetchTopic& topic,
                       const proto::FetchRequest::FetchPartition& partition) {
  const std::string key = key_of(topic.topic, topic.topic_id, partition.partition);
  const auto known = by_key_.find(key);
  if (known != by_key_.end()) {
    take(partition, *known->second);
    return;
  }
  partitions_.push_back(make(topic, partition));
  by_key_.emplace(key, std::prev(partitions_.end()));
}

void FetchSession::update(const proto::FetchRequest& request) {
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) put(topic, partition);
  }
  for (const auto& topic : request.forgotten_topics_data) {
    for (const int32_t partition : topic.partitions) {
      const auto known = by_key_.find(key_of(topic.topic, topic.topic_id, partition));
      if (known == by_key_.end()) continue;
      partitions_.erase(known->second);
      by_key_.erase(known);
    }
  }
}

FetchSessions::Lookup FetchSessions::resume(const proto::FetchRequest& request, int16_t version,
                                            MonotonicTime now) {
  const auto found = sessions_.find(request.session_id);
  if (found == sessions_.end()) return {proto::ErrorCode::kFetchSessionIdNotFound, nullptr};
  const std::shared_ptr<FetchSession> session = found->second.session;
  if (session->next_epoch() != request.session_epoch) {
    return {proto::ErrorCode::kInvalidFetchSessionEpoch, nullptr};
  }
  if (session->uses_topic_ids() != (version >= kTopicIdsFrom)) {
    return {proto::ErrorCode::kFetchSessionTopicIdError, nullptr};
  }
  session->update(request);
  if (session->size() == 0) {
    sessions_.erase(found);
    return {};
  }
  found->second.last_used = now;
  session->advance_epoch();
  return {proto::ErrorCode::kNone, session};
}

std::shared_ptr<FetchSession> FetchSessions::create(const proto::FetchRequest& request,
                                                    int16_t version, MonotonicTime now) {
  size_t size = 0;
  for (const auto& topic : request.topics) size += topic.partitions.size();
  if (!make_room(size, now)) return nullptr;
  std::random_device random;
  int32_t id = 0;
  do {
    id = static_cast<int32_t>(random() & 0x7FFFFFFFU);
  } while (id == 0 || sessions_.contains(id));
  auto session = std::make_shared<FetchSession>(id, version >= kTopicIdsFrom);
  session->update(request);
  sessions_.emplace(id, Entry{session, now, now});
  return session;
}

bool FetchSessions::make_room(size_t size, MonotonicTime now) {
  if (sessions_.size() < sessions_max_) return true;
  if (sessions_.empty()) return false;
  const auto oldest = std::ranges::min_element(
      sessions_, {}, [](const auto& item) { return item.second.last_used; });
  if (now - oldest->second.last_used > kUnusedMax) {
    sessions_.erase(oldest);
    return true;
  }
  const auto smallest = std::ranges::min_element(
      sessions_, {}, [](const auto& item) { return item.second.session->size(); });
  const bool evictable = now - smallest->second.created > kUnusedMax;
  if (!evictable || smallest->second.session->size() >= size) return false;
  sessions_.erase(smallest);
  return true;
}

void FetchSessions::remove(int32_t session_id) { sessions_.erase(session_id); }

}  // namespace odradek::broker
