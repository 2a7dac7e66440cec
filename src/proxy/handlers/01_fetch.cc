#include "proxy/handlers/01_fetch.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "proto/array_of.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "proxy/fetch_assembly.h"
#include "proxy/tail/tail_readers.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::FetchRequest;
using proto::FetchResponse;
using PartitionData = FetchResponse::PartitionData;
using std::chrono::milliseconds;

// A broker answers when its wait is over and some; after that the client is answered without it.
constexpr Duration kAnswerSlack = std::chrono::seconds(1);

std::vector<TopicRef> refs_of(const FetchRequest& request) {
  std::vector<TopicRef> refs;
  for (const auto& topic : request.topics)
    refs.push_back({std::string(topic.topic), topic.topic_id});
  return refs;
}

// One client Fetch under way.
struct Fetching {
  Session& session;
  const FetchRequest& request;
  int16_t version;
  FetchAssembly& assembly;
  MonotonicTime deadline;  // of the client's max_wait_ms
  std::set<size_t> at_tails{};  // parts whose new data a shared reader will tell of

  MonotonicTime now() const { return session.context.loop.now(); }
};

TailKeyView tail_key(const Fetching& fetching, const FetchAssembly::Place& place) {
  return {.topic = place.topic->name,
          .partition = place.partition.value(),
          .isolation_level = fetching.request.isolation_level,
          .topic_id = place.topic->id};
}

// A read of this client's own tells the shared reader how far the log reaches.
void tell_tail(Fetching& fetching, const FetchAssembly::Read& read) {
  const FetchAssembly::Place place = fetching.assembly.place_of(read);
  if (!place.is_mapped || place.end < 0) return;
  const auto tail = fetching.session.context.tails.find(tail_key(fetching, place), place.leader);
  if (tail != nullptr) tail->saw_end(place.end);
}

void apply(Fetching& fetching, FetchLanes::Answer& answer) {
  FetchAssembly& assembly = fetching.assembly;
  const auto find = [&](std::string_view topic, const Uuid& id, int32_t partition) {
    const FetchKey* key = answer.ask.find(topic, id, partition);
    std::optional<FetchAssembly::Read> read;
    const std::optional<size_t> part = assembly.find_part(topic, id, partition);
    if (part && key != nullptr) read = {*part, Offset(key->offset)};
    return read;
  };
  const size_t untried_before = assembly.untried();
  const int16_t failed = answer.response ? answer.response->message.error_code : int16_t{0};
  if (!answer.response || failed != 0) {
    if (!answer.is_current) return;
    const ErrorCode code =
        answer.response ? proto::error_code(failed) : ErrorCode::kNotLeaderOrFollower;
    for (const FetchKey& key : answer.ask.keys) {
      const auto read = find(key.topic, key.topic_id, key.partition);
      if (read) assembly.fail(*read, code);
    }
    return;
  }
  assembly.add_throttle(answer.response->message.throttle_time_ms);
  for (const auto& topic : answer.response->message.responses) {
    for (const auto& data : topic.partitions) {
      if (data.error_code != 0 && !answer.is_current) continue;
      const auto read = find(topic.topic, topic.topic_id, data.partition_index);
      if (!read) continue;
      assembly.apply(*read, data, answer.response->frame);
      tell_tail(fetching, *read);
    }
  }
  const bool is_useless = assembly.untried() == untried_before;
  if (answer.ask.ahead && is_useless) fetching.session.fetch_lanes.note_wasted();
  assembly.keep(answer.response->frame.size());
}

PartitionData shared_data(const Tail& tail) {
  PartitionData data;
  data.partition_index = tail.key().partition;
  data.high_watermark = std::max(tail.high_watermark, tail.seen_end());
  data.last_stable_offset = tail.last_stable_offset;
  if (tail.key().isolation_level != 0) {
    data.last_stable_offset = std::max(data.last_stable_offset, tail.seen_end());
  }
  data.log_start_offset = tail.log_start_offset;
  return data;
}

