#include "cluster/metadata_cache.h"

#include <algorithm>

namespace odradek::cluster {

void MetadataCache::use(const std::vector<std::string>& topics, MonotonicTime now) {
  for (const std::string& topic : topics) used_[topic] = now;
}

std::vector<std::string> MetadataCache::topics_to_fetch(MonotonicTime now) {
  std::erase_if(used_, [now](const auto& item) { return now - item.second > kUnusedTopicMax; });
  std::vector<std::string> topics;
  topics.reserve(used_.size());
  for (const auto& [topic, last_use] : used_) topics.push_back(topic);
  return topics;
}

bool MetadataCache::satisfies(const std::vector<std::string>& topics, MonotonicTime now) const {
  if (is_expired_ || now - current_->fetched_at >= max_age_) return false;
  return std::ranges::all_of(topics, [this](const std::string& topic) {
    const Topic* known = current_->topic(std::string_view(topic));
    return known != nullptr && known->error == proto::ErrorCode::kNone;
  });
}

bool MetadataCache::is_settled(const Metadata& metadata, const std::vector<std::string>& topics) {
  return std::ranges::all_of(topics, [&metadata](const std::string& name) {
    const Topic* topic = metadata.topic(std::string_view(name));
    return topic != nullptr && topic->error != proto::ErrorCode::kLeaderNotAvailable;
  });
}

void MetadataCache::apply(MetadataPtr metadata) {
  current_ = std::move(metadata);
  ++generation_;
  is_expired_ = false;
}

void MetadataCache::forget_brokers() {
  auto copy = std::make_shared<Metadata>(*current_);
  copy->brokers.clear();
  copy->controller_id = -1;
  current_ = std::move(copy);
  is_expired_ = true;
}

void MetadataCache::add_broker(Broker broker) {
  auto copy = std::make_shared<Metadata>(*current_);
  std::erase_if(copy->brokers, [&broker](const Broker& b) { return b.id == broker.id; });
  copy->brokers.push_back(std::move(broker));
  current_ = std::move(copy);
}

}  // namespace odradek::cluster
