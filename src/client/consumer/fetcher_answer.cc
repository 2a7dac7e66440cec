// What a Fetcher does with the answers.
#include <fmt/format.h>

#include "base/log.h"
#include "client/consumer/fetcher.h"
#include "rpc/message.h"

namespace odradek::client {
namespace {

constexpr int16_t kFirstWithTopicIds = 13;
constexpr Duration kPauseAfterBadBytes = std::chrono::seconds(1);

}  // namespace

void Fetcher::on_answer(Flight flight, Result<rpc::RawResponse> raw) {
  --flights_;
  brokers_[flight.broker_id].is_fetching = false;
  if (is_stopped_) {
    landed_.notify_all();
    return;
  }
  FetchSession& session = brokers_[flight.broker_id].session;
  if (!raw) {
    session.on_loss();
    land(flight, &raw.error());
    if (raw.error().code() == Errc::kTimedOut && brokers_[flight.broker_id].connection) {
      brokers_[flight.broker_id].connection->close();
    }
  } else {
    const Slice frame = raw->frame;
    auto decoded =
        rpc::decode_body<proto::FetchResponse>(std::move(raw->frame), raw->body, flight.version);
    if (!decoded) {
      session.on_loss();
      land(flight, &decoded.error());
    } else {
      land(flight, nullptr);
      on_response(flight, frame, decoded->message);
      on_change_();
    }
  }
  pump();
}

// The partitions may be fetched again: now, or after a failure a little later.
void Fetcher::land(const Flight& flight, const Error* failure) {
  const MonotonicTime retry_at = loop_->now() + cluster_->options().retry_backoff_min;
  if (failure != nullptr) {
    ODK_LOG(debug, "fetch failed", kv("broker", flight.broker_id),
            kv("error", failure->to_string()));
    cluster_->expire_metadata();
    need_metadata();
  }
  const MutexLock lock(state_->mutex);
  for (const Wanted& item : flight.wanted) {
    AssignedPartition* entry = state_->table.find(item.id);
    if (entry == nullptr) continue;
    entry->is_fetching = false;
    if (failure == nullptr) continue;
    entry->retry_at = retry_at;
    entry->read_replica = -1;
  }
}

void Fetcher::on_response(const Flight& flight, const Slice& frame,
                          const proto::FetchResponse& response) {
  FetchSession& session = brokers_[flight.broker_id].session;
  if (response.error_code != 0) {
    const auto code = proto::error_code(response.error_code);
    if (session.on_error(code)) return;  // asked again at once, from the beginning
    const Error error = proto::to_error(code, "fetch");
    land(flight, &error);
    return;
  }
  session.on_answer(response.session_id);
  size_t cursor = 0;  // answers mostly come in the order of the request
  for (const auto& topic : response.responses) {
    for (const auto& data : topic.partitions) {
      for (size_t tries = 0; tries < flight.wanted.size(); ++tries) {
        const Wanted& wanted = flight.wanted[cursor];
        cursor = (cursor + 1) % flight.wanted.size();
        const bool is_topic = flight.version >= kFirstWithTopicIds
                                  ? wanted.topic_id == topic.topic_id
                                  : wanted.id.topic == topic.topic;
        if (!is_topic || wanted.id.partition != data.partition_index) continue;
        on_partition(wanted, frame, data);
        break;
      }
    }
  }
}

void Fetcher::on_partition(const Wanted& wanted, const Slice& frame,
                           const proto::FetchResponse::PartitionData& data) {
  const proto::ErrorCode code = proto::error_code(data.error_code);
  if (code != proto::ErrorCode::kNone) {
    on_partition_error(wanted, code);
    return;
  }
  if (data.diverging_epoch.end_offset >= 0) {
    on_diverging(wanted, data.diverging_epoch.epoch, data.diverging_epoch.end_offset);
    return;
  }
  const auto extent = measure_chunk(data.records.bytes, wanted.offset);
  if (!extent) {
    {
      const MutexLock lock(state_->mutex);
      AssignedPartition* entry = state_->table.find(wanted.id);
      if (entry == nullptr || entry->epoch != wanted.epoch) return;
      entry->retry_at = loop_->now() + kPauseAfterBadBytes;
    }
    state_->report(
        extent.error().with_context(fmt::format("fetch {}-{} at offset {}", wanted.id.topic,
                                                wanted.id.partition, wanted.offset)),
        false);
    return;
  }
  FetchedChunk chunk;
  {
    const MutexLock lock(state_->mutex);
    AssignedPartition* entry = state_->table.find(wanted.id);
    if (entry == nullptr || entry->epoch != wanted.epoch) return;
    if (data.preferred_read_replica >= 0) {
      entry->read_replica = data.preferred_read_replica;
      entry->read_replica_until = loop_->now() + cluster_->options().metadata_max_age;
    }
    entry->last_stable_offset = data.last_stable_offset;
    entry->high_watermark = data.high_watermark;
    if (extent->batch_count == 0) return;
    entry->fetch_offset = extent->next_offset;
    entry->fetch_epoch = extent->leader_epoch;
    chunk.topic = entry->topic;
  }
  chunk.partition = wanted.id.partition;
  chunk.assignment_epoch = wanted.epoch;
  chunk.batches = frame.share(extent->whole);
  chunk.first_offset = wanted.offset;
  chunk.next_offset = extent->next_offset;
  chunk.high_watermark = data.high_watermark;
  chunk.read_committed = state_->options.isolation == kafka::Isolation::read_committed;
  if (chunk.read_committed) {
    for (const auto& aborted : data.aborted_transactions) {
      chunk.aborted.push_back({aborted.producer_id, aborted.first_offset});
    }
  }
  state_->put(std::move(chunk));
}

// A follower may lag behind or be none any more: the leader knows. True when we read from one.
bool Fetcher::leave_read_replica(const Wanted& wanted) {
  const MutexLock lock(state_->mutex);
  AssignedPartition* entry = state_->table.find(wanted.id);
  if (entry == nullptr || entry->epoch != wanted.epoch) return false;
  return std::exchange(entry->read_replica, -1) >= 0;
}

void Fetcher::on_partition_error(const Wanted& wanted, proto::ErrorCode code) {
  if (leave_read_replica(wanted)) return;
  if (code == proto::ErrorCode::kOffsetOutOfRange) {
    on_out_of_range(wanted);
    return;
  }
  const Error error =
      proto::to_error(code, fmt::format("fetch {}-{}", wanted.id.topic, wanted.id.partition));
  ODK_LOG(debug, "fetch of a partition failed", kv("error", error.to_string()));
  {
    const MutexLock lock(state_->mutex);
    AssignedPartition* entry = state_->table.find(wanted.id);
    if (entry == nullptr || entry->epoch != wanted.epoch) return;
    entry->retry_at = loop_->now() + cluster_->options().retry_backoff_min;
  }
  if (!proto::is_retriable(code)) state_->report(error, false);
  cluster_->expire_metadata();
  need_metadata();
}

void Fetcher::on_out_of_range(const Wanted& wanted) {
  using kafka::Start;
  {
    const MutexLock lock(state_->mutex);
    AssignedPartition* entry = state_->table.find(wanted.id);
    if (entry == nullptr || entry->epoch != wanted.epoch) return;
    // Records before the range that wait to be handed out stay good.
    if (entry->position >= 0 && entry->position < wanted.offset) {
      entry->retry_at = loop_->now() + std::chrono::milliseconds(100);
      return;
    }
    if (state_->options.start != Start::none) {
      PartitionTable::need_position(*entry, need_of(state_->options.start));
      state_->drop_void_chunks();
      return;
    }
    entry->retry_at = loop_->now() + kPauseAfterBadBytes;
  }
  state_->report(
      Error(Errc::kNotFound, fmt::format("offset {} of {}-{} is out of range", wanted.offset,
                                         wanted.id.topic, wanted.id.partition)),
      false);
}

}  // namespace odradek::client