// Gives a read what a shared reader has. True when that was data: then there may be more.
bool serve_from_tail(Fetching& fetching, const FetchAssembly::Read& read) {
  const FetchAssembly::Place place = fetching.assembly.place_of(read);
  if (!place.is_mapped) return false;
  TailReaders& tails = fetching.session.context.tails;
  const TailKeyView key = tail_key(fetching, place);
  const std::shared_ptr<Tail> tail = tails.find(key, place.leader);
  if (tail == nullptr) {
    const bool is_at_end = place.end >= 0 && read.offset.value() >= place.end;
    if (is_at_end) tails.want(key, place.leader, read.offset.value());
    return false;
  }
  if (!tail->leads_to(read.offset.value())) return false;
  PartitionData data = shared_data(*tail);
  if (read.offset.value() >= tail->ring().end()) {
    const bool is_new = fetching.at_tails.insert(read.part).second;
    if (is_new) {
      fetching.assembly.apply(read, data, Slice(), FetchAssembly::Origin::kShared);
    }
    const FetchLanes& lanes = fetching.session.fetch_lanes;
    tail->when_changed(fetching.session.id, {lanes.lifetime(), lanes.waker()});
    return false;
  }
  const TailRing::Chunk& chunk = tail->ring().at(read.offset.value());
  auto aborted = TailRing::aborted_from(chunk, read.offset.value());
  data.records.bytes = chunk.records.bytes();
  if (fetching.request.isolation_level != 0) data.aborted_transactions = proto::array_of(aborted);
  fetching.assembly.apply(read, data, chunk.records, FetchAssembly::Origin::kShared);
  fetching.assembly.keep(read, chunk.records.size());
  ++fetching.session.context.stats.cache_hits;
  return true;
}

// Until shared readers have nothing more for this Fetch.
void serve_from_tails(Fetching& fetching) {
  FetchAssembly& assembly = fetching.assembly;
  std::map<size_t, Offset> served;
  bool has_more = true;
  while (has_more && !assembly.is_complete()) {
    has_more = false;
    fetching.at_tails.clear();
    for (const int32_t broker : assembly.leaders()) {
      for (const FetchAssembly::Read& read : assembly.wanted(broker)) {
        const auto before = served.find(read.part);
        if (before != served.end() && before->second == read.offset) continue;
        if (!serve_from_tail(fetching, read)) continue;
        served.insert_or_assign(read.part, read.offset);
        has_more = true;
      }
    }
  }
}

FetchLanes::Ask ask_of(const FetchRequest& upstream, int32_t broker, int16_t version) {
  FetchLanes::Ask ask = {.broker = broker,
                         .version = version,
                         .isolation_level = upstream.isolation_level,
                         .keys = {},
                         .may_wait = upstream.max_wait_ms > 0};
  for (const auto& topic : upstream.topics) {
    for (const auto& partition : topic.partitions) {
      ask.keys.push_back({.topic = std::string(topic.topic),
                          .topic_id = topic.topic_id,
                          .partition = partition.partition,
                          .offset = partition.fetch_offset});
    }
  }
  std::ranges::sort(ask.keys);
  return ask;
}

// What the answer may hold.
int64_t bytes_asked(const FetchRequest& upstream) {
  int64_t bytes = 0;
  for (const auto& topic : upstream.topics) {
    for (const auto& partition : topic.partitions) bytes += partition.partition_max_bytes;
  }
  return std::min<int64_t>(bytes, upstream.max_bytes);
}

// Asks the broker for what is wanted of it, unless a request under way will tell.
io::Task<Result<void>> ask_broker(Fetching& fetching, int32_t broker) {
  FetchAssembly& assembly = fetching.assembly;
  FetchLanes& lanes = fetching.session.fetch_lanes;
  std::vector<FetchAssembly::Read> reads = assembly.wanted(broker);
  std::erase_if(reads, [&](const auto& read) { return fetching.at_tails.contains(read.part); });
  if (reads.empty()) co_return Result<void>{};
  const MonotonicTime now = fetching.now();
  const auto left = std::chrono::duration_cast<milliseconds>(fetching.deadline - now);
  const int64_t wait_ms = assembly.must_hurry(broker) ? 0 : std::max<int64_t>(left.count(), 0);
  Arena arena;
  const FetchRequest upstream = assembly.request_of(reads, static_cast<int32_t>(wait_ms), arena);
  FetchLanes::Ask ask = ask_of(upstream, broker, fetching.version);
  if (lanes.is_busy(broker)) {
    if (assembly.has_enough() || lanes.covers(ask)) co_return Result<void>{};
    lanes.abandon(broker);
  }
  wire::Writer writer(512);
  encode(writer, fetching.version, upstream);
  ODK_CO_TRY(SliceChain body, writer.finish());
  const MonotonicTime answer_by =
      fetching.session.context.request_deadline() + milliseconds(wait_ms);
  const Result<void> sent = co_await lanes.send(std::move(ask), std::move(body), answer_by);
  if (sent) co_return Result<void>{};
  if (fetching.session.is_closed) co_return sent.error();
  for (const auto& read : reads) assembly.fail(read, ErrorCode::kNotLeaderOrFollower);
  co_return Result<void>{};
}

