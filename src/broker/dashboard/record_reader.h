#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/dashboard/inside.h"
#include "proto/messages/fetch_response.h"
#include "wire/control_record.h"
#include "wire/record_batch.h"
#include "wire/record_iterator.h"

namespace odradek::broker::dashboard {

// What became of a record's transaction.
enum class TxnFate : uint8_t { kNone, kCommitted, kOpen, kAborted };

// One record as people are shown it. Views; valid during the visit.
struct SeenRecord {
  int32_t partition = 0;
  const wire::BatchView* batch = nullptr;
  const wire::RecordView* record = nullptr;  // null: the batch cannot be read
  std::string_view fault;                    // why not
  std::optional<wire::ControlType> control;  // a marker
  TxnFate fate = TxnFate::kNone;

  int64_t offset() const { return record != nullptr ? record->offset : batch->base_offset(); }
  int64_t timestamp_ms() const {
    return record != nullptr ? record->timestamp_ms : batch->max_timestamp();
  }
};

// Reads records of a topic by Fetch, one answer after the other, so that others have their turn
// in between. One loop.
class RecordReader {
 public:
  // Batches that unpack to more than this are told as unreadable.
  static constexpr size_t kUnpackedBytesMax = size_t{32} << 20U;

  struct Range {
    int32_t partition = 0;
    int64_t from = 0;   // the first offset wanted
    int64_t until = 0;  // no offset at or behind it
  };
  using Visit = std::function<void(const SeenRecord&)>;

  RecordReader(InsideClient& client, std::string topic)
      : client_(client), topic_(std::move(topic)) {}

  // Visits the records of one answer, in order, and gives where to go on: `until` at the end, more
  // than `from` otherwise. Errors: kServer as Fetch has them, for example OFFSET_OUT_OF_RANGE.
  io::Task<Result<int64_t>> read(Range range, const Visit& visit);

  // What one Fetch of several partitions gave; offsets advance in `positions`.
  struct Position {
    int32_t partition = 0;
    int64_t offset = 0;
  };
  // Waits up to `wait_ms` for records behind the positions, and visits those that came.
  io::Task<Result<void>> follow(std::vector<Position>& positions, int32_t wait_ms,
                                const Visit& visit);

  uint64_t bytes_read() const { return bytes_read_; }

 private:
  using PartitionData = proto::FetchResponse::PartitionData;
  using Answer = rpc::Decoded<proto::FetchResponse>;
  struct Ask {
    std::span<const Position> positions;
    int32_t wait_ms = 0;
    int32_t partition_bytes = 0;
    bool read_committed = false;
  };
  io::Task<Result<Answer>> fetch(Ask ask);
  // Of aborted transactions: where they begin in the log, by producer.
  struct Fates {
    int64_t last_stable_offset = INT64_MAX;
    std::multimap<int64_t, int64_t> aborted;  // first offset, producer id
  };
  io::Task<Result<Fates>> fates(Position position);
  Result<int64_t> visit_all(const PartitionData& data, Range range, Fates fates,
                            const Visit& visit);
  void visit_batch(const wire::BatchView& batch, Range range, TxnFate fate, const Visit& visit);

  InsideClient& client_;
  std::string topic_;
  wire::Decompressor decompressor_;
  Buffer scratch_;
  uint64_t bytes_read_ = 0;
};

}  // namespace odradek::broker::dashboard
