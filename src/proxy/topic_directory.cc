#include "proxy/topic_directory.h"

#include <algorithm>

namespace odradek::proxy {

using proto::ErrorCode;

namespace {

constexpr size_t kKnownIdsMax = 100'000;
// An id nobody knows makes us ask for all topics; a client that goes on about a deleted topic
// must not make that a habit.
constexpr Duration kAskAllEvery = std::chrono::seconds(1);

}  // namespace

void TopicDirectory::learn(const Uuid& id, std::string_view name) {
  if (id.is_zero() || name.empty()) return;
  if (names_.size() >= kKnownIdsMax) names_.clear();
  names_.insert_or_assign(id, std::string(name));
}

std::string TopicDirectory::name_of(const Uuid& id) const {
  if (const auto known = names_.find(id); known != names_.end()) return known->second;
  const cluster::MetadataPtr metadata = cluster_->cached_metadata();
  const cluster::Topic* topic = metadata->topic(id);
  return topic == nullptr ? std::string() : topic->name;
}

std::vector<std::string> TopicDirectory::names_of(const std::vector<TopicRef>& refs) const {
  std::vector<std::string> names;
  names.reserve(refs.size());
  for (const TopicRef& ref : refs) names.push_back(ref.name.empty() ? name_of(ref.id) : ref.name);
  return names;
}

io::Task<void> TopicDirectory::learn_unknown(const std::vector<TopicRef>& refs,
                                             MonotonicTime deadline) {
  const bool all_known = std::ranges::all_of(refs, [this](const TopicRef& ref) {
    return !ref.name.empty() || ref.id.is_zero() || !name_of(ref.id).empty();
  });
  const MonotonicTime now = cluster_->loop().now();
  if (all_known || now - all_asked_at_ < kAskAllEvery) co_return;
  all_asked_at_ = now;
  const Result<cluster::MetadataPtr> asked = co_await cluster_->refresh_all_topics(deadline);
  if (!asked) co_return;
  for (const cluster::Topic& topic : (*asked)->topics) learn(topic.id, topic.name);
}

ResolvedTopics TopicDirectory::look_up(const std::vector<TopicRef>& refs,
                                       std::vector<std::string> names, bool was_reached,
                                       ErrorCode when_unreachable) const {
  ResolvedTopics resolved;
  resolved.metadata = cluster_->cached_metadata();
  resolved.names = std::move(names);
  for (size_t i = 0; i < refs.size(); ++i) {
    const std::string& name = resolved.names[i];
    ResolvedTopic topic = {.error = ErrorCode::kUnknownTopicId};
    if (!name.empty()) topic = resolve_topic(*resolved.metadata, *registry_, name);
    if (topic.error == ErrorCode::kUnknownTopicOrPartition && !was_reached) {
      topic.error = when_unreachable;
    }
    if (topic.error == ErrorCode::kInvalidTopicException) ++stats_->topic_mapping_mismatch;
    const bool by_id = refs[i].name.empty();
    if (by_id && topic.error == ErrorCode::kUnknownTopicOrPartition) {
      topic.error = ErrorCode::kUnknownTopicId;
    }
    if (by_id && topic.ok() && topic.physical->id != refs[i].id) {
      topic = {.error = ErrorCode::kUnknownTopicId};
    }
    resolved.topics.push_back(topic);
  }
  return resolved;
}

// A topic that was deleted and made again has another id than the cache may know.
bool TopicDirectory::has_wrong_id(const ResolvedTopics& resolved,
                                  const std::vector<TopicRef>& refs) const {
  for (size_t i = 0; i < refs.size(); ++i) {
    if (refs[i].name.empty() && !resolved.names[i].empty() &&
        resolved.topics[i].error == ErrorCode::kUnknownTopicId) {
      return true;
    }
  }
  return false;
}

io::Task<ResolvedTopics> TopicDirectory::resolve(std::vector<TopicRef> refs,
                                                 ErrorCode when_unreachable,
                                                 MonotonicTime deadline) {
  co_await learn_unknown(refs, deadline);
  std::vector<std::string> names = names_of(refs);
  std::vector<std::string> known = names;
  std::erase_if(known, [](const std::string& name) { return name.empty(); });
  const Result<cluster::MetadataPtr> metadata = co_await cluster_->metadata(known, deadline);
  const bool was_reached = metadata.has_value();
  ResolvedTopics resolved = look_up(refs, std::move(names), was_reached, when_unreachable);
  if (!was_reached || !has_wrong_id(resolved, refs)) co_return resolved;
  co_return co_await resolve_anew(std::move(refs), when_unreachable, deadline);
}

io::Task<ResolvedTopics> TopicDirectory::resolve_anew(std::vector<TopicRef> refs,
                                                      ErrorCode when_unreachable,
                                                      MonotonicTime deadline) {
  std::vector<std::string> names = names_of(refs);
  std::vector<std::string> known = names;
  std::erase_if(known, [](const std::string& name) { return name.empty(); });
  const Result<cluster::MetadataPtr> metadata = co_await cluster_->refresh(known, deadline);
  const bool was_reached = metadata.has_value();
  co_return look_up(refs, std::move(names), was_reached, when_unreachable);
}

}  // namespace odradek::proxy
