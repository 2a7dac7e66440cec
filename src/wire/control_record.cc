#include "wire/control_record.h"

#include <array>

#include "base/assert.h"
#include "wire/batch_builder.h"
#include "wire/endian.h"

namespace odradek::wire {
namespace {

constexpr size_t kKeyBytes = 4;    // version, type
constexpr size_t kValueBytes = 6;  // version, coordinator epoch
constexpr int16_t kVersion = 0;

}  // namespace

Result<ControlType> control_type(const RecordView& record) {
  if (record.key.size() < kKeyBytes || load_be<int16_t>(record.key.data()) < 0) {
    return Error(Errc::kMalformed, "control record with a bad key");
  }
  return static_cast<ControlType>(load_be<int16_t>(record.key.data() + sizeof(int16_t)));
}

Result<EndTxnMarker> end_txn_marker(const RecordView& record) {
  ODK_TRY(const ControlType type, control_type(record));
  if (type != ControlType::kAbort && type != ControlType::kCommit) {
    return Error(Errc::kMalformed, "control record is not the end of a transaction");
  }
  if (record.value.size() < kValueBytes || load_be<int16_t>(record.value.data()) < 0) {
    return Error(Errc::kMalformed, "transaction marker with a bad value");
  }
  return EndTxnMarker{.committed = type == ControlType::kCommit,
                      .coordinator_epoch = load_be<int32_t>(record.value.data() + sizeof(int16_t))};
}

Slice make_end_txn_batch(const EndTxnBatch& batch) {
  std::array<uint8_t, kKeyBytes> key;
  const ControlType type = batch.marker.committed ? ControlType::kCommit : ControlType::kAbort;
  store_be(key.data(), kVersion);
  store_be(key.data() + sizeof kVersion, static_cast<int16_t>(type));
  std::array<uint8_t, kValueBytes> value;
  store_be(value.data(), kVersion);
  store_be(value.data() + sizeof kVersion, batch.marker.coordinator_epoch);

  const BatchOptions options{.base_offset = batch.base_offset,
                             .leader_epoch = batch.leader_epoch,
                             .transactional = true,
                             .control = true,
                             .producer_id = batch.producer_id,
                             .producer_epoch = batch.producer_epoch};
  BatchBuilder builder(options);
  const Result<void> appended =
      builder.append({.timestamp_ms = batch.timestamp_ms, .key = key, .value = value});
  ODK_ASSERT(appended.has_value());
  Compressor unused;
  Result<Slice> bytes = builder.finish(unused);
  ODK_ASSERT(bytes.has_value());
  return *std::move(bytes);
}

}  // namespace odradek::wire
