#include "backup/restore/target.h"

#include <fmt/format.h>

#include "proto/error_code.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"

namespace odradek::backup {
namespace {

// Topics are named, not identified by id, up to here.
constexpr int16_t kOffsetCommitByNameVersion = 9;
constexpr Duration kRetryPause = std::chrono::milliseconds(100);

Error answered(int16_t code, const std::string& context, std::string_view words) {
  return proto::to_error(proto::error_code(code), context, words);
}

bool means_members(int16_t code) {
  switch (proto::error_code(code)) {
    case proto::ErrorCode::kUnknownMemberId:
    case proto::ErrorCode::kIllegalGeneration:
    case proto::ErrorCode::kRebalanceInProgress: return true;
    default: return false;
  }
}

}  // namespace

io::Task<Result<ProducerIdentity>> Target::init_producer() {
  const MonotonicTime deadline = cluster_->request_deadline();
  while (true) {
    ODK_CO_TRY(cluster::Cluster::Connection connection,
               co_await cluster_->any_connection(deadline));
    proto::InitProducerIdRequest request;
    request.transactional_id = {};
    ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
    const proto::ErrorCode code = proto::error_code(answer->error_code);
    if (code == proto::ErrorCode::kNone) {
      co_return ProducerIdentity{answer->producer_id, answer->producer_epoch};
    }
    if (!proto::is_retriable(code) || cluster_->loop().now() >= deadline) {
      co_return proto::to_error(code, "init producer id");
    }
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
  }
}

io::Task<Result<void>> Target::commit_offsets(std::string group, std::vector<GroupOffset> offsets) {
  using Request = proto::OffsetCommitRequest;
  const MonotonicTime deadline = cluster_->request_deadline();
  std::map<std::string_view, std::vector<Request::OffsetCommitRequestPartition>> by_topic;
  for (const GroupOffset& offset : offsets) {
    by_topic[offset.topic].push_back({.partition_index = offset.partition,
                                      .committed_offset = offset.offset,
                                      .committed_metadata = offset.metadata});
  }
  std::vector<Request::OffsetCommitRequestTopic> topics;
  topics.reserve(by_topic.size());
  for (auto& [name, partitions] : by_topic) {
    topics.push_back({.name = name, .partitions = partitions});
  }
  Request request;
  request.group_id = group;
  request.member_id = "";
  request.group_instance_id = {};
  request.topics = proto::array_of(topics);
  while (true) {
    ODK_CO_TRY(cluster::Cluster::Connection coordinator,
               co_await cluster_->coordinator(cluster::CoordinatorType::kGroup, group,
                                              cluster::kGeneralLane, deadline));
    ODK_CO_TRY(auto answer,
               co_await cluster_->call(coordinator, request, deadline, kOffsetCommitByNameVersion));
    int16_t failed = 0;
    for (const auto& topic : answer->topics) {
      for (const auto& partition : topic.partitions) {
        if (partition.error_code != 0) failed = partition.error_code;
      }
    }
    if (failed == 0) co_return Result<void>{};
    const Error error = answered(failed, "commit offsets of group " + group, {});
    if (means_members(failed)) {
      co_return Error(Errc::kPrecondition, fmt::format("group {} has members: stop them first ({})",
                                                       group, error.message()));
    }
    if (!proto::is_retriable(proto::error_code(failed)) || cluster_->loop().now() >= deadline) {
      co_return error;
    }
    cluster_->forget_coordinator(cluster::CoordinatorType::kGroup, group);
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
  }
}

}  // namespace odradek::backup
