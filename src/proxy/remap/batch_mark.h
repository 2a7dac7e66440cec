#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/result.h"
#include "proxy/remap/partition_remapper.h"
#include "wire/batch_rewrite.h"
#include "wire/record_batch.h"

namespace odradek::proxy {

// How a batch in a physical partition says which virtual partition it belongs to. The marks are
// in the 61-byte header, so nothing is ever decompressed. Bytes: docs/formats/batch-marks.md.
inline constexpr int16_t kEpochMark = 0x5650;              // batches without producer id
inline constexpr int64_t kProducerIdMark = int64_t{1} << 62;  // idempotent batches
inline constexpr int kProducerIdBits = 42;
inline constexpr int64_t kProducerIdMax = (int64_t{1} << kProducerIdBits) - 1;
inline constexpr uint16_t kAttributesMark = 0xFF00;        // transactional batches

// The edit that marks a batch, as a client produced it, for `partition`; nothing when it is
// stored as it is (group 0). Errors: kMalformed for what no client may produce (control batches,
// attribute bits that are ours, what would read as a mark), kLimitExceeded for a producer id of
// more than 42 bits.
Result<std::optional<wire::HeaderEdit>> mark_edit(const wire::BatchView& batch,
                                                  const PartitionRemapper& remapper,
                                                  VirtualPartitionId partition);

// Whose batch it is.
struct BatchOwner {
  enum class Kind : uint8_t {
    kOne,    // `partition`'s
    kEvery,  // a control batch: each virtual partition of the physical one sees it
    kNobody  // the mark names a partition that cannot be here: damaged, or of another mapping
  };
  Kind kind = Kind::kNobody;
  VirtualPartitionId partition{-1};

  bool operator==(const BatchOwner&) const = default;
};

// Reads the mark of a batch that was fetched from `partition`. Unmarked batches, those of direct
// writers and of before the proxy too, belong to group 0.
BatchOwner owner_of(const wire::BatchView& batch, const PartitionRemapper& remapper,
                    PartitionId partition);

// The producer id as the client knows it, and the virtual partition its mark names, if any: for
// DescribeProducers, where there is an id but no batch.
struct MarkedProducer {
  int64_t producer_id;
  std::optional<VirtualPartitionId> partition;
};
MarkedProducer unmark_producer_id(int64_t producer_id);

// The edit that takes the mark off, so that the client reads the bytes that were produced;
// nothing when there is none.
std::optional<wire::HeaderEdit> restore_edit(const wire::BatchView& batch);

}  // namespace odradek::proxy
