#include "proxy/handlers/produce_sending.h"

#include <utility>

#include "proto/messages/produce_request.h"
#include "proxy/gather.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::ProduceRequest;
using proto::ProduceResponse;

// A send with the connection it goes out on.
struct Departure {
  ProducePlan::Send send;
  Upstream::Connection connection;
};

// Finds the connections first, so that the sends leave together and in order.
io::Task<std::vector<Departure>> find_connections(ProduceSending& sending) {
  Session& session = sending.session;
  std::vector<Departure> departures;
  const auto lanes = static_cast<uint32_t>(session.context.options.produce_lanes);
  for (ProducePlan::Send& send : sending.plan.sends()) {
    const Purpose purpose = Purpose::produce(static_cast<uint32_t>(send.wave) % lanes);
    Result<Upstream::Connection> connected(Errc::kNotFound);
    if (send.broker >= 0) {
      connected = co_await session.upstream.connection(send.broker, purpose, sending.deadline);
    }
    if (connected) {
      departures.push_back({std::move(send), *std::move(connected)});
      continue;
    }
    // Nothing was sent: the client may look for the leader and try again.
    session.context.cluster.expire_metadata();
    sending.plan.fail(send, ErrorCode::kNotLeaderOrFollower);
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

io::Task<Result<void>> send_all(ProduceSending& sending, WhenLost when_lost) {
  const std::vector<Departure> departures = co_await find_connections(sending);
  Gather gather(sending.session.context.loop);
  for (const Departure& departure : departures) {
    ODK_CO_TRY(SliceChain body, encode_send(sending.plan, departure.send, sending.version));
    departure.connection->send(proto::ApiKey::kProduce, sending.version, std::move(body),
                               sending.deadline, gather.slot());
  }
  sending.session.produce_queue.departed();
  const Result<void> answered = co_await gather.wait();
  if (!answered) co_return answered.error();
  for (size_t i = 0; i < departures.size(); ++i) {
    Result<rpc::RawResponse>& raw = gather.answers()[i];
    if (!raw && when_lost == WhenLost::kRetry) {
      sending.session.context.cluster.expire_metadata();
      sending.plan.fail(departures[i].send, ErrorCode::kNotLeaderOrFollower);
      continue;
    }
    if (!raw) co_return raw.error().with_context("produce");
    ODK_CO_TRY(auto response, rpc::decode_body<ProduceResponse>(std::move(raw->frame), raw->body,
                                                                sending.version));
    sending.answers.push_back(std::move(response));
    sending.plan.apply(departures[i].send, sending.answers.back().message);
  }
  co_return Result<void>{};
}

}  // namespace

io::Task<Result<void>> send_produce(ProduceSending& sending, WhenLost when_lost) {
  const Result<void> sent = co_await send_all(sending, when_lost);
  if (!sent) co_return sent.error();
  // With others behind it under way the client has to put them in order again.
  if (!sending.plan.has_moved() || !sending.session.produce_queue.keep_alone()) {
    co_return Result<void>{};
  }
  sending.metadata.push_back(co_await sending.session.context.topics.resolve_anew(
      sending.refs, ErrorCode::kNotLeaderOrFollower, sending.deadline));
  if (!sending.plan.retry_moved(sending.metadata.back().topics)) co_return Result<void>{};
  co_return co_await send_all(sending, when_lost);
}

io::Task<Result<void>> send_produce_without_answers(ProduceSending& sending) {
  ProduceQueue& queue = sending.session.produce_queue;
  const std::vector<Departure> departures = co_await find_connections(sending);
  for (const Departure& departure : departures) {
    ODK_CO_TRY(SliceChain body, encode_send(sending.plan, departure.send, sending.version));
    const size_t bytes = body.size();
    const Result<void> sent = departure.connection->send_no_response(
        proto::ApiKey::kProduce, sending.version, std::move(body));
    if (!sent) co_return sent.error();
    queue.note_unanswered(bytes);
  }
  if (queue.has_too_much_unanswered()) {
    const Result<void> settled = co_await sending.session.upstream.settle(sending.deadline);
    if (!settled) co_return settled.error();
    queue.note_settled();
  }
  // Only a closed connection tells a producer without acks that something was not stored.
  if (sending.plan.has_errors()) co_return Error(Errc::kServer, "records refused, and acks=0");
  co_return Result<void>{};
}

}  // namespace odradek::proxy
