// Admin::create_topics.
#include <memory>

#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"

namespace odradek::client {
namespace {

struct CreateTopics {
  using Request = proto::CreateTopicsRequest;
  using Key = std::string;
  using Value = kafka::CreatedTopic;
  static constexpr std::string_view kDoing = "create topic";

  std::map<std::string, kafka::NewTopic> topics;
  bool validate_only = false;
  int32_t timeout_ms = 0;
  // What a request views.
  std::vector<Request::CreatableTopic> items{};
  std::vector<std::vector<Request::CreatableTopicConfig>> configs{};
  std::vector<std::vector<Request::CreatableReplicaAssignment>> assignments{};

  Request request(const std::vector<Key>& names);
  static Result<void> read(const proto::CreateTopicsResponse& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies);
};

CreateTopics::Request CreateTopics::request(const std::vector<Key>& names) {
  items.resize(names.size());
  configs.resize(names.size());
  assignments.resize(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    kafka::NewTopic& topic = topics.at(names[i]);
    for (const auto& [name, value] : topic.configs) {
      auto& config = configs[i].emplace_back();
      config.name = name;
      config.value = value;
    }
    int32_t partition = 0;
    for (std::vector<int32_t>& brokers : topic.replicas) {
      auto& assignment = assignments[i].emplace_back();
      assignment.partition_index = partition++;
      assignment.broker_ids = proto::array_of(brokers);
    }
    items[i].name = topic.name;
    items[i].num_partitions = topic.partitions;
    items[i].replication_factor = topic.replication_factor;
    items[i].configs = proto::array_of(configs[i]);
    items[i].assignments = proto::array_of(assignments[i]);
  }
  Request request;
  request.topics = proto::array_of(items);
  request.timeout_ms = timeout_ms;
  request.validate_only = validate_only;
  return request;
}

Result<void> CreateTopics::read(const proto::CreateTopicsResponse& response,
                                const std::vector<Key>&, Replies<Key, Value>& replies) {
  for (const auto& topic : response.topics) {
    const std::string name(topic.name);
    if (topic.error_code != 0) {
      replies.fail(name, topic.error_code, topic.error_message);
      continue;
    }
    kafka::CreatedTopic created{.id = topic_id(topic.topic_id),
                                .partitions = topic.num_partitions,
                                .replication_factor = topic.replication_factor,
                                .configs = {}};
    for (const auto& config : topic.configs) {
      kafka::ConfigEntry& entry = created.configs.emplace_back();
      entry.name = config.name;
      entry.value = optional_text(config.value);
      entry.is_read_only = config.read_only;
      entry.is_sensitive = config.is_sensitive;
      entry.source = config_source(config.config_source);
      entry.is_default = entry.source == kafka::ConfigSource::built_in;
    }
    replies.set(name, std::move(created));
  }
  return {};
}

io::Task<Result<std::vector<kafka::Named<kafka::CreatedTopic>>>> create_topics(
    Cluster& cluster, std::vector<kafka::NewTopic> topics, bool validate_only,
    MonotonicTime deadline) {
  std::vector<std::string> names;
  CreateTopics api{.topics = {},
                   .validate_only = validate_only,
                   .timeout_ms = milliseconds_left(cluster, deadline)};
  for (kafka::NewTopic& topic : topics) {
    names.push_back(topic.name);
    api.topics.try_emplace(topic.name, std::move(topic));
  }
  ODK_CO_TRY_VOID(refuse_doubles(names, CreateTopics::kDoing));
  auto items =
      co_await ask_items(cluster, Route::kController, std::move(api), std::move(names), deadline);
  cluster.expire_metadata();
  co_return items;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

using CreatedTopics = std::vector<Named<CreatedTopic>>;

Op<CreatedTopics> Admin::create_topics(std::vector<NewTopic> topics, Wait wait) {
  return create_topics(std::move(topics), Mode::apply, wait);
}

Op<CreatedTopics> Admin::create_topics(std::vector<NewTopic> topics, Mode mode, Wait wait) {
  return client::start<CreatedTopics>(core_, wait, client::create_topics, std::move(topics),
                                      mode == Mode::validate_only);
}

}  // namespace odradek::kafka
