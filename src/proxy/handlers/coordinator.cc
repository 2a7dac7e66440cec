#include "proxy/handlers/coordinator.h"

#include <algorithm>

namespace odradek::proxy {

io::Task<Result<Upstream::Connection>> coordinator_of(Session& session, std::string key,
                                                      MonotonicTime deadline,
                                                      CoordinatorType type) {
  const MonotonicTime search_until =
      std::min(deadline, session.context.loop.now() + kCoordinatorSearchMax);
  const Result<int32_t> broker =
      co_await session.context.cluster.coordinator_id(type, key, search_until);
  if (!broker) co_return broker.error();
  // A group's member may wait long at its coordinator; transactions do not wait behind it.
  const Purpose purpose =
      type == CoordinatorType::kGroup ? Purpose::coordinator() : Purpose::transaction();
  Result<Upstream::Connection> connected =
      co_await session.upstream.connection(*broker, purpose, deadline);
  if (!connected) forget_coordinator(session, key, type);
  co_return connected;
}

void forget_coordinator(Session& session, std::string_view key, CoordinatorType type) {
  session.context.cluster.forget_coordinator(type, key);
}

}  // namespace odradek::proxy