io::Task<Result<void>> read_until_enough(Fetching& fetching) {
  FetchAssembly& assembly = fetching.assembly;
  FetchLanes& lanes = fetching.session.fetch_lanes;
  lanes.begin();
  for (bool is_first = true;; is_first = false) {
    while (const auto answer = lanes.take()) apply(fetching, *answer);
    serve_from_tails(fetching);
    if (assembly.is_complete()) co_return Result<void>{};
    // Readers that stand apart get their first read even when the time is over.
    const Duration grace = assembly.all_tried() ? Duration(0) : kAnswerSlack;
    if (!is_first && fetching.now() >= fetching.deadline + grace) co_return Result<void>{};
    for (const int32_t broker : assembly.leaders()) {
      const Result<void> asked = co_await ask_broker(fetching, broker);
      if (!asked) co_return asked.error();
    }
    const bool is_at_tail = !fetching.at_tails.empty();
    if (assembly.is_complete()) co_return Result<void>{};
    if (!lanes.expects_any() && !is_at_tail) co_return Result<void>{};
    if (assembly.has_enough() && !lanes.expects_soon()) co_return Result<void>{};
    MonotonicTime until = std::max(fetching.deadline, fetching.now());
    if (lanes.expects_any()) until += kAnswerSlack;
    const Result<void> woken = co_await lanes.wait(until);
    if (!woken && woken.error().code() == Errc::kTimedOut) co_return Result<void>{};
    if (!woken) co_return woken.error();
  }
}

// While the client takes its answer, brokers are asked for what it will ask next.
void read_ahead(Fetching& fetching) {
  const FetchAssembly& assembly = fetching.assembly;
  Session& session = fetching.session;
  for (const int32_t broker : assembly.leaders()) {
    if (!session.fetch_lanes.may_read_ahead(broker)) continue;
    const std::vector<FetchAssembly::Read> reads = assembly.reads_ahead(broker);
    if (reads.empty()) continue;
    Arena arena;
    const FetchRequest upstream = assembly.request_of(reads, 0, arena);
    FetchLanes::Ask ask = ask_of(upstream, broker, fetching.version);
    ask.ahead = session.context.read_ahead.take(bytes_asked(upstream));
    if (!ask.ahead) return;
    wire::Writer writer(512);
    encode(writer, fetching.version, upstream);
    Result<SliceChain> body = writer.finish();
    if (!body) return;  // a request this long is the client's own to make
    session.fetch_lanes.send_ahead(std::move(ask), *std::move(body),
                                   session.context.request_deadline());
  }
}

void count(Session& session, const FetchAssembly& assembly, const FetchResponse& response) {
  ProxyStats& stats = session.context.stats;
  stats.fetch_scanned_bytes += static_cast<uint64_t>(assembly.stats().scanned_bytes);
  stats.fetch_matched_bytes += static_cast<uint64_t>(assembly.stats().taken_bytes);
  stats.mark_errors += static_cast<uint64_t>(assembly.stats().mark_errors);
  stats.fillers += static_cast<uint64_t>(assembly.stats().fillers);
  for (const auto& topic : response.responses) {
    stats.remapping_operations += topic.partitions.size();
    for (const auto& data : topic.partitions) {
      count_error(session, proto::ApiKey::kFetch, data.error_code);
    }
  }
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<FetchRequest>(request));
  const FetchRequest& message = decoded.message;
  if (message.session_id != 0) {
    FetchResponse refusal;
    refusal.error_code = proto::to_number(ErrorCode::kFetchSessionIdNotFound);
    refusal.responses = proto::empty_array<FetchResponse::FetchableTopicResponse>();
    rpc::respond(request, refusal);
    co_return Result<void>{};
  }
  const MonotonicTime deadline =
      session.context.loop.now() + milliseconds(std::max(message.max_wait_ms, 0));
  const ResolvedTopics topics =
      co_await session.resolve(Operation::kRead, refs_of(message), ErrorCode::kNotLeaderOrFollower,
                               session.context.request_deadline());
  FetchAssembly assembly(message, topics.topics);
  Fetching fetching{session, message, request.version, assembly, deadline};
  const Result<void> read = co_await read_until_enough(fetching);
  if (!read) co_return read.error();
  if (assembly.has_moved_leader()) session.context.cluster.expire_metadata();
  read_ahead(fetching);
  Arena arena;
  const FetchResponse response = assembly.response(arena);
  count(session, assembly, response);
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler fetch_handler() {
  return {.key = proto::ApiKey::kFetch,
          .min_version = 4,
          .max_version = 18,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
