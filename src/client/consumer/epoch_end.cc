#include "client/consumer/epoch_end.h"

#include "client/grouped.h"
#include "proto/messages/offset_for_leader_epoch_request.h"
#include "proto/messages/offset_for_leader_epoch_response.h"

namespace odradek::client {
namespace {

using Request = proto::OffsetForLeaderEpochRequest;

constexpr int16_t kFirstForConsumers = 3;
constexpr int32_t kConsumer = -1;  // instead of a replica's id

}  // namespace

io::Task<Result<std::vector<EpochEnd>>> epoch_ends(cluster::Cluster& cluster, int32_t broker_id,
                                                   std::vector<EpochQuery> queries,
                                                   MonotonicTime deadline) {
  auto connected = co_await cluster.connection(broker_id, cluster::kGeneralLane, deadline);
  if (!connected) co_return connected.error();
  const cluster::Cluster::Connection connection = *std::move(connected);
  ODK_CO_TRY(const int16_t version, connection->version_for(Request::kApiKey));
  if (version < kFirstForConsumers) co_return Error(Errc::kUnsupported, "OffsetForLeaderEpoch");
  Grouped<Request::OffsetForLeaderPartition> grouped;
  for (const EpochQuery& query : queries) {
    auto& partition = grouped.add(query.partition.topic);
    partition.partition = query.partition.partition;
    partition.current_leader_epoch = query.current_leader_epoch;
    partition.leader_epoch = query.leader_epoch;
  }
  auto topics = grouped.topics<Request::OffsetForLeaderTopic>();
  Request request;
  request.replica_id = kConsumer;
  request.topics = proto::array_of(topics);
  auto response = co_await connection->call(request, version, deadline);
  if (!response) co_return response.error();

  std::vector<EpochEnd> ends;
  for (const auto& topic : response->message.topics) {
    for (const auto& partition : topic.partitions) {
      ends.push_back({.partition = {std::string(topic.topic), partition.partition},
                      .leader_epoch = partition.leader_epoch,
                      .end_offset = partition.end_offset,
                      .error = proto::error_code(partition.error_code)});
    }
  }
  co_return ends;
}

}  // namespace odradek::client
