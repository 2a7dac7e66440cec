#include "log/batch_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/crc32c.h"
#include "wire/endian.h"
#include "wire/record_iterator.h"

namespace odradek::log {
namespace {

using wire::BatchView;
namespace layout = wire::batch_layout;

constexpr int32_t kLengthMin = 14;  // the shortest message of the oldest format
constexpr size_t kRecordFaultsMax = 1000;  // told to the producer; more help nobody

AppendError fault(AppendFault kind, std::string message) { return {kind, std::move(message), {}}; }

template <class T>
T field(Bytes batch, size_t at) {
  return wire::load_be<T>(batch.data() + at);
}

// What can be said without looking at the records.
AppendError check_header(Bytes batch, const LogConfig& config) {
  if (const auto base = field<int64_t>(batch, layout::kBaseOffset); base != 0) {
    return fault(AppendFault::kInvalidRecord,
                 fmt::format("the base offset of a produced batch must be 0, not {}", base));
  }
  if (batch.size() > static_cast<size_t>(std::max(config.max_message_bytes, 0))) {
    return fault(AppendFault::kTooLarge,
                 fmt::format("a batch of {} bytes where max.message.bytes is {}", batch.size(),
                             config.max_message_bytes));
  }
  if (batch.size() < layout::kHeaderBytes) {
    return fault(AppendFault::kCorrupt, "a batch shorter than its header");
  }
  if ((field<uint16_t>(batch, layout::kAttributes) & wire::batch_attributes::kCodecMask) >
      static_cast<uint16_t>(wire::Codec::kZstd)) {
    return fault(AppendFault::kUnreadable, "unknown compression codec");
  }
  return {};
}

AppendError check_counts(const BatchView& batch) {
  if (batch.record_count() <= 0 || !batch.has_all_offsets()) {
    return fault(AppendFault::kInvalidRecord,
                 fmt::format("{} records and last offset delta {}", batch.record_count(),
                             batch.last_offset_delta()));
  }
  if (batch.is_control()) {
    return fault(AppendFault::kInvalidRecord, "clients may not write control records");
  }
  if (batch.has_producer() && batch.base_sequence() < 0) {
    return fault(AppendFault::kInvalidRecord,
                 fmt::format("sequence {} with a producer id", batch.base_sequence()));
  }
  return {};
}

// Collects what is wrong with single records; the batch fails as a whole.
class RecordChecks {
 public:
  RecordChecks(const BatchView& batch, const LogConfig& config, int64_t now_ms)
      : config_(config),
        now_ms_(now_ms),
        says_append_time_(batch.timestamp_type() == wire::TimestampType::kLogAppendTime) {}

  void check(const wire::RecordView& record) {
    const int32_t index = index_++;
    max_timestamp_ms_ = std::max(max_timestamp_ms_, record.timestamp_ms);
    if (record.offset_delta != index) {
      add(index, "offsets of the records do not ascend by one", false);
    } else if (config_.compact && is_null(record.key)) {
      add(index, "a compacted topic takes no record without a key", false);
    } else {
      check_timestamp(index, record.timestamp_ms);
    }
  }

  AppendError result() && {
    if (error_.records.empty()) return {};
    if (timestamp_fault_) {
      error_.fault = AppendFault::kInvalidTimestamp;
      error_.message = "records were refused because of their timestamps";
    } else {
      error_.fault = AppendFault::kInvalidRecord;
      error_.message =
          fmt::format("{} records were refused, the first: {}", faults_, error_.records[0].message);
    }
    return std::move(error_);
  }

  int64_t max_timestamp_ms() const { return max_timestamp_ms_; }

 private:
  void check_timestamp(int32_t index, int64_t timestamp_ms) {
    if (config_.timestamp_type == wire::TimestampType::kCreateTime &&
        timestamp_ms != wire::kNoTimestamp) {
      if (beyond(now_ms_, timestamp_ms, config_.timestamp_before_max_ms) ||
          beyond(timestamp_ms, now_ms_, config_.timestamp_after_max_ms)) {
        add(index, fmt::format("timestamp {} is too far from now, {}", timestamp_ms, now_ms_),
            true);
      }
    } else if (says_append_time_) {
      add(index, "only the broker may set the append time", true);
    }
  }

  // Is `later` more than `limit` behind `earlier`? Without overflow: timestamps may be anything.
  static bool beyond(int64_t later, int64_t earlier, int64_t limit) {
    if (later <= earlier) return false;
    return static_cast<uint64_t>(later) - static_cast<uint64_t>(earlier) >
           static_cast<uint64_t>(std::max<int64_t>(limit, 0));
  }

  void add(int32_t index, std::string message, bool timestamp) {
    ++faults_;
    timestamp_fault_ = timestamp_fault_ || timestamp;
    if (error_.records.size() < kRecordFaultsMax) {
      error_.records.push_back({index, std::move(message)});
    }
  }

