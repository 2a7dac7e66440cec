// Targets: which topics a group is subscribed to, and who is to have which partition.

#include <xxhash.h>

#include <algorithm>

#include "base/log.h"
#include "broker/group/consumer_group.h"
#include "broker/group/topic_regex.h"

namespace odradek::broker {

// Looks for the topics an expression means, once or `again`; whether they changed. What the client
// may not know of does not count, as in Kafka: whoever asks first asks for all members.
bool ConsumerGroup::resolve_regex(const std::string& regex, bool again, Now now,
                                  const TopicFilter& may_see) {
  const auto known = regexes_.find(regex);
  if (known != regexes_.end() && !again) return false;
  ResolvedRegex resolved;
  const TopicRegex expression(regex);
  environment_.for_each_topic([&](const GroupTopic& topic) {
    if (!expression.matches(topic.name)) return;
    if (!may_see || may_see(topic.name)) resolved.topics.emplace(topic.name);
  });
  if (known != regexes_.end() && known->second.topics == resolved.topics) return false;
  resolved.version = epoch_.epoch + 1;
  resolved.resolved_ms = now.wall_ms;
  put_regex(regex, std::move(resolved));
  return true;
}

bool ConsumerGroup::resolve_all(Now now, const TopicFilter& may_see) {
  std::set<std::string> all;
  for (const auto& [regex, resolved] : regexes_) all.insert(regex);
  bool changed = false;
  for (const std::string& regex : all) {
    changed = resolve_regex(regex, true, now, may_see) || changed;
  }
  return changed;
}

void ConsumerGroup::drop_unused_regexes() {
  std::set<std::string> unused;
  for (const auto& [regex, resolved] : regexes_) {
    const bool used = std::ranges::any_of(
        members_, [&regex](const auto& item) { return item.second.regex == regex; });
    if (!used) unused.insert(regex);
  }
  for (const std::string& regex : unused) put_regex(regex, std::nullopt);
}

std::set<std::string> ConsumerGroup::topics_of(const ConsumerMember& member) const {
  std::set<std::string> topics = member.topics;
  const auto resolved = regexes_.find(member.regex);
  if (!member.regex.empty() && resolved != regexes_.end()) {
    topics.insert(resolved->second.topics.begin(), resolved->second.topics.end());
  }
  return topics;
}

bool ConsumerGroup::is_subscribed_to(std::string_view topic) const {
  return std::ranges::any_of(members_, [&](const auto& item) {
    return topics_of(item.second).contains(std::string(topic));
  });
}

// Changes with any of the subscribed topics: their ids and numbers of partitions.
int64_t ConsumerGroup::metadata_hash() const {
  std::set<std::string> topics;
  for (const auto& [id, member] : members_) topics.merge(topics_of(member));
  std::string text;
  for (const std::string& name : topics) {
    const std::optional<GroupTopic> topic = environment_.topic(name);
    if (!topic) continue;
    text.append(name).append(topic->id.to_string());
    text.append(std::to_string(topic->partitions)).push_back(';');
  }
  return text.empty() ? 0 : static_cast<int64_t>(XXH3_64bits(text.data(), text.size()));
}

void ConsumerGroup::bump_epoch() {
  set_epoch({epoch_.epoch + 1, metadata_hash()});
  ODK_LOG(info, "group has a new epoch", kv("group", id_), kv("epoch", epoch_.epoch),
          kv("members", members_.size()));
}

// Source: ConsumerGroup.computePreferredServerAssignor.
std::string_view ConsumerGroup::assignor() const {
  std::map<std::string_view, size_t> votes;
  for (const auto& [id, member] : members_) {
    if (member.assignor) ++votes[*member.assignor];
  }
  if (votes.empty()) return config_.default_assignor;
  return std::ranges::max_element(votes, {}, [](const auto& item) { return item.second; })->first;
}

bool ConsumerGroup::is_time_for_target(Now now) const {
  const Duration interval = environment_.consumer_times(id_).assignment_interval;
  const Duration passed = std::chrono::milliseconds(now.wall_ms - target_epoch_.made_ms);
  // A clock that was set back does not hold up the group.
  return target_epoch() == 0 || passed >= interval || passed < Duration::zero();
}

void ConsumerGroup::compute_target(Now now) {
  AssignorInput input;
  for (const auto& [id, member] : members_) {
    AssignorMember& each = input.members[id];
    if (member.instance_id) each.instance_id = *member.instance_id;
    const auto before = targets_.find(id);
    if (before != targets_.end()) each.target = &before->second;
    for (const std::string& name : topics_of(member)) {
      const std::optional<GroupTopic> topic = environment_.topic(name);
      if (!topic) continue;
      each.topics.insert(topic->id);
      input.partition_counts[topic->id] = topic->partitions;
    }
  }
  const TargetAssignment assigned =
      assignor() == "range" ? assign_range(input) : assign_uniform(input);
  for (const auto& [id, target] : assigned) put_target(id, target);
  set_target_epoch({epoch_.epoch, now.wall_ms});
}

}  // namespace odradek::broker
