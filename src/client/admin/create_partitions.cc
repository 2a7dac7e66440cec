// Admin::create_partitions.
#include "client/admin/ask.h"
#include "client/admin/start.h"
#include "proto/messages/create_partitions_request.h"
#include "proto/messages/create_partitions_response.h"

namespace odradek::client {
namespace {

struct CreatePartitions {
  using Request = proto::CreatePartitionsRequest;
  using Key = std::string;
  using Value = void;
  static constexpr std::string_view kDoing = "create partitions";

  std::map<std::string, kafka::NewPartitions> topics;
  bool validate_only = false;
  int32_t timeout_ms = 0;
  std::vector<Request::CreatePartitionsTopic> items{};
  std::vector<std::vector<Request::CreatePartitionsAssignment>> assignments{};

  Request request(const std::vector<Key>& names) {
    items.resize(names.size());
    assignments.resize(names.size());
    for (size_t i = 0; i < names.size(); ++i) {
      kafka::NewPartitions& topic = topics.at(names[i]);
      for (std::vector<int32_t>& brokers : topic.replicas) {
        assignments[i].emplace_back().broker_ids = proto::array_of(brokers);
      }
      items[i].name = topic.topic;
      items[i].count = topic.total;
      items[i].assignments = {};  // null: the cluster places them
      if (!topic.replicas.empty()) items[i].assignments = proto::array_of(assignments[i]);
    }
    Request request;
    request.topics = proto::array_of(items);
    request.timeout_ms = timeout_ms;
    request.validate_only = validate_only;
    return request;
  }

  static Result<void> read(const proto::CreatePartitionsResponse& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies) {
    for (const auto& topic : response.results) {
      const std::string name(topic.name);
      replies.settle(name, topic.error_code, topic.error_message);
    }
    return {};
  }
};

io::Task<Result<std::vector<kafka::Outcome>>> create_partitions(
    Cluster& cluster, std::vector<kafka::NewPartitions> topics, bool validate_only,
    MonotonicTime deadline) {
  CreatePartitions api{.topics = {},
                       .validate_only = validate_only,
                       .timeout_ms = milliseconds_left(cluster, deadline)};
  std::vector<std::string> names;
  for (kafka::NewPartitions& topic : topics) {
    names.push_back(topic.topic);
    api.topics.try_emplace(topic.topic, std::move(topic));
  }
  ODK_CO_TRY_VOID(refuse_doubles(names, CreatePartitions::kDoing));
  auto items =
      co_await ask_items(cluster, Route::kController, std::move(api), std::move(names), deadline);
  cluster.expire_metadata();
  co_return items;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<Outcome>> Admin::create_partitions(std::vector<NewPartitions> topics, Wait wait) {
  return create_partitions(std::move(topics), Mode::apply, wait);
}

Op<std::vector<Outcome>> Admin::create_partitions(std::vector<NewPartitions> topics, Mode mode,
                                                  Wait wait) {
  return client::start<std::vector<Outcome>>(core_, wait, client::create_partitions,
                                             std::move(topics), mode == Mode::validate_only);
}

}  // namespace odradek::kafka
