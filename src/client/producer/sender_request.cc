// The requests of a Sender and what becomes of their batches.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "client/client_thread.h"
#include "client/producer/sender.h"
#include "client/producer/split.h"

namespace odradek::client {
namespace {

constexpr int16_t kFirstWithTopicIds = 13;  // of Produce, KIP-516
constexpr int16_t kLastWithNames = kFirstWithTopicIds - 1;
constexpr int16_t kLastTransactionV1 = 11;  // later ones add the partition to the transaction

using TopicData = proto::ProduceRequest::TopicProduceData;
using PartitionData = proto::ProduceRequest::PartitionProduceData;

}  // namespace

void Sender::send_request(int32_t broker_id, BrokerState& broker, std::vector<Item> items) {
  const cluster::MetadataPtr metadata = cluster_->cached_metadata();
  const bool has_ids = std::ranges::all_of(items, [&metadata](const Item& item) {
    const auto* topic = metadata->topic(std::string_view(item.state->queue->topic->name));
    return topic != nullptr && !topic->id.is_zero();
  });
  Flight flight{.broker_id = broker_id,
                .connection = broker.connection,
                .version = 0,
                .items = std::move(items)};
  int16_t at_most = has_ids ? INT16_MAX : kLastWithNames;
  if (transaction_ != nullptr && !transaction_->is_v2()) at_most = kLastTransactionV1;
  const Result<int16_t> version =
      broker.connection->version_for(proto::ProduceRequest::kApiKey, at_most);
  Result<SliceChain> body =
      version ? encode_request(flight.items, *version) : Result<SliceChain>(version.error());
  if (!body) {
    for (const Item& item : flight.items) {
      SealedBatchPtr failed = item.state->sender.finish_failed(*item.batch);
      fail_batch(*item.state, std::move(failed), body.error());
    }
    return;
  }
  flight.version = *version;
  if (options_.acks == kafka::Acks::none) {
    const Result<void> sent = broker.connection->send_no_response(proto::ProduceRequest::kApiKey,
                                                                  *version, *std::move(body));
    if (!sent) {
      retry_all(flight, sent.error());
      return;
    }
    for (const Item& item : flight.items) {
      deliver(*item.state, item.state->sender.finish_delivered(*item.batch), -1, -1);
    }
    return;
  }
  const MonotonicTime now = loop_->now();
  MonotonicTime deadline = now + options_.request_timeout;
  for (const Item& item : flight.items) {
    deadline = std::min(deadline, item.batch->created_at + options_.delivery_timeout);
  }
  ++broker.in_flight;
  ++flights_;
  rpc::ClientConnection& connection = *broker.connection;
  connection.send(proto::ProduceRequest::kApiKey, *version, *std::move(body), deadline,
                  [this, flight = std::move(flight)](Result<rpc::RawResponse> raw) mutable {
                    on_answer(std::move(flight), std::move(raw));
                  });
}

Result<SliceChain> Sender::encode_request(const std::vector<Item>& items, int16_t version) const {
  const cluster::MetadataPtr metadata = cluster_->cached_metadata();
  std::vector<PartitionData> partitions(items.size());
  std::vector<TopicData> topics;
  const TopicQueue* current = nullptr;
  for (size_t i = 0; i < items.size(); ++i) {
    const PartitionQueue& queue = *items[i].state->queue;
    partitions[i].index = queue.partition;
    partitions[i].records.slices = items[i].batch->slices();
    if (queue.topic != current) {
      current = queue.topic;
      TopicData& topic = topics.emplace_back();
      if (version >= kFirstWithTopicIds) {
        topic.topic_id = metadata->topic(std::string_view(current->name))->id;
      } else {
        topic.name = current->name;
      }
      topic.partition_data = std::span(&partitions[i], 0);
    }
    std::span<PartitionData>& of_topic = topics.back().partition_data;
    of_topic = std::span(of_topic.data(), of_topic.size() + 1);
  }
  proto::ProduceRequest request;
  request.transactional_id = {};
  if (transaction_ != nullptr) request.transactional_id = transaction_->id();
  request.acks = static_cast<int16_t>(options_.acks);
  request.timeout_ms = static_cast<int32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.request_timeout).count());
  request.topic_data = proto::array_of(topics);
  wire::Writer writer(256);
  encode(writer, version, request);
  return writer.finish();
}

void Sender::on_answer(Flight flight, Result<rpc::RawResponse> raw) {
  --flights_;
  --brokers_[flight.broker_id].in_flight;
  landed_.notify_all();
  if (has_given_up_) return;  // the batches are gone
  if (!raw) {
    // After a timeout the broker may still be busy with the request; on a new connection it
    // cannot overtake what we send next.
    if (const auto connection = flight.connection.lock()) connection->close();
    retry_all(flight, raw.error());
  } else {
    auto decoded =
        rpc::decode_body<proto::ProduceResponse>(std::move(raw->frame), raw->body, flight.version);
    if (decoded) {
      on_response(flight, decoded->message);
    } else {
      if (const auto connection = flight.connection.lock()) connection->close();
      retry_all(flight, decoded.error());
    }
  }
  pump();
}

