#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/slice.h"
#include "odradek/record_batch.h"
#include "wire/codec.h"

namespace odradek::client {

struct AbortedTransaction {
  int64_t producer_id;
  int64_t first_offset;
};

// What one fetch brought for one partition, not looked into but for the batch headers: record
// batches as they came. Decoding is left to who takes it, so that it costs the program's thread.
struct FetchedChunk {
  std::shared_ptr<const std::string> topic;
  int32_t partition = -1;
  uint64_t assignment_epoch = 0;  // of the partition when asked: a seek makes the chunk void
  Slice batches;                  // whole batches
  int64_t first_offset = 0;       // earlier records of the first batch are not wanted
  int64_t next_offset = 0;        // behind the last batch
  int64_t high_watermark = -1;
  std::vector<AbortedTransaction> aborted;  // read_committed only
  bool read_committed = false;
};

struct DecodeOptions {
  bool check_crc = true;
};

// One per consumer: keeps codec contexts and memory between chunks. One thread at a time.
class ChunkDecoder {
 public:
  explicit ChunkDecoder(const DecodeOptions& options) : options_(options) {}

  // Checks the CRCs, decompresses, and indexes the records the program is to see: without control
  // records, aborted transactions and what lies before first_offset. The batch may be empty.
  // Errors: kChecksum, kMalformed, kUnsupported, with topic, partition and offset.
  Result<kafka::RecordBatch> decode(FetchedChunk chunk);

 private:
  DecodeOptions options_;
  wire::Decompressor decompressor_;
};

// What a run of batches from a fetch holds.
struct ChunkExtent {
  Bytes whole;  // the batches that are whole
  int64_t next_offset = 0;  // behind the last of them
  size_t batch_count = 0;
  int32_t leader_epoch = -1;  // of the last of them
};
// Walks batch headers only. kMalformed; kLimitExceeded when not even one batch is whole.
Result<ChunkExtent> measure_chunk(Bytes records, int64_t fetch_offset);

}  // namespace odradek::client

namespace odradek::kafka {

// The memory behind a RecordBatch.
class RecordBatch::Content {
 public:
  Slice fetched;  // batches as they came
  std::vector<Slice> unpacked;  // decompressed record sections
  std::vector<RecordView> records;
  std::shared_ptr<const std::string> topic;
  int32_t partition = -1;
  int32_t leader_epoch = -1;
  int64_t next_offset = 0;
  int64_t high_watermark = -1;
};

}  // namespace odradek::kafka
