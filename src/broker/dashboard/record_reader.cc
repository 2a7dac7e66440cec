#include "broker/dashboard/record_reader.h"

#include <set>

#include "broker/dashboard/api.h"
#include "proto/messages/fetch_request.h"

namespace odradek::broker::dashboard {
namespace {

// Small enough that reading, unpacking and searching one answer delays nobody noticeably.
constexpr int32_t kAnswerBytes = 256 * 1024;
constexpr int32_t kFollowBytes = 1024 * 1024;
constexpr int16_t kByNameUntil = 12;  // from v13 on topics are named by id

bool has_transactions(Bytes records) {
  bool found = false;
  const auto look = [&found](const wire::BatchView& batch) {
    found = found || batch.is_transactional();
  };
  return wire::for_each_batch(records, look).has_value() && found;
}

}  // namespace

io::Task<Result<RecordReader::Answer>> RecordReader::fetch(Ask ask) {
  std::vector<proto::FetchRequest::FetchPartition> partitions;
  for (const Position& position : ask.positions) {
    auto& each = partitions.emplace_back();
    each.partition = position.partition;
    each.fetch_offset = position.offset;
    each.partition_max_bytes = ask.partition_bytes;
  }
  proto::FetchRequest::FetchTopic topic;
  topic.topic = topic_;
  topic.partitions = proto::array_of(partitions);
  proto::FetchRequest request;
  request.max_wait_ms = ask.wait_ms;
  request.min_bytes = 1;
  request.max_bytes = kFollowBytes;
  request.isolation_level = ask.read_committed ? 1 : 0;
  request.topics = {&topic, 1};
  request.forgotten_topics_data = proto::empty_array<proto::FetchRequest::ForgottenTopic>();
  request.rack_id = "";
  ODK_CO_TRY(Answer answer, co_await client_.call(request, kByNameUntil));
  ODK_CO_TRY_VOID(check_answer(answer->error_code, "", topic_));
  co_return answer;
}

// Only Fetch with read_committed tells which transactions were aborted.
io::Task<Result<RecordReader::Fates>> RecordReader::fates(Position position) {
  Ask ask;
  ask.positions = {&position, 1};
  ask.partition_bytes = kAnswerBytes;
  ask.read_committed = true;
  ODK_CO_TRY(const Answer answer, co_await fetch(ask));
  Fates fates;
  for (const auto& topic : answer->responses) {
    for (const PartitionData& data : topic.partitions) {
      fates.last_stable_offset = data.last_stable_offset;
      for (const auto& aborted : data.aborted_transactions) {
        fates.aborted.emplace(aborted.first_offset, aborted.producer_id);
      }
    }
  }
  co_return fates;
}

void RecordReader::visit_batch(const wire::BatchView& batch, Range range, TxnFate fate,
                               const Visit& visit) {
  SeenRecord seen;
  seen.partition = range.partition;
  seen.batch = &batch;
  seen.fate = fate;
  const auto unreadable = [&](const Error& error) {
    const std::string fault = error.to_string();
    seen.record = nullptr;
    seen.fault = fault;
    if (batch.last_offset() >= range.from && batch.base_offset() < range.until) visit(seen);
  };
  const Result<Bytes> records = wire::records_of(batch, decompressor_, scratch_, kUnpackedBytesMax);
  if (!records) return unreadable(records.error());
  wire::RecordCursor cursor(batch, *records);
  while (const wire::RecordView* record = cursor.next()) {
    if (record->offset < range.from || record->offset >= range.until) continue;
    seen.record = record;
    if (batch.is_control()) {
      const Result<wire::ControlType> type = wire::control_type(*record);
      if (type) seen.control = *type;
    }
    visit(seen);
  }
  if (!cursor.status()) unreadable(cursor.status().error());
}

Result<int64_t> RecordReader::visit_all(const PartitionData& data, Range range, Fates fates,
                                        const Visit& visit) {
  int64_t next = range.from;
  std::set<int64_t> aborting;  // producers whose transaction here ends with an abort
  wire::BatchCursor cursor(data.records.bytes);
  while (next < range.until) {
    ODK_TRY(const std::optional<wire::BatchView> batch, cursor.next());
    if (!batch) break;
    while (!fates.aborted.empty() && fates.aborted.begin()->first <= batch->last_offset()) {
      aborting.insert(fates.aborted.begin()->second);
      fates.aborted.erase(fates.aborted.begin());
    }
    TxnFate fate = TxnFate::kNone;
    if (batch->is_control()) {
      aborting.erase(batch->producer_id());
    } else if (batch->is_transactional()) {
      fate = aborting.contains(batch->producer_id())            ? TxnFate::kAborted
             : batch->base_offset() >= fates.last_stable_offset ? TxnFate::kOpen
                                                                : TxnFate::kCommitted;
    }
    visit_batch(*batch, range, fate, visit);
    next = std::max(next, batch->next_offset());
  }
  return next;
}

io::Task<Result<int64_t>> RecordReader::read(Range range, const Visit& visit) {
  const Position position{range.partition, range.from};
  Ask ask;
  ask.positions = {&position, 1};
  ask.partition_bytes = kAnswerBytes;
  ODK_CO_TRY(const Answer answer, co_await fetch(ask));
  if (answer->responses.empty() || answer->responses[0].partitions.empty()) {
    co_return Error(Errc::kInternal, "an empty answer to Fetch");
  }
  const PartitionData& data = answer->responses[0].partitions[0];
  ODK_CO_TRY_VOID(check_answer(data.error_code, "", topic_));
  bytes_read_ += data.records.size();
  Fates fates;
  if (has_transactions(data.records.bytes)) {
    ODK_CO_TRY(fates, co_await this->fates(position));
  }
  ODK_CO_TRY(const int64_t next, visit_all(data, range, std::move(fates), visit));
  // Nothing readable there, as behind an offset that compaction left empty at the end.
  co_return next == range.from ? range.until : next;
}

io::Task<Result<void>> RecordReader::follow(std::vector<Position>& positions, int32_t wait_ms,
                                            const Visit& visit) {
  Ask ask;
  ask.positions = positions;
  ask.wait_ms = wait_ms;
  ask.partition_bytes = kAnswerBytes;
  ODK_CO_TRY(const Answer answer, co_await fetch(ask));
  for (const auto& topic : answer->responses) {
    for (const PartitionData& data : topic.partitions) {
      const auto at = std::ranges::find(positions, data.partition_index, &Position::partition);
      if (at == positions.end()) continue;
      if (data.error_code == proto::to_number(proto::ErrorCode::kOffsetOutOfRange)) {
        at->offset = std::max(data.log_start_offset, int64_t{0});
        continue;
      }
      ODK_CO_TRY_VOID(check_answer(data.error_code, "", topic_));
      bytes_read_ += data.records.size();
      Fates fates;
      if (has_transactions(data.records.bytes)) {
        ODK_CO_TRY(fates, co_await this->fates(*at));
      }
      const Range range{at->partition, at->offset, INT64_MAX};
      ODK_CO_TRY(at->offset, visit_all(data, range, std::move(fates), visit));
    }
  }
  co_return Result<void>();
}

}  // namespace odradek::broker::dashboard
