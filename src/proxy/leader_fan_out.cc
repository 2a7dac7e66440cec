#include "proxy/leader_fan_out.h"

#include <utility>

namespace odradek::proxy {

using proto::ErrorCode;

void LeaderFanOut::add(size_t topic, std::string_view name, size_t index,
                       const ResolvedTopic& resolved, int32_t client_partition, Question question) {
  Place& place = places_.emplace_back();
  place.topic = topic;
  place.index = index;
  place.client_partition = client_partition;
  place.error = resolved.error;
  if (!resolved.ok()) return;
  const std::optional<PhysicalPlace> physical = resolved.place(client_partition);
  if (!physical) {
    place.error = ErrorCode::kUnknownTopicOrPartition;
    return;
  }
  place.physical = *physical;
  const auto asked = asked_.try_emplace({resolved.physical, client_partition}, question).first;
  if (asked->second != question) {
    place.error = ErrorCode::kInvalidRequest;
    return;
  }
  const int32_t leader = resolved.leader(physical->partition);
  if (leader < 0) {
    place.error = ErrorCode::kLeaderNotAvailable;
    return;
  }
  const int32_t partition = physical->partition.value();
  const Key key{resolved.physical, partition, question};
  const auto [known, is_new] = known_.try_emplace(key, targets_.size());
  place.target = known->second;
  if (!is_new) return;
  const int32_t round = rounds_[{resolved.physical, partition}]++;
  targets_.push_back({.name = name,
                      .topic = topic,
                      .index = index,
                      .partition = physical->partition,
                      .leader = leader,
                      .round = round});
}

std::optional<size_t> LeaderFanOut::find(const Batch& batch, std::string_view topic,
                                         int32_t partition) {
  const auto found = batch.by_name.find({topic, partition});
  if (found == batch.by_name.end()) return std::nullopt;
  return found->second;
}

std::vector<LeaderFanOut::Batch> LeaderFanOut::batches() const {
  std::map<std::pair<int32_t, int32_t>, Batch> by_request;
  for (size_t i = 0; i < targets_.size(); ++i) {
    const Target& target = targets_[i];
    Batch& batch = by_request[{target.round, target.leader}];
    batch.leader = target.leader;
    batch.round = target.round;
    batch.targets.push_back(i);
    batch.by_name[{target.name, target.partition.value()}] = i;
  }
  std::vector<Batch> all;
  all.reserve(by_request.size());
  for (auto& [key, batch] : by_request) all.push_back(std::move(batch));
  return all;
}

}  // namespace odradek::proxy
