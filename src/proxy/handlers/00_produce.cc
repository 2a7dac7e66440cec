#include "proxy/handlers/00_produce.h"

#include <utility>
#include <vector>

#include "base/log.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"
#include "proxy/gather.h"
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

// A send with the connection it goes out on.
struct Departure {
  ProducePlan::Send send;
  Upstream::Connection connection;
};

// Finds the connections first, so that the sends leave together and in order.
io::Task<std::vector<Departure>> find_connections(Session& session, ProducePlan& plan,
                                                  MonotonicTime deadline) {
  std::vector<Departure> departures;
  const auto lanes = static_cast<uint32_t>(session.context.options.produce_lanes);
  for (ProducePlan::Send& send : plan.sends()) {
    const Purpose purpose = Purpose::produce(static_cast<uint32_t>(send.wave) % lanes);
    Result<Upstream::Connection> connected(Errc::kNotFound);
    if (send.broker >= 0) {
      connected = co_await session.upstream.connection(send.broker, purpose, deadline);
    }
    if (connected) {
      departures.push_back({std::move(send), *std::move(connected)});
      continue;
    }
    // Nothing was sent: the client may look for the leader and try again.
    session.context.cluster.expire_metadata();
    plan.fail(send, ErrorCode::kNotLeaderOrFollower);
  }
  co_return departures;
}

Result<SliceChain> encode_send(const ProducePlan& plan, const ProducePlan::Send& send,
                               int16_t version) {
  Arena arena;
  const ProduceRequest upstream = plan.request_of(send, arena);
  wire::Writer writer(512);
  encode(writer, version, upstream);
  return writer.finish();
}

// What the answers view must live until the response is written.
using Answers = std::vector<rpc::Decoded<ProduceResponse>>;

io::Task<Result<void>> send_all(Session& session, ProducePlan& plan, int16_t version,
                                MonotonicTime deadline, Answers& kept) {
  const std::vector<Departure> departures = co_await find_connections(session, plan, deadline);
  Gather gather(session.context.loop);
  for (const Departure& departure : departures) {
    ODK_CO_TRY(SliceChain body, encode_send(plan, departure.send, version));
    departure.connection->send(proto::ApiKey::kProduce, version, std::move(body), deadline,
                               gather.slot());
  }
  const Result<void> answered = co_await gather.wait();
  if (!answered) co_return answered.error();
  for (size_t i = 0; i < departures.size(); ++i) {
    Result<rpc::RawResponse>& raw = gather.answers()[i];
    // Stored or not, nobody knows: a lost connection says so to the client, which sends again
    // (and the broker drops the repetition of an idempotent batch).
    if (!raw) co_return raw.error().with_context("produce");
    ODK_CO_TRY(auto response,
               rpc::decode_body<ProduceResponse>(std::move(raw->frame), raw->body, version));
    kept.push_back(std::move(response));
    plan.apply(departures[i].send, kept.back().message);
  }
  co_return Result<void>{};
}

io::Task<Result<void>> send_without_answers(Session& session, ProducePlan& plan, int16_t version,
                                            MonotonicTime deadline) {
  const std::vector<Departure> departures = co_await find_connections(session, plan, deadline);
  for (const Departure& departure : departures) {
    ODK_CO_TRY(SliceChain body, encode_send(plan, departure.send, version));
    const Result<void> sent =
        departure.connection->send_no_response(proto::ApiKey::kProduce, version, std::move(body));
    if (!sent) co_return sent.error();
    session.produce_queue.note_unanswered();
  }
  // Only a closed connection tells a producer without acks that something was not stored.
  if (plan.has_errors()) co_return Error(Errc::kServer, "records refused, and acks=0");
  co_return Result<void>{};
}

void count(Session& session, const ProducePlan& plan, const ProduceResponse& response) {
  session.context.stats.remapping_operations += plan.remapped_batches();
  for (const auto& topic : response.responses) {
    for (const auto& partition : topic.partition_responses) {
      count_error(session, proto::ApiKey::kProduce, partition.error_code);
    }
  }
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<ProduceRequest>(request));
  const ProduceRequest& message = decoded.message;
  // Nobody waits for the outcome any more; the client sends again when it is back.
  if (session.is_closed && message.acks != 0) co_return Errc::kClosed;
  const MonotonicTime deadline = session.context.request_deadline() +
                                 std::chrono::milliseconds(std::max(message.timeout_ms, 0));
  ResolvedTopics topics = co_await session.context.topics.resolve(
      refs_of(message), ErrorCode::kNotLeaderOrFollower, deadline);
  ProducePlan plan(message, decoded.frame, topics.topics);
  if (message.acks == 0) {
    const Result<void> sent =
        co_await send_without_answers(session, plan, request.version, deadline);
    if (!sent) co_return sent.error();
    request.responder.send_nothing();
    co_return Result<void>{};
  }

  Answers kept;
  kept.reserve(64);
  Result<void> sent = co_await send_all(session, plan, request.version, deadline, kept);
  if (!sent) co_return sent.error();
  ResolvedTopics anew;
  if (plan.has_moved()) {
    anew = co_await session.context.topics.resolve_anew(refs_of(message),
                                                        ErrorCode::kNotLeaderOrFollower, deadline);
    if (plan.retry_moved(anew.topics)) {
      sent = co_await send_all(session, plan, request.version, deadline, kept);
      if (!sent) co_return sent.error();
    }
  }
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
