#include "proxy/handlers/00_produce.h"

#include <utility>
#include <vector>

#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"
#include "proxy/handlers/produce_sending.h"
#include "proxy/produce_plan.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::ProduceRequest;
using proto::ProduceResponse;

std::vector<TopicRef> refs_of(const ProduceRequest& request) {
  std::vector<TopicRef> refs;
  for (const auto& topic : request.topic_data) {
    refs.push_back({std::string(topic.name), topic.topic_id});
  }
  return refs;
}

void count(Session& session, const ProducePlan& plan, const ProduceResponse& response) {
  session.context.stats.remapping_operations += plan.remapped_batches();
  for (const auto& topic : response.responses) {
    for (const auto& partition : topic.partition_responses) {
      count_error(session, proto::ApiKey::kProduce, partition.error_code);
    }
  }
}

void refuse_transactional(ProducePlan& plan, ErrorCode code) {
  for (const size_t entry : plan.transactional_entries()) plan.refuse(entry, code);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<ProduceRequest>(request));
  const ProduceRequest& message = decoded.message;
  // Nobody waits for the outcome any more; the client sends again when it is back.
  if (session.is_closed && message.acks != 0) co_return Errc::kClosed;
  if (!is_null(message.transactional_id)) {
    // Each number depends on what became of the batch before.
    const Result<void> alone = co_await session.produce_queue.until_alone();
    if (!alone) co_return alone.error();
    session.produce_queue.keep_alone();
  }
  const MonotonicTime deadline = session.context.request_deadline() +
                                 std::chrono::milliseconds(std::max(message.timeout_ms, 0));
  ResolvedTopics topics = co_await session.resolve(Operation::kWrite, refs_of(message),
                                                   ErrorCode::kNotLeaderOrFollower, deadline);
  ProducePlan plan(message, decoded.frame, topics.topics);
  ProduceSending sending{session, plan, request.version, deadline, refs_of(message)};
  if (is_null(message.transactional_id)) {
    refuse_transactional(plan, ErrorCode::kTransactionalIdAuthorizationFailed);
  } else {
    plan.refuse_all(session.transaction_refusal(Operation::kWrite, message.transactional_id));
  }
  if (message.acks == 0) {
    // Their numbers depend on the answers.
    refuse_transactional(plan, ErrorCode::kInvalidRequiredAcks);
    const Result<void> sent = co_await send_produce_without_answers(sending);
    if (!sent) co_return sent.error();
    request.responder.send_nothing();
    co_return Result<void>{};
  }
  Result<void> sent = co_await send_produce(sending, WhenLost::kClose);
  if (!sent) co_return sent.error();
  sent = co_await send_transactional(sending);
  if (!sent) co_return sent.error();
  Arena arena;
  const ProduceResponse response = plan.response(arena);
  count(session, plan, response);
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler produce_handler() {
  return {.key = proto::ApiKey::kProduce,
          .min_version = 3,
          .max_version = 13,
          .needs_broker = true,
          .is_queued = true,
          .run = run};
}

}  // namespace odradek::proxy
