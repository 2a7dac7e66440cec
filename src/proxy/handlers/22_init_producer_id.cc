#include "proxy/handlers/22_init_producer_id.h"

#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::InitProducerIdRequest;
using proto::InitProducerIdResponse;

void refuse(Session& session, rpc::Request& request, ErrorCode code) {
  InitProducerIdResponse response;
  response.error_code = proto::to_number(code);
  count_error(session, request.api_key, response.error_code);
  rpc::respond(request, response);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<InitProducerIdRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  if (!is_null(decoded->transactional_id)) {
    co_return co_await pass_to_coordinator<InitProducerIdRequest>(
        session, request, std::string(decoded->transactional_id), deadline,
        CoordinatorType::kTransaction);
  }
  Result<cluster::Cluster::Connection> connected =
      co_await session.context.cluster.any_connection(deadline);
  Result<rpc::RawResponse> raw(Errc::kNotFound);
  if (connected) raw = co_await forward_raw(*connected, request, deadline);
  if (session.is_closed) co_return Errc::kClosed;
  if (raw) {
    respond_raw(request, *raw);
  } else {
    refuse(session, request, ErrorCode::kCoordinatorNotAvailable);
  }
  co_return Result<void>{};
}

}  // namespace

Handler init_producer_id_handler() {
  return {.key = proto::ApiKey::kInitProducerId,
          .min_version = 0,
          .max_version = 5,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