void Sender::on_response(const Flight& flight, const proto::ProduceResponse& response) {
  const cluster::MetadataPtr metadata = cluster_->cached_metadata();
  std::vector<bool> answered(flight.items.size(), false);
  size_t cursor = 0;  // answers come in the order of the request, so this is where to look first
  for (const auto& topic : response.responses) {
    std::string_view name = topic.name;
    if (flight.version >= kFirstWithTopicIds) {
      const cluster::Topic* known = metadata->topic(topic.topic_id);
      if (known == nullptr) continue;
      name = known->name;
    }
    for (const auto& partition : topic.partition_responses) {
      for (size_t tries = 0; tries < flight.items.size(); ++tries) {
        const size_t at = cursor;
        cursor = (cursor + 1) % flight.items.size();
        const PartitionQueue& queue = *flight.items[at].state->queue;
        if (answered[at] || queue.partition != partition.index || queue.topic->name != name) {
          continue;
        }
        answered[at] = true;
        on_partition(flight.items[at], partition);
        break;
      }
      if (has_given_up_) return;  // by a callback
    }
  }
  for (size_t i = 0; i < flight.items.size(); ++i) {
    if (!answered[i]) retry(flight.items[i], Error(Errc::kMalformed, "answer lacks a partition"));
  }
}

void Sender::on_partition(const Item& item,
                          const proto::ProduceResponse::PartitionProduceResponse& response) {
  PartitionState& state = *item.state;
  const proto::ErrorCode code = proto::error_code(response.error_code);
  switch (state.sender.judge(*item.batch, code)) {
    case PartitionSender::Verdict::kDelivered: {
      const bool is_repeated = code != proto::ErrorCode::kNone;
      deliver(state, state.sender.finish_delivered(*item.batch),
              is_repeated ? -1 : response.base_offset, response.log_append_time_ms);
      break;
    }
    case PartitionSender::Verdict::kRetry:
      retry(item, proto::to_error(code, "produce", response.error_message));
      break;
    case PartitionSender::Verdict::kFailed:
      if (code == proto::ErrorCode::kMessageTooLarge && retry_in_halves(item)) break;
      fail_batch(state, state.sender.finish_failed(*item.batch),
                 proto::to_error(code, "produce", response.error_message));
      break;
  }
  after_flight(state);
}

void Sender::retry(const Item& item, const Error& error) {
  if (dropping_) {
    drop(item);
    return;
  }
  PartitionState& state = *item.state;
  state.last_error = error;
  ODK_LOG(debug, "produce is tried again", kv("topic", state.queue->topic->name),
          kv("partition", state.queue->partition), kv("error", error.to_string()));
  // A leader that moved is found by fresh metadata; anything else passes with time.
  cluster_->expire_metadata();
  need_metadata();
  ++counts_.retries;
  state.sender.to_retry(*item.batch, loop_->now() + cluster_->options().retry_backoff_min);
  after_flight(state);
}

// Whether the broker has it is not known, so its numbers cannot be used again.
void Sender::drop(const Item& item) {
  has_dropped_numbered_ = true;
  SealedBatchPtr failed = item.state->sender.finish_failed(*item.batch);
  fail_batch(*item.state, std::move(failed), *dropping_);
}

// Records too large together may be fine one by one.
bool Sender::retry_in_halves(const Item& item) {
  if (item.batch->record_count < 2 || dropping_) return false;
  auto halves = split(*item.batch, options_.batch, compressor_);
  if (!halves) return false;
  {
    const MutexLock lock(shared_->mutex);
    shared_->accumulator.add_part(item.batch->id);
  }
  item.state->sender.to_retry_split(*item.batch, std::move(halves->first),
                                    std::move(halves->second), loop_->now());
  return true;
}

void Sender::retry_all(const Flight& flight, const Error& error) {
  for (const Item& item : flight.items) retry(item, error);
}

// The answers that were waited for may have closed or opened a gap in the sequence.
void Sender::after_flight(PartitionState& state) {
  if (!state.sender.resolve_gap(identity_)) ensure_identity();
}

void Sender::deliver(PartitionState& state, SealedBatchPtr batch, int64_t base_offset,
                     int64_t log_append_time_ms) {
  state.last_error.reset();
  ++counts_.batches_delivered;
  counts_.batch_bytes_delivered += batch->size();
  counts_.records_delivered += batch->reports.size();
  kafka::Result<kafka::RecordMetadata> delivered(kafka::RecordMetadata{
      .partition = state.queue->partition, .offset = -1, .timestamp_ms = log_append_time_ms});
  int64_t offset = base_offset;
  for (kafka::DeliveryCallback& report : batch->reports) {
    delivered->offset = base_offset < 0 ? -1 : offset++;
    run_user_code(report, std::as_const(delivered));
  }
  released_.push_back({batch->id, batch->charged_bytes});
}

void Sender::fail_batch(PartitionState& state, SealedBatchPtr batch, const Error& error) {
  Error said =
      error.with_context(fmt::format("{}-{}", state.queue->topic->name, state.queue->partition));
  if (error.code() == Errc::kTimedOut && state.last_error) {
    said = said.with_context("last failure: " + state.last_error->to_string());
  }
  counts_.records_failed += batch->reports.size();
  if (transaction_ != nullptr) transaction_->on_failure(said);
  const kafka::Result<kafka::RecordMetadata> failure(to_public(said));
  for (kafka::DeliveryCallback& report : batch->reports) run_user_code(report, failure);
  released_.push_back({batch->id, batch->charged_bytes});
}

void Sender::fail_unsent(Accumulator::Expired unsent, const Error& error) {
  auto sealed = std::make_unique<SealedBatch>();
  sealed->reports = std::move(unsent.batch->reports);
  sealed->id = unsent.batch->id;
  sealed->charged_bytes = unsent.batch->charged_bytes;
  fail_batch(state_of(*unsent.queue), std::move(sealed), error);
}

void Sender::release() {
  if (released_.empty()) return;
  SharedAccumulator::Woken woken = shared_->release(released_);
  released_.clear();
  woken.wake();
}

}  // namespace odradek::client
