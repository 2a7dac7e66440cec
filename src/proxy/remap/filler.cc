#include "proxy/remap/filler.h"

#include <array>

#include "base/assert.h"
#include "wire/batch_builder.h"

namespace odradek::proxy {
namespace {

// Key: version 0, type COMMIT; value: version 0, coordinator epoch 0.
// Source: org.apache.kafka.common.record.ControlRecordType, EndTransactionMarker.
constexpr std::array<uint8_t, 4> kCommitKey = {0, 0, 0, 1};
constexpr std::array<uint8_t, 6> kCommitValue = {};

}  // namespace

Slice make_filler(const Filler& filler) {
  const int64_t count = filler.end - filler.first;
  ODK_ASSERT(filler.first >= 0 && count > 0 && count <= kFillerOffsetsMax, "filler [{}, {})",
             filler.first, filler.end);
  const wire::BatchOptions options = {.base_offset = filler.first,
                                      .leader_epoch = filler.leader_epoch,
                                      .transactional = true,
                                      .control = true,
                                      .producer_id = kFillerProducerId,
                                      .producer_epoch = 0};
  wire::BatchBuilder builder(options, 96);
  const wire::NewRecord commit = {.timestamp_ms = filler.timestamp_ms,
                                  .key = Bytes(kCommitKey),
                                  .value = Bytes(kCommitValue),
                                  .headers = {}};
  const Result<void> appended = builder.append_at(static_cast<int32_t>(count - 1), commit);
  ODK_ASSERT(appended.has_value(), "filler record");
  wire::Compressor uncompressed;
  Result<Slice> batch = builder.finish(uncompressed);
  ODK_ASSERT(batch.has_value(), "filler batch");
  return *std::move(batch);
}

}  // namespace odradek::proxy
