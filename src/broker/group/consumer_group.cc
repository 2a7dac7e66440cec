// State and records: every change goes through here, so that it can be written and taken back.

#include "broker/group/consumer_group.h"

#include <algorithm>

namespace odradek::broker {

void ConsumerGroup::index(const ConsumerMember& member) {
  if (member.instance_id) static_ids_[*member.instance_id] = member.id;
  for (const OwnedPartitions* owned : {&member.assigned, &member.revoking}) {
    for (const auto& [topic, partitions] : *owned) {
      for (const auto& [partition, epoch] : partitions) ++owners_[topic][partition];
    }
  }
}

void ConsumerGroup::unindex(const ConsumerMember& member) {
  if (member.instance_id) {
    const auto known = static_ids_.find(*member.instance_id);
    if (known != static_ids_.end() && known->second == member.id) static_ids_.erase(known);
  }
  for (const OwnedPartitions* owned : {&member.assigned, &member.revoking}) {
    for (const auto& [topic, partitions] : *owned) {
      std::map<int32_t, int32_t>& counts = owners_[topic];
      for (const auto& [partition, epoch] : partitions) {
        if (--counts[partition] == 0) counts.erase(partition);
      }
      if (counts.empty()) owners_.erase(topic);
    }
  }
}

bool ConsumerGroup::is_owned(const Uuid& topic, int32_t partition) const {
  const auto found = owners_.find(topic);
  return found != owners_.end() && found->second.contains(partition);
}

void ConsumerGroup::put_member(ConsumerMember member) {
  const std::string id = member.id;
  const auto found = members_.find(id);
  std::optional<ConsumerMember> before;
  if (found != members_.end()) before = found->second;
  const bool wants_same = before && before->wants_same(member);
  const bool has_same = before ? before->has_same(member) : ConsumerMember().has_same(member);
  if (wants_same && has_same) return;
  if (!wants_same) changes_.push_back(member_record(id_, id, &member));
  if (!has_same) changes_.push_back(current_record(id_, id, &member));
  if (before) unindex(*before);
  index(member);
  members_.insert_or_assign(id, std::move(member));
  undo_.push_back([this, id, before] {
    unindex(members_.find(id)->second);
    if (before) {
      index(*before);
      members_.insert_or_assign(id, *before);
    } else {
      members_.erase(id);
    }
  });
}

void ConsumerGroup::erase_member(const std::string& id) {
  const auto found = members_.find(id);
  if (found == members_.end()) return;
  changes_.push_back(current_record(id_, id, nullptr));
  put_target(id, std::nullopt);
  changes_.push_back(member_record(id_, id, nullptr));
  const ConsumerMember before = found->second;
  unindex(before);
  members_.erase(found);
  undo_.push_back([this, before] {
    index(before);
    members_.insert_or_assign(before.id, before);
  });
}

void ConsumerGroup::put_target(const std::string& id, std::optional<PartitionSet> target) {
  const auto found = targets_.find(id);
  std::optional<PartitionSet> before;
  if (found != targets_.end()) before = found->second;
  if (before == target) return;
  changes_.push_back(target_record(id_, id, target ? &*target : nullptr));
  const auto put = [this, id](const std::optional<PartitionSet>& value) {
    if (value) {
      targets_.insert_or_assign(id, *value);
    } else {
      targets_.erase(id);
    }
  };
  put(target);
  undo_.push_back([put, before] { put(before); });
}

void ConsumerGroup::set_target_epoch(TargetEpoch value) {
  changes_.push_back(target_epoch_record(id_, &value));
  undo_.push_back([this, before = target_epoch_] { target_epoch_ = before; });
  target_epoch_ = value;
}

void ConsumerGroup::set_epoch(EpochValue value) {
  changes_.push_back(epoch_record(id_, &value));
  undo_.push_back([this, before = epoch_] { epoch_ = before; });
  epoch_ = value;
}

void ConsumerGroup::put_regex(const std::string& regex, std::optional<ResolvedRegex> resolved) {
  const auto found = regexes_.find(regex);
  std::optional<ResolvedRegex> before;
  if (found != regexes_.end()) before = found->second;
  changes_.push_back(regex_record(id_, regex, resolved ? &*resolved : nullptr));
  const auto put = [this, regex](const std::optional<ResolvedRegex>& value) {
    if (value) {
      regexes_.insert_or_assign(regex, *value);
    } else {
      regexes_.erase(regex);
    }
  };
  put(resolved);
  undo_.push_back([put, before] { put(before); });
}

proto::ErrorCode ConsumerGroup::write_changes() {
  ErrorCode error = ErrorCode::kNone;
  if (!changes_.empty()) error = environment_.append(id_, changes_, {});
  if (error != ErrorCode::kNone) {
    undo_changes();
    topics_changed_ = true;  // to be looked at again
    return error;
  }
  changes_.clear();
  undo_.clear();
  return error;
}

void ConsumerGroup::undo_changes() {
  while (!undo_.empty()) {
    undo_.back()();
    undo_.pop_back();
  }
  changes_.clear();
}

std::vector<GroupRecord> ConsumerGroup::tombstones() const {
  std::vector<GroupRecord> records;
  for (const auto& [id, member] : members_) records.push_back(current_record(id_, id, nullptr));
  for (const auto& [id, target] : targets_) records.push_back(target_record(id_, id, nullptr));
  records.push_back(target_epoch_record(id_, nullptr));
  for (const auto& [id, member] : members_) records.push_back(member_record(id_, id, nullptr));
  for (const auto& [regex, topics] : regexes_) {
    records.push_back(regex_record(id_, regex, nullptr));
  }
  records.push_back(epoch_record(id_, nullptr));
  return records;
}

const PartitionSet& ConsumerGroup::target(std::string_view member_id) const {
  static const PartitionSet none;
  const auto found = targets_.find(member_id);
  return found == targets_.end() ? none : found->second;
}

const ConsumerMember* ConsumerGroup::find(std::string_view member_id) const {
  const auto found = members_.find(member_id);
  return found == members_.end() ? nullptr : &found->second;
}

const ConsumerMember* ConsumerGroup::find_static(std::string_view instance_id) const {
  const auto known = static_ids_.find(instance_id);
  return known == static_ids_.end() ? nullptr : find(known->second);
}

std::string_view ConsumerGroup::state_name() const {
  if (members_.empty()) return "Empty";
  if (epoch_.epoch > target_epoch()) return "Assigning";
  const bool stable = std::ranges::all_of(
      members_, [this](const auto& item) { return item.second.is_reconciled_to(target_epoch()); });
  return stable ? "Stable" : "Reconciling";
}

}  // namespace odradek::broker
