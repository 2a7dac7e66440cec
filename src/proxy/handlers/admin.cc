#include "proxy/handlers/admin.h"

namespace odradek::proxy {

io::Task<Result<Upstream::Connection>> admin_connection(Session& session, MonotonicTime deadline) {
  const auto metadata = co_await session.context.cluster.metadata({}, deadline);
  if (!metadata) co_return metadata.error();
  int32_t broker = (*metadata)->controller_id;
  if (broker < 0 && !(*metadata)->brokers.empty()) broker = (*metadata)->brokers.front().id;
  co_return co_await session.upstream.connection(broker, Purpose::admin(), deadline);
}

}  // namespace odradek::proxy
