#include "broker/pending_fetch.h"

#include <algorithm>

#include "base/arena.h"
#include "broker/handlers/reply.h"
#include "broker/node.h"
#include "proto/messages/fetch_response.h"
#include "rpc/message.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Response = proto::FetchResponse;

constexpr uint8_t kNothing = 0;

// Null would be read as a size of -1 by some clients: no records are an empty field.
wire::Records records_of(const FetchRead& read, const FetchedPartition& fetched) {
  if (fetched.slices == 0) return {Bytes(&kNothing, 0), {}};
  return {{}, std::span(read.slices).subspan(fetched.first_slice, fetched.slices)};
}

std::span<Response::AbortedTransaction> aborted_of(const FetchedPartition& fetched, Arena& arena) {
  if (fetched.aborted.empty()) return proto::empty_array<Response::AbortedTransaction>();
  auto told = arena.array<Response::AbortedTransaction>(fetched.aborted.size());
  for (size_t i = 0; i < told.size(); ++i) {
    told[i].producer_id = fetched.aborted[i].producer_id;
    told[i].first_offset = fetched.aborted[i].first_offset;
  }
  return told;
}

Response::PartitionData partition_data(const Node& node, const FetchRead& read,
                                       const FetchedPartition& fetched, const FetchLimits& limits,
                                       Arena& arena) {
  Response::PartitionData data;
  data.partition_index = fetched.asked->partition;
  data.error_code = proto::to_number(fetched.error);
  data.high_watermark = fetched.high_watermark;
  data.last_stable_offset = fetched.last_stable_offset;
  data.log_start_offset = fetched.log_start;
  const bool known = fetched.partition != nullptr;
  const bool with_aborted = !known || (limits.read_committed && fetched.error == ErrorCode::kNone);
  data.aborted_transactions = {};
  if (with_aborted) data.aborted_transactions = aborted_of(fetched, arena);
  if (fetched.error == ErrorCode::kFencedLeaderEpoch) {
    data.current_leader.leader_id = node.id();
    data.current_leader.leader_epoch = fetched.partition->log.leader_epoch();
  }
  if (fetched.diverging) {
    data.diverging_epoch.epoch = fetched.diverging->epoch;
    data.diverging_epoch.end_offset = fetched.diverging->end_offset;
  }
  data.records = records_of(read, fetched);
  return data;
}

// Does the client of a session learn something? Remembers what it is told.
bool has_news(const FetchedPartition& fetched) {
  FetchPartition& told = *fetched.asked;
  bool news = fetched.bytes > 0 || fetched.diverging;
  if (told.told_high_watermark != fetched.high_watermark) {
    told.told_high_watermark = fetched.high_watermark;
    news = true;
  }
  if (told.told_log_start != fetched.log_start) {
    told.told_log_start = fetched.log_start;
    news = true;
  }
  if (fetched.error != ErrorCode::kNone) {
    told.told_high_watermark = -1;  // so that the end of the error is news too
    news = true;
  }
  return news;
}

}  // namespace

PendingFetch::PendingFetch(Node& node, rpc::Request request, Options options)
    : node_(node),
      request_(std::move(request)),
      options_(std::move(options)),
      begun_(node.loop().now()) {
  if (options_.session) session_epoch_ = options_.session->next_epoch();
}

PendingFetch::~PendingFetch() {
  if (timer_ != 0) node_.loop().cancel(timer_);
}

FetchSession::Partitions& PendingFetch::partitions() {
  return options_.session ? options_.session->partitions() : options_.partitions;
}

bool PendingFetch::is_enough(const FetchRead& read) const {
  return options_.wait_max <= Duration::zero() || !read.any_known || read.read_failed ||
         read.bytes >= options_.limits.bytes_min;
}

void PendingFetch::start(std::unique_ptr<PendingFetch> fetch) {
  FetchRead read = read_partitions(fetch->node_, fetch->partitions(), fetch->options_.limits);
  if (fetch->is_enough(read)) {
    fetch->answer(read);
    return;
  }
  Node& node = fetch->node_;
  const uint64_t connection = fetch->connection_id();
  // Whole milliseconds, so that the many fetches of idle consumers end in few wake-ups.
  const MonotonicTime due_at =
      std::chrono::ceil<std::chrono::milliseconds>(fetch->begun_ + fetch->options_.wait_max);
  fetch->timer_ = node.loop().call_at(due_at, [&node, connection] {
    const std::unique_ptr<PendingFetch> due = node.fetches().take(connection);
    if (due == nullptr) return;
    due->timer_ = 0;
    due->complete();
  });
  fetch->wait(read);
  node.fetches().keep(connection, std::move(fetch));
}

