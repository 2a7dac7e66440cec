#include "cluster/coordinators.h"

#include <algorithm>

namespace odradek::cluster {

Result<CoordinatorAnswer> coordinator_answer(const proto::FindCoordinatorResponse& response,
                                             int16_t version, std::string_view key) {
  if (version < kFirstBatchedFindCoordinator) {
    return CoordinatorAnswer{.error = static_cast<proto::ErrorCode>(response.error_code),
                             .message = response.error_message,
                             .broker_id = response.node_id,
                             .host = response.host,
                             .port = response.port};
  }
  const auto found = std::ranges::find(response.coordinators, key,
                                       &proto::FindCoordinatorResponse::Coordinator::key);
  if (found == response.coordinators.end()) {
    return Error(Errc::kMalformed, "FindCoordinator answer without the key asked for");
  }
  return CoordinatorAnswer{.error = static_cast<proto::ErrorCode>(found->error_code),
                           .message = found->error_message,
                           .broker_id = found->node_id,
                           .host = found->host,
                           .port = found->port};
}

std::optional<int32_t> CoordinatorCache::find(CoordinatorType type, std::string_view key) const {
  const auto found = brokers_.find({type, std::string(key)});
  if (found == brokers_.end()) return std::nullopt;
  return found->second;
}

void CoordinatorCache::put(CoordinatorType type, std::string_view key, int32_t broker_id) {
  if (brokers_.size() >= kEntriesMax) brokers_.clear();
  brokers_[{type, std::string(key)}] = broker_id;
}

void CoordinatorCache::forget(CoordinatorType type, std::string_view key) {
  brokers_.erase({type, std::string(key)});
}

}  // namespace odradek::cluster
