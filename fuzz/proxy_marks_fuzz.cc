// Whatever a log holds, as the proxy reads it: owners of batches, marks put on and taken off,
// chunks scanned for several readers, offsets looked up by time. First byte: the mapping.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "proxy/remap/batch_mark.h"
#include "proxy/remap/chunk_scan.h"
#include "proxy/remap/timestamp_scan.h"

namespace odradek::proxy {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<uint8_t> edited(const wire::BatchView& batch, const wire::HeaderEdit& edit) {
  const wire::HeaderBytes header = wire::edited_header(batch, edit);
  std::vector<uint8_t> bytes(header.begin(), header.end());
  const Bytes records = batch.stored_records();
  bytes.insert(bytes.end(), records.begin(), records.end());
  return bytes;
}

// What is accepted must be read back as the same partition's, and restored to the same bytes.
void mark_and_restore(const wire::BatchView& batch, const PartitionRemapper& remapper,
                      VirtualPartitionId partition) {
  const auto edit = mark_edit(batch, remapper, partition);
  if (!edit || !*edit) return;
  const bool was_whole = batch.verify_crc().has_value();
  const std::vector<uint8_t> stored = edited(batch, **edit);
  const wire::BatchView found = *wire::BatchView::parse(stored);
  require(found.verify_crc().has_value() == was_whole);
  const BatchOwner owner = owner_of(found, remapper, remapper.physical_of(partition));
  require(owner == BatchOwner{BatchOwner::Kind::kOne, partition});
  const auto restore = restore_edit(found);
  require(restore.has_value());
  const std::vector<uint8_t> restored = edited(found, *restore);
  // Without a producer id the epoch and sequence are not kept, where a client set them at all.
  const bool is_plain =
      !batch.has_producer() && (batch.producer_epoch() != wire::kNoProducerEpoch ||
                                batch.base_sequence() != wire::kNoSequence);
  require(is_plain || std::ranges::equal(restored, batch.bytes()));
}

void scan(const Slice& chunk, const PartitionRemapper& remapper, uint8_t shape) {
  std::vector<VirtualReader> readers;
  for (const VirtualPartitionId v : remapper.virtual_partitions_for_physical(PartitionId(0))) {
    readers.emplace_back(v, Offset(v.value() * (shape % 3)), int64_t{shape} * 16);
  }
  AnswerBudget budget{.bytes_left = int64_t{shape} * 64};
  const Coverage coverage = shape % 2 == 0 ? Coverage::kAll : Coverage::kFromHere;
  const ChunkScan scanner(remapper, PartitionId(0));
  (void)scanner.scan(chunk, Offset(0), coverage, readers, budget);
  for (VirtualReader& reader : readers) {
    SliceChain answer;
    const int64_t end = reader.cursor().value();
    for (Slice& piece : reader.finish()) answer.append(std::move(piece));
    const Slice bytes = answer.flatten();
    int64_t position = -1;
    const auto rest = wire::for_each_batch(bytes.bytes(), [&](const wire::BatchView& batch) {
      position = std::max(position, batch.next_offset());
    });
    require(rest.has_value() && rest->empty());
    require(position <= end);
  }
}

}  // namespace
}  // namespace odradek::proxy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace odradek;
  using namespace odradek::proxy;
  if (size == 0) return 0;
  const uint8_t shape = data[0];
  const int32_t physical = 1 + shape % 4;
  const int32_t groups = 1 + shape / 4 % 8;
  const PartitionRemapper remapper = *PartitionRemapper::create(
      {.virtual_partitions = physical * groups, .physical_partitions = physical});
  const Slice chunk = Slice::copy_of(Bytes(data + 1, size - 1));
  const VirtualPartitionId partition(shape % (physical * groups));
  (void)wire::for_each_batch(chunk.bytes(), [&](const wire::BatchView& batch) {
    for (int32_t p = 0; p < physical; ++p) (void)owner_of(batch, remapper, PartitionId(p));
    (void)restore_edit(batch);
    mark_and_restore(batch, remapper, partition);
  });
  scan(chunk, remapper, shape);
  TimestampScan times(remapper, partition, shape, Offset(shape));
  (void)times.scan(chunk.bytes());
  return 0;
}