void PendingFetch::wait(const FetchRead& read) {
  waited_ = true;
  leave();
  set_missing_bytes(static_cast<int64_t>(options_.limits.bytes_min - read.bytes));
  for (const FetchedPartition& fetched : read.partitions) {
    // The list is the partition's only part that a reader changes.
    if (fetched.partition != nullptr) watch(const_cast<Partition*>(fetched.partition)->waiters);
  }
}

bool PendingFetch::try_complete() {
  leave();
  if (options_.session && options_.session->next_epoch() != session_epoch_) {
    complete();
    return true;
  }
  FetchRead read = read_partitions(node_, partitions(), options_.limits);
  if (!is_enough(read)) {
    wait(read);
    return false;
  }
  answer(read);
  return true;
}

void PendingFetch::complete() {
  leave();
  FetchRead read;
  if (!options_.session || options_.session->next_epoch() == session_epoch_) {
    read = read_partitions(node_, partitions(), options_.limits);
  }
  answer(read);
}

// What the quotas say to an answer of so many bytes. Above any of them it will have none.
Duration PendingFetch::throttle_for(size_t bytes) {
  Quotas& quotas = node_.security().quotas();
  const MonotonicTime now = node_.loop().now();
  const double percent = request_percent(waited_ ? Duration(0) : now - begun_);
  const Duration throttle = std::max(
      quotas.record(QuotaKey::kConsumerByteRate, request_, static_cast<double>(bytes), now),
      quotas.record(QuotaKey::kRequestPercentage, request_, percent, now));
  if (throttle > Duration(0)) {
    quotas.unrecord(QuotaKey::kConsumerByteRate, request_, static_cast<double>(bytes), now);
  }
  return throttle;
}

// A client above its quotas gets nothing now, and is to come again later; its session goes on.
void PendingFetch::answer_throttled(Duration throttle) {
  Response response;
  response.throttle_time_ms = throttle_ms(throttle);
  if (options_.session && options_.incremental) response.session_id = options_.session->id();
  if (options_.session && !options_.incremental) node_.sessions().remove(options_.session->id());
  response.responses = proto::empty_array<Response::FetchableTopicResponse>();
  response.node_endpoints = proto::empty_array<Response::NodeEndpoint>();
  send_reply(request_, response, throttle);
}

void PendingFetch::answer(FetchRead& read) {
  const Duration throttle = throttle_for(read.bytes);
  if (throttle > Duration(0)) return answer_throttled(throttle);
  Response response;
  if (options_.session) {
    response.session_id = options_.session->id();
    if (options_.session->next_epoch() != session_epoch_) {
      response.error_code = proto::to_number(ErrorCode::kInvalidFetchSessionEpoch);
      response.session_id = 0;
      response.responses = proto::empty_array<Response::FetchableTopicResponse>();
      return rpc::respond(request_, response);
    }
  }
  std::vector<Response::PartitionData> data;
  std::vector<Response::FetchableTopicResponse> topics;
  std::vector<size_t> begins;  // of each topic, in data
  data.reserve(read.partitions.size());
  Arena arena;
  bool fenced = false;
  for (const FetchedPartition& fetched : read.partitions) {
    const bool news = options_.session == nullptr || has_news(fetched);
    if (!news && options_.incremental) continue;
    const FetchPartition& asked = *fetched.asked;
    if (topics.empty() || topics.back().topic != asked.topic ||
        topics.back().topic_id != asked.topic_id) {
      auto& topic = topics.emplace_back();
      topic.topic = asked.topic;
      topic.topic_id = asked.topic_id;
      begins.push_back(data.size());
    }
    data.push_back(partition_data(node_, read, fetched, options_.limits, arena));
    fenced = fenced || fetched.error == ErrorCode::kFencedLeaderEpoch;
  }
  begins.push_back(data.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    topics[i].partitions = std::span(data).subspan(begins[i], begins[i + 1] - begins[i]);
  }
  response.responses = proto::array_of(topics);

  Response::NodeEndpoint endpoint;
  io::HostPort address;
  response.node_endpoints = proto::empty_array<Response::NodeEndpoint>();
  if (fenced && request_.version >= 16) {
    address = node_.addresses().for_client(*request_.connection);
    endpoint.node_id = node_.id();
    endpoint.host = address.host;
    endpoint.port = address.port;
    response.node_endpoints = {&endpoint, 1};
  }
  if (options_.session) {
    // Before the answer: with it this connection's next request may change the session.
    for (const FetchedPartition& fetched : read.partitions) {
      if (fetched.bytes > 0) options_.session->move_to_end(fetched.asked);
    }
  }
  rpc::respond(request_, response);
}

}  // namespace odradek::broker
