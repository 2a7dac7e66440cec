#include "broker/group/offset_table.h"

namespace odradek::broker {

const OffsetTable::Topics& OffsetTable::of(std::string_view group) const {
  static const Topics none;
  const auto found = groups_.find(group);
  return found == groups_.end() ? none : found->second;
}

const CommittedOffset* OffsetTable::find(std::string_view group, std::string_view topic,
                                         int32_t partition) const {
  const Topics& topics = of(group);
  const auto partitions = topics.find(topic);
  if (partitions == topics.end()) return nullptr;
  const auto found = partitions->second.find(partition);
  return found == partitions->second.end() ? nullptr : &found->second;
}

CommittedOffset& OffsetTable::slot(Groups& groups, std::string_view group, std::string_view topic,
                                   int32_t partition) {
  auto in_group = groups.find(group);
  if (in_group == groups.end()) in_group = groups.emplace(std::string(group), Topics()).first;
  Topics& topics = in_group->second;
  auto in_topic = topics.find(topic);
  if (in_topic == topics.end()) in_topic = topics.emplace(std::string(topic), Partitions()).first;
  return in_topic->second[partition];
}

void OffsetTable::set(std::string_view group, std::string_view topic, int32_t partition,
                      CommittedOffset offset) {
  offset.order = next_order_++;
  slot(groups_, group, topic, partition) = std::move(offset);
}

bool OffsetTable::erase_from(Groups& groups, std::string_view group, std::string_view topic,
                             int32_t partition) {
  const auto in_group = groups.find(group);
  if (in_group == groups.end()) return false;
  const auto in_topic = in_group->second.find(topic);
  if (in_topic == in_group->second.end()) return false;
  const bool erased = in_topic->second.erase(partition) > 0;
  if (in_topic->second.empty()) in_group->second.erase(in_topic);
  if (in_group->second.empty()) groups.erase(in_group);
  return erased;
}

void OffsetTable::erase(std::string_view group, std::string_view topic, int32_t partition) {
  erase_from(groups_, group, topic, partition);
  if (!is_pending(group, topic, partition)) return;
  const std::string group_id(group);
  const std::string topic_name(topic);
  for (auto pending = pending_.begin(); pending != pending_.end();) {
    if (erase_from(pending->second, group_id, topic_name, partition)) {
      count_pending(group_id, topic_name, partition, -1);
    }
    pending = pending->second.empty() ? pending_.erase(pending) : std::next(pending);
  }
}

const OffsetTable::Counts& OffsetTable::pending_of(std::string_view group) const {
  static const Counts none;
  const auto found = pending_counts_.find(group);
  return found == pending_counts_.end() ? none : found->second;
}

void OffsetTable::erase_group(std::string_view group) {
  if (const auto found = groups_.find(group); found != groups_.end()) groups_.erase(found);
  if (!has_pending(group)) return;
  for (auto pending = pending_.begin(); pending != pending_.end();) {
    if (const auto found = pending->second.find(group); found != pending->second.end()) {
      pending->second.erase(found);
    }
    pending = pending->second.empty() ? pending_.erase(pending) : std::next(pending);
  }
  pending_counts_.erase(pending_counts_.find(group));
}

void OffsetTable::set_pending(int32_t log_partition, TransactionOwner owner, std::string_view group,
                              std::string_view topic, int32_t partition, CommittedOffset offset) {
  offset.order = next_order_++;
  Groups& groups = pending_[{log_partition, owner.producer_id}];
  CommittedOffset& place = slot(groups, group, topic, partition);
  const bool is_new = place.order == 0;
  place = std::move(offset);
  if (is_new) count_pending(std::string(group), std::string(topic), partition, 1);
}

void OffsetTable::end_transaction(int32_t log_partition, int64_t producer_id, bool committed) {
  const auto ended = pending_.find({log_partition, producer_id});
  if (ended == pending_.end()) return;
  for (auto& [group, topics] : ended->second) {
    for (auto& [topic, partitions] : topics) {
      for (auto& [partition, offset] : partitions) {
        count_pending(group, topic, partition, -1);
        if (!committed) continue;
        CommittedOffset& place = slot(groups_, group, topic, partition);
        if (place.order < offset.order) place = std::move(offset);
      }
    }
  }
  pending_.erase(ended);
}

void OffsetTable::count_pending(const std::string& group, const std::string& topic,
                                int32_t partition, int32_t by) {
  Counts& topics = pending_counts_[group];
  auto& partitions = topics[topic];
  int32_t& count = partitions[partition];
  count += by;
  if (count == 0) partitions.erase(partition);
  if (partitions.empty()) topics.erase(topic);
  if (topics.empty()) pending_counts_.erase(group);
}

bool OffsetTable::is_pending(std::string_view group, std::string_view topic,
                             int32_t partition) const {
  const auto in_group = pending_counts_.find(group);
  if (in_group == pending_counts_.end()) return false;
  const auto in_topic = in_group->second.find(topic);
  return in_topic != in_group->second.end() && in_topic->second.contains(partition);
}

void OffsetTable::clear() {
  groups_.clear();
  pending_.clear();
  pending_counts_.clear();
}

}  // namespace odradek::broker
