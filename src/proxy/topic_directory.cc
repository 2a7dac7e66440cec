#include "proxy/topic_directory.h"

#include <algorithm>

#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"

namespace odradek::proxy {

using proto::ErrorCode;

namespace {

constexpr size_t kKnownIdsMax = 100'000;
// An id nobody knows makes us ask for all topics; a client that goes on about a deleted topic
// must not make that a habit.
constexpr Duration kAskAllEvery = std::chrono::seconds(1);

ErrorCode refusal(const std::map<std::string, ErrorCode, std::less<>>& refused,
                  std::string_view name) {
  const auto found = refused.find(name);
  return found == refused.end() ? ErrorCode::kUnknownTopicOrPartition : found->second;
}

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

// The cluster is asked about what its cache does not know, and the cache does not remember it: who
// makes up names would else have them all asked again and again.
io::Task<Result<TopicDirectory::Found>> TopicDirectory::find(const std::vector<std::string>& names,
                                                             MonotonicTime deadline) {
  Found found;
  std::vector<proto::MetadataRequest::MetadataRequestTopic> unknown;
  const cluster::MetadataPtr cached = cluster_->cached_metadata();
  for (const std::string& name : names) {
    if (name.empty()) continue;
    const cluster::Topic* topic = cached->topic(std::string_view(name));
    if (topic != nullptr && topic->error == ErrorCode{}) {
      found.existing.push_back(name);
    } else {
      unknown.emplace_back().name = name;
    }
  }
  if (unknown.empty()) co_return found;
  proto::MetadataRequest request;
  request.topics = unknown;
  request.allow_auto_topic_creation = false;
  Result<cluster::Cluster::Connection> connected = co_await cluster_->any_connection(deadline);
  if (!connected) co_return connected.error();
  const auto answer = co_await cluster_->call(*connected, request, deadline);
  if (!answer) co_return answer.error();
  for (const auto& topic : answer->message.topics) {
    const ErrorCode code = proto::error_code(topic.error_code);
    const bool exists = code == ErrorCode{} || code == ErrorCode::kLeaderNotAvailable;
    if (exists) found.existing.emplace_back(topic.name);
    if (!exists) found.refused.emplace(topic.name, code);
  }
  co_return found;
}

ResolvedTopics TopicDirectory::look_up(const std::vector<TopicRef>& refs,
                                       std::vector<std::string> names, const Result<Found>& asked,
                                       ErrorCode when_unreachable) const {
  ResolvedTopics resolved;
  resolved.metadata = cluster_->cached_metadata();
  resolved.names = std::move(names);
  for (size_t i = 0; i < refs.size(); ++i) {
    const std::string& name = resolved.names[i];
    ResolvedTopic topic = {.error = ErrorCode::kUnknownTopicId};
    if (!name.empty()) topic = resolve_topic(*resolved.metadata, *registry_, name);
    if (topic.error == ErrorCode::kUnknownTopicOrPartition) {
      topic.error = asked ? refusal(asked->refused, name) : when_unreachable;
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
  Result<Found> asked = co_await find(names, deadline);
  if (asked) {
    const auto metadata = co_await cluster_->metadata(asked->existing, deadline);
    if (!metadata) asked = metadata.error();
  }
  ResolvedTopics resolved = look_up(refs, std::move(names), asked, when_unreachable);
  if (!asked || !has_wrong_id(resolved, refs)) co_return resolved;
  co_return co_await resolve_anew(std::move(refs), when_unreachable, deadline);
}

io::Task<ResolvedTopics> TopicDirectory::resolve_anew(std::vector<TopicRef> refs,
                                                      ErrorCode when_unreachable,
                                                      MonotonicTime deadline) {
  std::vector<std::string> names = names_of(refs);
  Result<Found> asked = co_await find(names, deadline);
  if (asked) {
    const auto metadata = co_await cluster_->refresh(asked->existing, deadline);
    if (!metadata) asked = metadata.error();
  }
  co_return look_up(refs, std::move(names), asked, when_unreachable);
}

}  // namespace odradek::proxy
