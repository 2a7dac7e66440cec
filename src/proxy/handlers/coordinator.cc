#include "proxy/handlers/coordinator.h"

#include <algorithm>

namespace odradek::proxy {

using cluster::CoordinatorType;

io::Task<Result<Upstream::Connection>> coordinator_of(Session& session, std::string group,
                                                      MonotonicTime deadline) {
  const MonotonicTime search_until =
      std::min(deadline, session.context.loop.now() + kCoordinatorSearchMax);
  const Result<int32_t> broker =
      co_await session.context.cluster.coordinator_id(CoordinatorType::kGroup, group, search_until);
  if (!broker) co_return broker.error();
  Result<Upstream::Connection> connected =
      co_await session.upstream.connection(*broker, Purpose::coordinator(), deadline);
  if (!connected) forget_coordinator(session, group);
  co_return connected;
}

void forget_coordinator(Session& session, std::string_view group) {
  session.context.cluster.forget_coordinator(CoordinatorType::kGroup, group);
}

}  // namespace odradek::proxy
