#include "broker/topics.h"

#include <fmt/format.h>

#include <algorithm>

#include "log/memory_store.h"

namespace odradek::broker {
namespace {

constexpr size_t kNameBytesMax = 249;

bool is_legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

std::string unified(std::string_view name) {
  std::string text(name);
  std::ranges::replace(text, '.', '_');
  return text;
}

}  // namespace

Topic* Topics::find(std::string_view name) const {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second.get();
}

Topic* Topics::find(const Uuid& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

Topic& Topics::create(std::string_view name, int32_t partitions, TopicOverrides overrides,
                      std::optional<Uuid> id) {
  auto topic = std::make_unique<Topic>();
  topic->name = name;
  topic->id = id ? *id : Uuid::random();
  topic->overrides = std::move(overrides);
  Topic& created = *topic;
  const bool added = topics_.emplace(std::string(name), std::move(topic)).second;
  ODK_ASSERT(added, "topic {} exists", name);
  by_id_.emplace(created.id, &created);
  add_partitions(created, partitions);
  return created;
}

void Topics::add_partitions(Topic& topic, int32_t total) {
  const log::LogConfig config = settings_.log_config(topic.overrides);
  for (auto index = static_cast<int32_t>(topic.partitions.size()); index < total; ++index) {
    topic.partitions.push_back(std::make_unique<Partition>(
        index, place_ == nullptr
                   ? log::PartitionLog(std::make_unique<log::MemoryStore>(pool_), config)
                   : place_->open_log(topic, index, config, 0, 0)));
    ++partition_count_;
  }
}

void Topics::restore_partition(Topic& topic, int32_t leader_epoch, int64_t now_ms) {
  ODK_ASSERT(place_ != nullptr);
  const auto index = static_cast<int32_t>(topic.partitions.size());
  const log::LogConfig config = settings_.log_config(topic.overrides);
  topic.partitions.push_back(std::make_unique<Partition>(
      index, place_->open_log(topic, index, config, leader_epoch, now_ms)));
  ++partition_count_;
}

void Topics::remove(Topic& topic, ReadyFetches& ready) {
  for (const auto& partition : topic.partitions) {
    partition->waiters.wake_all(ready);
    if (place_ != nullptr) place_->remove_log(topic, partition->index);
  }
  partition_count_ -= topic.partitions.size();
  by_id_.erase(topic.id);
  topics_.erase(topics_.find(topic.name));
}

void Topics::clear(ReadyFetches& ready) {
  for (const auto& [name, topic] : topics_) {
    for (const auto& partition : topic->partitions) {
      partition->waiters.wake_all(ready);
      if (place_ != nullptr) place_->remove_log(*topic, partition->index);
    }
  }
  by_id_.clear();
  topics_.clear();
  partition_count_ = 0;
}

void Topics::configs_changed(Topic& topic) {
  const log::LogConfig config = settings_.log_config(topic.overrides);
  for (const auto& partition : topic.partitions) partition->log.set_config(config);
}

void Topics::configs_changed() {
  for (const auto& [name, topic] : topics_) configs_changed(*topic);
}

const Topic* Topics::colliding(std::string_view name) const {
  if (name.find_first_of("._") == std::string_view::npos) return nullptr;
  const std::string wanted = unified(name);
  for (const auto& [other, topic] : topics_) {
    if (other != name && other.size() == name.size() && unified(other) == wanted) {
      return topic.get();
    }
  }
  return nullptr;
}

std::string topic_name_fault(std::string_view name) {
  if (name.empty()) return "a topic name cannot be empty";
  if (name == "." || name == "..") return "a topic name cannot be '.' or '..'";
  if (name.size() > kNameBytesMax) {
    return fmt::format("a topic name has at most {} characters, not {}", kNameBytesMax,
                       name.size());
  }
  if (!std::ranges::all_of(name, is_legal)) {
    return "a topic name has only letters, digits, '.', '_' and '-'";
  }
  return {};
}

}  // namespace odradek::broker
