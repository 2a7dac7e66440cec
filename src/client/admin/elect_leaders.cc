// Admin::elect_leaders and elect_all_leaders (KIP-460).
#include "client/admin/ask.h"
#include "client/admin/start.h"
#include "client/grouped.h"
#include "proto/messages/elect_leaders_request.h"
#include "proto/messages/elect_leaders_response.h"

namespace odradek::client {
namespace {

using Elected = std::vector<kafka::OfPartition<void>>;
using Response = proto::ElectLeadersResponse;

struct ElectLeaders {
  using Request = proto::ElectLeadersRequest;
  using Key = kafka::TopicPartition;
  using Value = void;
  static constexpr std::string_view kDoing = "elect leader";

  kafka::Election election = kafka::Election::preferred;
  int32_t timeout_ms = 0;
  Grouped<int32_t> grouped{};
  std::vector<Request::TopicPartitions> topics{};

  Request request(const std::vector<Key>& partitions) {
    for (const Key& id : partitions) grouped.add(id.topic) = id.partition;
    topics = grouped.topics<Request::TopicPartitions>();
    Request request;
    request.election_type = static_cast<int8_t>(election);
    request.topic_partitions = proto::array_of(topics);
    request.timeout_ms = timeout_ms;
    return request;
  }
  static Result<void> read(const Response& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies) {
    ODK_TRY_VOID(whole_answer(response, "elect leaders"));
    for (const auto& topic : response.replica_election_results) {
      for (const auto& partition : topic.partition_result) {
        const Key id{std::string(topic.topic), partition.partition_id};
        replies.settle(id, partition.error_code, partition.error_message);
      }
    }
    return {};
  }
};

io::Task<Result<Elected>> elect_leaders(Cluster& cluster, kafka::Election election,
                                        std::vector<kafka::TopicPartition> partitions,
                                        MonotonicTime deadline) {
  ElectLeaders api{.election = election, .timeout_ms = milliseconds_left(cluster, deadline)};
  auto items = co_await ask_items(cluster, Route::kController, std::move(api),
                                  std::move(partitions), deadline);
  cluster.expire_metadata();
  co_return items;
}

io::Task<Result<Elected>> elect_all_leaders(Cluster& cluster, kafka::Election election,
                                            MonotonicTime deadline) {
  proto::ElectLeadersRequest request;
  request.election_type = static_cast<int8_t>(election);
  request.topic_partitions = {};  // null: all
  request.timeout_ms = milliseconds_left(cluster, deadline);
  auto answer = co_await admin_call(cluster, kController, request, "elect leaders", deadline);
  if (!answer) co_return answer.error();
  std::vector<kafka::TopicPartition> keys;
  for (const auto& topic : answer->message.replica_election_results) {
    for (const auto& partition : topic.partition_result) {
      keys.push_back({std::string(topic.topic), partition.partition_id});
    }
  }
  Replies<kafka::TopicPartition, void> replies(keys, ElectLeaders::kDoing,
                                               rule_of(Route::kController));
  const Result<void> read = ElectLeaders::read(answer->message, keys, replies);
  if (!read) co_return read.error();
  cluster.expire_metadata();
  co_return std::move(replies).items();
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<OfPartition<void>>> Admin::elect_leaders(Election election,
                                                        std::vector<TopicPartition> partitions,
                                                        Wait wait) {
  return client::start<client::Elected>(core_, wait, client::elect_leaders, election,
                                        std::move(partitions));
}

Op<std::vector<OfPartition<void>>> Admin::elect_all_leaders(Election election, Wait wait) {
  return client::start<client::Elected>(core_, wait, client::elect_all_leaders, election);
}

}  // namespace odradek::kafka
