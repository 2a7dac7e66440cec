#include "backup/restore/read_back.h"

#include <fmt/format.h>

#include <algorithm>

namespace odradek::backup {

io::Task<Result<int64_t>> ReadBack::expect(PreparedBatch batch, std::optional<int64_t> base) {
  Expected expected;
  expected.batch = std::move(batch);
  expected.base = base;
  ODK_CO_TRY_VOID(open(expected));
  while (true) {
    ODK_CO_TRY(const Step step,
               co_await workers_->run([this, &expected] { return compare(expected); }));
    if (step == Step::kDone) break;
    ODK_CO_TRY_VOID(co_await fetch());
  }
  co_return base ? *base : expected.found_at;
}

io::Task<Result<bool>> ReadBack::is_at_end() {
  while (true) {
    ODK_CO_TRY(const bool has_record,
               co_await workers_->run([this] { return next_target_record(); }));
    if (has_record) co_return false;
    if (position_ >= end_) co_return true;
    ODK_CO_TRY_VOID(co_await fetch());
  }
}

io::Task<Result<void>> ReadBack::fetch() {
  records_.reset();
  ODK_CO_TRY(fetched_, co_await source_->fetch(partition_, position_, {}, cluster::kGeneralLane));
  batches_ = wire::BatchCursor(fetched_.records);
  const bool is_empty = fetched_.records.empty();
  if (is_empty) {
    co_return Error(difference_,
                    fmt::format("{}-{}: nothing at offset {}, though the log ends at {}",
                                partition_.topic, partition_.partition, position_, end_));
  }
  co_return Result<void>{};
}

Result<void> ReadBack::open(Expected& expected) {
  ODK_TRY(const wire::BatchView batch, wire::BatchView::parse(expected.batch.bytes.bytes()));
  ODK_TRY(const Bytes records, wire::records_of(batch, decompressor_, expected.scratch));
  expected.cursor.emplace(batch, records, wire::RecordMode::kOffsets);
  expected.record = expected.cursor->next();
  return {};
}

// Compares until the batch is done or the fetched bytes are.
Result<ReadBack::Step> ReadBack::compare(Expected& expected) {
  while (expected.record != nullptr) {
    const int64_t place = expected.base ? *expected.base + expected.ordinal : -1;
    bool is_gone = false;
    ODK_TRY(const bool has_record, next_target_record());
    if (has_record) {
      is_gone = allows_gone_ && expected.base && record_->offset > place;
    } else if (position_ < end_) {
      return Step::kNeedsMore;
    } else if (allows_gone_) {
      is_gone = true;
    } else {
      return differs(expected, "is missing, the log ends there");
    }
    if (is_gone) {
      ++comparison_.gone;
    } else {
      if (expected.base && record_->offset != place) return differs(expected, "has moved");
      if (record_->timestamp_ms != expected.record->timestamp_ms) {
        return differs(expected, "has another time");
      }
      if (!std::ranges::equal(record_->payload, expected.record->payload)) {
        return differs(expected, "has other content");
      }
      if (expected.found_at < 0) expected.found_at = record_->offset;
      ++comparison_.equal;
      position_ = record_->offset + 1;
      record_ = nullptr;
    }
    expected.record = expected.cursor->next();
    ++expected.ordinal;
  }
  ODK_TRY_VOID(expected.cursor->status());
  return Step::kDone;
}

// Makes record_ the target's next data record. False when the fetched bytes have none before the
// end; position_ is then behind them.
Result<bool> ReadBack::next_target_record() {
  while (record_ == nullptr) {
    ODK_TRY(const bool found, skip_to_next_target_record());
    if (!found) return false;
  }
  return true;
}

Result<bool> ReadBack::skip_to_next_target_record() {
  if (records_) {
    const wire::RecordView* const next = records_->next();
    if (next == nullptr) {
      ODK_TRY_VOID(records_->status());
      records_.reset();
      position_ = std::max(position_, batch_end_);
      return true;
    }
    if (next->offset >= end_) {
      position_ = end_;
      return false;
    }
    if (next->offset >= position_) record_ = next;
    return true;
  }
  ODK_TRY(const std::optional<wire::BatchView> batch, batches_.next());
  if (!batch) return false;
  if (batch->last_offset() < position_) return true;
  if (batch->is_control() || batch->record_count() == 0) {
    position_ = batch->next_offset();
    return true;
  }
  ODK_TRY_VOID(batch->verify_crc());
  ODK_TRY(const Bytes records, wire::records_of(*batch, decompressor_, scratch_));
  batch_end_ = batch->next_offset();
  records_.emplace(*batch, records, wire::RecordMode::kOffsets);
  return true;
}

Error ReadBack::differs(const Expected& expected, std::string_view how) const {
  int64_t source = -1;
  for (const RestoredRun& run : expected.batch.runs) {
    const int64_t into = expected.ordinal - run.target_delta;
    if (0 <= into && into < run.count) source = run.source_first + into;
  }
  const int64_t at = record_ != nullptr ? record_->offset : position_;
  return {difference_, fmt::format("{}-{}: at offset {} the record of source offset {} {}",
                                   partition_.topic, partition_.partition, at, source, how)};
}

}  // namespace odradek::backup
