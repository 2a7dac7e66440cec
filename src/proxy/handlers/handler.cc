#include "proxy/handlers/handler.h"

#include "proto/api_table.h"

namespace odradek::proxy {

void count_error(Session& session, proto::ApiKey key, int16_t code) {
  if (code != 0) ++session.context.stats.errors[{key, code}];
}

void respond_raw(rpc::Request& request, const rpc::RawResponse& response) {
  wire::Writer writer(16);
  writer.i32(request.correlation_id);
  if (proto::response_header_version(request.api_key, request.version) >= 1) writer.uvarint(0);
  writer.append(response.frame.share(response.body));
  request.responder.send(writer.take());
}

io::Task<Result<rpc::RawResponse>> forward_raw(Upstream::Connection connection,
                                               const rpc::Request& request,
                                               MonotonicTime deadline) {
  SliceChain body(request.frame.share(request.body));
  co_return co_await connection->call_raw(request.api_key, request.version, std::move(body),
                                          deadline);
}

}  // namespace odradek::proxy
