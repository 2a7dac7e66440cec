#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/slice.h"
#include "proto/error_code.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "proxy/remap/chunk_scan.h"
#include "proxy/topic_resolver.h"

namespace odradek::proxy {

// One client Fetch while its answer is put together: which reads of physical partitions it needs,
// what they gave, and when there is enough. All virtual partitions of one physical partition that
// stand at the same place are served by one read. Sans I/O; lives for one request.
class FetchAssembly {
 public:
  // A physical partition that the client reads, whole or through some virtual ones.
  struct Read {
    size_t part = 0;
    Offset offset{0};
    bool operator==(const Read&) const = default;
  };

  // topics[i] resolves request.topics[i]; the request outlives the assembly.
  FetchAssembly(const proto::FetchRequest& request, std::span<const ResolvedTopic> topics);

  // Broker ids whose partitions are read.
  std::vector<int32_t> leaders() const;
  // The next read of each partition this broker leads; empty when it has nothing to add. Once the
  // client's min_bytes are there, only for readers that have not had a read yet.
  std::vector<Read> wanted(int32_t leader) const;
  // Where the client will go on in partitions of this broker that have more, once it has what was
  // taken so far. Unmapped ones are left out.
  std::vector<Read> reads_ahead(int32_t leader) const;
  // True when a partition of this broker has readers at several places that all have to be tried
  // soon, so that a read must not wait for new data.
  bool must_hurry(int32_t leader) const;

  // What a read is about.
  struct Place {
    const cluster::Topic* topic = nullptr;
    PartitionId partition{-1};
    int32_t leader = -1;
    bool is_mapped = false;
    // Where the log ends for this client, as far as it is known; -1 before the first answer.
    int64_t end = -1;
  };
  Place place_of(const Read& read) const;

  // The upstream request for the reads. Its views live as long as `arena` and the client's request.
  proto::FetchRequest request_of(std::span<const Read> reads, int32_t max_wait_ms,
                                 Arena& arena) const;
  // Gives the answer of one read to the readers it covers; `frame` holds its records. What other
  // clients share was counted when it was read.
  enum class Origin : uint8_t { kOwn, kShared };
  void apply(const Read& read, const proto::FetchResponse::PartitionData& data, const Slice& frame,
             Origin origin = Origin::kOwn);
  // All reads of one upstream answer were applied. What was taken of it keeps the whole of it in
  // memory, unless that is little: then it is copied.
  void keep(size_t frame_bytes);
  // Likewise for one read that came on its own.
  void keep(const Read& read, size_t frame_bytes);
  // The read failed as a whole.
  void fail(const Read& read, proto::ErrorCode code);
  void add_throttle(int32_t throttle_ms) { throttle_ms_ = std::max(throttle_ms_, throttle_ms); }

  // The part of a partition in the answer of an upstream request; nothing when it is not read.
  std::optional<size_t> find_part(std::string_view topic, const Uuid& topic_id,
                                  int32_t partition) const;

  // Enough to answer: min_bytes are there or something is to be told, and every reader had a read.
  bool is_complete() const { return is_full() || (has_enough() && untried_ == 0); }
  bool all_tried() const { return untried_ == 0; }
  size_t untried() const { return untried_; }  // readers that have not had a read yet
  bool is_full() const { return !budget_.is_empty && budget_.bytes_left <= 0; }
  bool has_enough() const { return has_error_ || taken_bytes_ >= request_->min_bytes; }
  bool has_moved_leader() const { return has_moved_leader_; }

  // In the client's order, with the client's partition numbers. Ends the assembly; what it views
  // lives as long as the assembly and `arena`.
  proto::FetchResponse response(Arena& arena);

  struct Stats {
    int64_t scanned_bytes = 0;
    int64_t taken_bytes = 0;
    int64_t mark_errors = 0;
    int64_t fillers = 0;
  };
  const Stats& stats() const { return stats_; }

 private:
  using PartitionData = proto::FetchResponse::PartitionData;

  // One partition of the client's request.
  struct Reader {
    size_t topic = 0;
    size_t index = 0;  // in the topic's partitions
    proto::ErrorCode error{};
    bool is_tried = false;
    std::vector<Slice> records;  // filled at the end; for unmapped topics as they come
    std::set<std::pair<int64_t, int64_t>> aborted{};  // first offset, producer id
    int64_t offset_base = 0;  // added to offsets in the answer
    bool has_aborted = false;  // null otherwise
    proto::FetchResponse::EpochEndOffset diverging_epoch{};
  };
  struct Part {
    size_t topic = 0;
    const cluster::Topic* physical = nullptr;
    PartitionId partition{-1};
    int32_t leader = -1;
    const PartitionRemapper* remapper = nullptr;
    std::vector<Reader> readers;
    std::vector<VirtualReader> scans;  // beside `readers`
    bool was_cut = false;  // the last chunk held no whole batch
    int64_t high_watermark = -1;
    int64_t last_stable_offset = -1;
    int64_t log_start_offset = -1;
  };
  // Where a partition of the client's request went.
  struct Location {
    size_t part = 0;
    size_t reader = 0;
    proto::ErrorCode error{};  // then it has no part
  };

  void add(size_t topic, size_t index, const ResolvedTopic& resolved);
  std::optional<Offset> next_offset(const Part& part) const;
  int32_t chunk_bytes(const Part& part) const;
  int64_t known_end(const Part& part) const {
    return request_->isolation_level != 0 ? part.last_stable_offset : part.high_watermark;
  }
  static void note(Part& part, const PartitionData& data);
  static void add_aborted(Reader& reader, const PartitionData& data);
  bool took_little(size_t frame_bytes);
  void mark_tried(Reader& reader);
  void fail_reader(Reader& reader, proto::ErrorCode code);
  void apply_data(const Read& read, const PartitionData& data, const Slice& frame);
  void apply_whole(Part& part, Offset from, const PartitionData& data, const Slice& frame);
  void apply_scan(Part& part, Offset from, const PartitionData& data, const Slice& frame);
  void answer(const Location& at, PartitionData& into, Arena& arena);

  const proto::FetchRequest* request_;
  std::vector<Part> parts_;
  std::map<std::tuple<std::string_view, Uuid, int32_t>, size_t> part_of_;
  std::vector<Location> locations_;  // in request order
  AnswerBudget budget_;
  int64_t taken_bytes_ = 0;
  int64_t kept_bytes_ = 0;  // of stats_.taken_bytes
  size_t untried_ = 0;
  int32_t throttle_ms_ = 0;
  bool has_error_ = false;
  bool has_moved_leader_ = false;
  Stats stats_;
};

}  // namespace odradek::proxy
