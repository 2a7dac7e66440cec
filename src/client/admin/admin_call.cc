#include "client/admin/admin_call.h"

#include <fmt/format.h>

#include "client/error_map.h"

namespace odradek::client {

io::Task<Result<void>> pause_admin(cluster::Cluster& cluster, MonotonicTime deadline, Error why,
                                   bool is_transient) {
  constexpr Duration kPause = std::chrono::milliseconds(100);
  io::Loop& loop = cluster.loop();
  if (!is_transient || loop.now() + kPause >= deadline) co_return why;
  cluster.expire_metadata();
  co_return co_await io::sleep(loop, kPause);
}

kafka::Outcome to_outcome(std::string_view name, int16_t code, std::string_view server_message,
                          std::string_view attempted) {
  kafka::Outcome outcome{.name = std::string(name), .result = {}};
  const proto::ErrorCode error = proto::error_code(code);
  if (error == proto::ErrorCode::kNone) return outcome;
  outcome.result =
      to_public(proto::to_error(error, fmt::format("{} {}", attempted, name), server_message));
  return outcome;
}

int32_t milliseconds_left(cluster::Cluster& cluster, MonotonicTime deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - cluster.loop().now());
  return static_cast<int32_t>(std::clamp<int64_t>(left.count(), 1, INT32_MAX));
}

}  // namespace odradek::client