  const LogConfig& config_;
  int64_t now_ms_;
  bool says_append_time_;
  int32_t index_ = 0;
  int64_t max_timestamp_ms_ = wire::kNoTimestamp;
  size_t faults_ = 0;
  bool timestamp_fault_ = false;
  AppendError error_;
};

// The batch again with the topic's codec. Its header keeps everything but codec, length and CRC.
Result<Slice> recompress(const BatchView& batch, Bytes records, const LogConfig& config,
                         CheckScratch& scratch) {
  ODK_TRY(const Bytes packed,
          scratch.compressor.compress(*config.codec, config.codec_level, records));
  Buffer out(layout::kHeaderBytes + packed.size());
  out.append(batch.bytes().first(layout::kHeaderBytes));
  out.append(packed);
  const auto kept = batch.attributes() & ~uint32_t{wire::batch_attributes::kCodecMask};
  const auto attributes = static_cast<uint16_t>(kept | static_cast<uint16_t>(*config.codec));
  wire::store_be(out.data() + layout::kAttributes, attributes);
  wire::store_be(out.data() + layout::kLength,
                 static_cast<int32_t>(out.size() - layout::kPrefixBytes));
  wire::store_crc(out.mutable_bytes());
  return out.freeze();
}

// What the stored header has to say about time.
void set_timestamps(const BatchView& batch, const LogConfig& config, int64_t now_ms,
                    CheckedBatch& checked) {
  const uint16_t append_time = wire::batch_attributes::kLogAppendTime;
  if (config.timestamp_type == wire::TimestampType::kLogAppendTime) {
    checked.edit.attributes = static_cast<uint16_t>(batch.attributes() | append_time);
    checked.edit.max_timestamp = checked.max_timestamp_ms = now_ms;
    return;
  }
  if (batch.timestamp_type() == wire::TimestampType::kLogAppendTime) {
    checked.edit.attributes = static_cast<uint16_t>(batch.attributes() & ~uint32_t{append_time});
  }
  if (batch.max_timestamp() != checked.max_timestamp_ms) {
    checked.edit.max_timestamp = checked.max_timestamp_ms;
  }
}

CheckedBatch refuse(AppendError error) {
  CheckedBatch checked;
  checked.error = std::move(error);
  return checked;
}

// The records, and the batch in the topic's codec where that differs.
CheckedBatch check_records(const BatchView& batch, const LogConfig& config, int64_t now_ms,
                           CheckScratch& scratch) {
  const Result<Bytes> records =
      wire::records_of(batch, scratch.unpacker.decompressor, scratch.unpacker.scratch);
  if (!records) {
    return refuse(fault(AppendFault::kUnreadable, std::string(records.error().message())));
  }
  RecordChecks checks(batch, config, now_ms);
  wire::RecordCursor cursor(batch, *records);
  while (const wire::RecordView* record = cursor.next()) checks.check(*record);
  if (!cursor.status()) {
    return refuse(
        fault(AppendFault::kInvalidRecord, std::string(cursor.status().error().message())));
  }
  CheckedBatch checked;
  checked.max_timestamp_ms = checks.max_timestamp_ms();
  checked.error = std::move(checks).result();
  if (!checked.error.ok()) return checked;
  if (!config.codec || *config.codec == batch.codec()) {
    set_timestamps(batch, config, now_ms, checked);
    return checked;
  }
  Result<Slice> packed = recompress(batch, *records, config, scratch);
  if (!packed) {
    return refuse(fault(AppendFault::kStorage, std::string(packed.error().message())));
  }
  if (packed->size() > static_cast<size_t>(config.max_message_bytes)) {
    return refuse(fault(AppendFault::kTooLarge,
                        fmt::format("{} bytes after compression by the topic", packed->size())));
  }
  const Result<BatchView> again = BatchView::parse(packed->bytes());
  ODK_ASSERT(again.has_value());
  set_timestamps(*again, config, now_ms, checked);
  checked.recompressed = *std::move(packed);
  return checked;
}

// What comes behind the batch: nothing, or the beginning of one that is not there.
AppendError check_rest(Bytes rest) {
  if (rest.size() < layout::kPrefixBytes) return {};
  const auto length = field<int32_t>(rest, layout::kLength);
  if (length < kLengthMin) {
    return fault(AppendFault::kCorrupt, fmt::format("batch length {}", length));
  }
  if (rest.size() <= layout::kMagic) return {};
  if (layout::kPrefixBytes + static_cast<size_t>(length) > rest.size()) return {};
  return fault(AppendFault::kInvalidRecord, "more than one record batch");
}

}  // namespace

SingleBatch single_batch(Bytes records) {
  if (records.size() <= layout::kMagic) {
    return {fault(AppendFault::kInvalidRecord, "no record batch"), {}};
  }
  const auto length = field<int32_t>(records, layout::kLength);
  const auto magic = static_cast<int8_t>(records[layout::kMagic]);
  if (length < kLengthMin || magic < 0 || magic > wire::kBatchMagic) {
    return {fault(AppendFault::kCorrupt, fmt::format("batch length {}, magic {}", length, magic)),
            {}};
  }
  const size_t size = layout::kPrefixBytes + static_cast<size_t>(length);
  if (size > records.size()) {
    return {fault(AppendFault::kInvalidRecord, "no whole record batch"), {}};
  }
  if (magic != wire::kBatchMagic) {
    return {fault(AppendFault::kInvalidRecord,
                  fmt::format("message format v{}, only v2 is taken", magic)),
            {}};
  }
  AppendError behind = check_rest(records.subspan(size));
  if (!behind.ok()) return {std::move(behind), {}};
  return {{}, records.first(size)};
}

CheckedBatch check_batch(Bytes batch, const LogConfig& config, int64_t now_ms,
                         CheckScratch& scratch) {
  AppendError error = check_header(batch, config);
  if (!error.ok()) return refuse(std::move(error));
  const Result<BatchView> view = BatchView::parse(batch);
  const Bytes covered = batch.subspan(layout::kAttributes);
  if (wire::crc32c(covered) != field<uint32_t>(batch, layout::kCrc)) {
    return refuse(fault(AppendFault::kCorrupt, "the CRC does not match"));
  }
  if (!view) {
    return refuse(fault(AppendFault::kInvalidRecord, std::string(view.error().message())));
  }
  error = check_counts(*view);
  if (!error.ok()) return refuse(std::move(error));
  return check_records(*view, config, now_ms, scratch);
}

}  // namespace odradek::log
