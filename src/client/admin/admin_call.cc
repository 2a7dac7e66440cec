#include "client/admin/admin_call.h"

#include "client/coordinator_errors.h"

namespace odradek::client {

bool is_worth_repeating(const Error& error) {
  using proto::ErrorCode;
  switch (error.code()) {
    case Errc::kNetwork:
    case Errc::kClosed:
    case Errc::kTimedOut: return true;
    case Errc::kServer: break;
    default: return false;
  }
  switch (proto::error_code(error.server_code())) {
    case ErrorCode::kNotController:
    case ErrorCode::kThrottlingQuotaExceeded:
    case ErrorCode::kCoordinatorLoadInProgress:
    case ErrorCode::kCoordinatorNotAvailable:
    case ErrorCode::kNotCoordinator:
    case ErrorCode::kConcurrentTransactions:
    case ErrorCode::kRebalanceInProgress: return true;
    default: return false;
  }
}

io::Task<Result<void>> pause_admin(cluster::Cluster& cluster, MonotonicTime deadline, Error why) {
  io::Loop& loop = cluster.loop();
  if (loop.now() + kRetryPause >= deadline) co_return why;
  co_return co_await io::sleep(loop, kRetryPause);
}

int32_t milliseconds_left(cluster::Cluster& cluster, MonotonicTime deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - cluster.loop().now());
  return static_cast<int32_t>(std::clamp<int64_t>(left.count(), 1, INT32_MAX));
}

}  // namespace odradek::client
