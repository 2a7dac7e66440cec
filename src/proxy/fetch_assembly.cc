#include "proxy/fetch_assembly.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace odradek::proxy {

using proto::ErrorCode;
using proto::FetchRequest;
using proto::FetchResponse;

namespace {

// Foreign batches come along, so reads of mapped partitions are large whatever the client asks.
constexpr int64_t kChunkBytesMin = 1 << 20;
constexpr int64_t kChunkBytesMax = 4 << 20;
constexpr int32_t kUpstreamBytesMin = 1 << 20;
constexpr int32_t kUpstreamBytesMax = 16 << 20;
// Of an answer, whatever the client asks for: as brokers do (fetch.max.bytes).
constexpr int32_t kAnswerBytesMax = 55 << 20;

constexpr std::array<uint8_t, 1> kNothing = {};

// The metadata is old where a broker says so.
bool says_moved(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kLeaderNotAvailable:
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kUnknownTopicId:
    case ErrorCode::kInconsistentTopicId:
    case ErrorCode::kFencedLeaderEpoch: return true;
    default: return false;
  }
}

}  // namespace

FetchAssembly::FetchAssembly(const FetchRequest& request, std::span<const ResolvedTopic> topics)
    : request_(&request) {
  budget_.bytes_left = std::min(request.max_bytes, kAnswerBytesMax);
  for (size_t t = 0; t < request.topics.size(); ++t) {
    for (size_t i = 0; i < request.topics[t].partitions.size(); ++i) add(t, i, topics[t]);
  }
}

void FetchAssembly::add(size_t topic, size_t index, const ResolvedTopic& resolved) {
  const auto& asked_topic = request_->topics[topic];
  const auto& asked = asked_topic.partitions[index];
  const auto refuse = [&](ErrorCode code) {
    locations_.push_back({.error = code});
    has_error_ = true;
    has_moved_leader_ = has_moved_leader_ || says_moved(code);
  };
  if (!resolved.ok()) return refuse(resolved.error);
  const std::optional<PhysicalPlace> place = resolved.place(asked.partition);
  if (!place) return refuse(ErrorCode::kUnknownTopicOrPartition);
  const std::optional<int64_t> fetch_offset = resolved.broker_offset(*place, asked.fetch_offset);
  if (!fetch_offset || *fetch_offset < 0) return refuse(ErrorCode::kOffsetOutOfRange);
  const int32_t leader = resolved.leader(place->partition);
  if (leader < 0) return refuse(ErrorCode::kLeaderNotAvailable);

  const std::tuple key{asked_topic.topic, asked_topic.topic_id, place->partition.value()};
  const auto [found, is_new] = part_of_.try_emplace(key, parts_.size());
  if (is_new) {
    Part& made = parts_.emplace_back();
    made.topic = topic;
    made.physical = resolved.physical;
    made.partition = place->partition;
    made.leader = leader;
    made.remapper = resolved.remapper;
  }
  Part& part = parts_[found->second];
  const auto is_same = [&](const Reader& reader) {
    return request_->topics[reader.topic].partitions[reader.index].partition == asked.partition;
  };
  if (std::ranges::any_of(part.readers, is_same)) return refuse(ErrorCode::kInvalidRequest);
  locations_.push_back({.part = found->second, .reader = part.readers.size()});
  Reader& reader = part.readers.emplace_back();
  reader.topic = topic;
  reader.index = index;
  if (resolved.remapper != nullptr) {
    reader.offset_base = resolved.remapper->client_offset_base(place->group);
  }
  part.scans.emplace_back(VirtualPartitionId(asked.partition), Offset(*fetch_offset),
                          asked.partition_max_bytes, reader.offset_base);
  ++untried_;
}

std::vector<int32_t> FetchAssembly::leaders() const {
  std::set<int32_t> ids;
  for (const Part& part : parts_) ids.insert(part.leader);
  return {ids.begin(), ids.end()};
}

std::optional<Offset> FetchAssembly::next_offset(const Part& part) const {
  if (is_full()) return std::nullopt;
  std::optional<Offset> untried;
  std::optional<Offset> any;
  for (size_t i = 0; i < part.readers.size(); ++i) {
    const Reader& reader = part.readers[i];
    const VirtualReader& scan = part.scans[i];
    if (reader.error != ErrorCode{} || scan.is_full() || !reader.records.empty()) continue;
    if (!any || scan.cursor() < *any) any = scan.cursor();
    if (!reader.is_tried && (!untried || scan.cursor() < *untried)) untried = scan.cursor();
  }
  if (untried || has_enough()) return untried;
  return any;
}

// Whose last chunk held no whole batch comes first: a broker gives the first partition of a
// request at least one.
std::vector<FetchAssembly::Read> FetchAssembly::wanted(int32_t leader) const {
  std::vector<Read> reads;
  for (const bool was_cut : {true, false}) {
    for (size_t i = 0; i < parts_.size(); ++i) {
      const Part& part = parts_[i];
      if (part.leader != leader || part.was_cut != was_cut) continue;
      if (const std::optional<Offset> offset = next_offset(part)) reads.push_back({i, *offset});
    }
  }
  return reads;
}

FetchAssembly::Place FetchAssembly::place_of(const Read& read) const {
  const Part& part = parts_[read.part];
  return {.topic = part.physical,
          .partition = part.partition,
          .leader = part.leader,
          .is_mapped = part.remapper != nullptr,
          .end = known_end(part)};
}

std::vector<FetchAssembly::Read> FetchAssembly::reads_ahead(int32_t leader) const {
  const auto has_failed = [](const Reader& reader) {
    return reader.error != ErrorCode{} || reader.diverging_epoch.epoch >= 0;
  };
  std::vector<Read> reads;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    if (part.leader != leader || part.remapper == nullptr) continue;
    if (std::ranges::any_of(part.readers, has_failed)) continue;
    const Offset next = std::ranges::min_element(part.scans, {}, &VirtualReader::cursor)->cursor();
    if (next.value() < known_end(part)) reads.push_back({i, next});
  }
  return reads;
}

bool FetchAssembly::must_hurry(int32_t leader) const {
  if (has_enough()) return true;
  for (const Part& part : parts_) {
    if (part.leader != leader) continue;
    std::optional<Offset> first;
    for (size_t i = 0; i < part.readers.size(); ++i) {
      if (part.readers[i].is_tried) continue;
      if (first && *first != part.scans[i].cursor()) return true;
      first = part.scans[i].cursor();
    }
  }
  return false;
}

int32_t FetchAssembly::chunk_bytes(const Part& part) const {
  int64_t bytes = 0;
  for (const Reader& reader : part.readers) {
    bytes += request_->topics[reader.topic].partitions[reader.index].partition_max_bytes;
  }
  // Several never take the same: what is left when the first has enough is read once more.
  if (part.readers.size() > 1) bytes /= 2;
  if (part.remapper != nullptr) bytes = std::clamp(bytes, kChunkBytesMin, kChunkBytesMax);
  return static_cast<int32_t>(std::clamp<int64_t>(bytes, 0, kUpstreamBytesMax));
}

FetchRequest FetchAssembly::request_of(std::span<const Read> reads, int32_t max_wait_ms,
                                       Arena& arena) const {
  FetchRequest upstream;
  upstream.max_wait_ms = max_wait_ms;
  upstream.min_bytes = 1;
  upstream.max_bytes = std::clamp(request_->max_bytes, kUpstreamBytesMin, kUpstreamBytesMax);
  upstream.isolation_level = request_->isolation_level;
  const auto topics = arena.array<FetchRequest::FetchTopic>(reads.size());
  const auto partitions = arena.array<FetchRequest::FetchPartition>(reads.size());
  for (size_t i = 0; i < reads.size(); ++i) {
    const Part& part = parts_[reads[i].part];
    const auto& asked_topic = request_->topics[part.topic];
    topics[i].topic = asked_topic.topic;
    topics[i].topic_id = asked_topic.topic_id;
    topics[i].partitions = partitions.subspan(i, 1);
    partitions[i].partition = part.partition.value();
    partitions[i].fetch_offset = reads[i].offset.value();
    partitions[i].partition_max_bytes = chunk_bytes(part);
    for (size_t r = 0; r < part.readers.size(); ++r) {
      if (part.scans[r].cursor() != reads[i].offset) continue;
      const auto& asked = request_->topics[part.readers[r].topic].partitions[part.readers[r].index];
      partitions[i].current_leader_epoch = asked.current_leader_epoch;
      // What it fetched last lies before where it began.
      const bool is_begin = part.scans[r].cursor() == part.scans[r].begin();
      if (is_begin) partitions[i].last_fetched_epoch = asked.last_fetched_epoch;
      break;
    }
  }
  upstream.topics = topics;
  return upstream;
}

std::optional<size_t> FetchAssembly::find_part(std::string_view topic, const Uuid& topic_id,
                                               int32_t partition) const {
  const auto found = part_of_.find({topic, topic_id, partition});
  return found == part_of_.end() ? std::nullopt : std::optional(found->second);
}

void FetchAssembly::mark_tried(Reader& reader) {
  if (reader.is_tried) return;
  reader.is_tried = true;
  --untried_;
}

void FetchAssembly::fail_reader(Reader& reader, ErrorCode code) {
  reader.error = code;
  has_error_ = true;
  has_moved_leader_ = has_moved_leader_ || says_moved(code);
  mark_tried(reader);
}

void FetchAssembly::fail(const Read& read, ErrorCode code) {
  for (Reader& reader : parts_[read.part].readers) fail_reader(reader, code);
}

void FetchAssembly::note(Part& part, const PartitionData& data) {
  part.high_watermark = data.high_watermark;
  part.last_stable_offset = data.last_stable_offset;
  part.log_start_offset = data.log_start_offset;
}

void FetchAssembly::apply(const Read& read, const PartitionData& data, const Slice& frame,
                          Origin origin) {
  const int64_t scanned_before = stats_.scanned_bytes;
  apply_data(read, data, frame);
  if (origin == Origin::kShared) stats_.scanned_bytes = scanned_before;
}

void FetchAssembly::apply_data(const Read& read, const PartitionData& data, const Slice& frame) {
  Part& part = parts_[read.part];
  const ErrorCode error = proto::error_code(data.error_code);
  if (error != ErrorCode{}) {
    // Out of range is the place, not the partition: readers elsewhere are not concerned.
    const bool is_place = error == ErrorCode::kOffsetOutOfRange;
    for (size_t i = 0; i < part.readers.size(); ++i) {
      if (is_place && part.scans[i].cursor() != read.offset) continue;
      fail_reader(part.readers[i], error);
    }
    return;
  }
  note(part, data);
  if (data.diverging_epoch.epoch >= 0) {
    for (size_t i = 0; i < part.readers.size(); ++i) {
      if (part.scans[i].cursor() != read.offset) continue;
      part.readers[i].diverging_epoch = data.diverging_epoch;
      mark_tried(part.readers[i]);
    }
    has_error_ = true;  // to be told at once
    return;
  }
  if (part.remapper == nullptr) {
    apply_whole(part, read.offset, data, frame);
  } else {
    apply_scan(part, read.offset, data, frame);
  }
}

// Since the last call.
bool FetchAssembly::took_little(size_t frame_bytes) {
  const auto taken = static_cast<size_t>(stats_.taken_bytes - kept_bytes_);
  kept_bytes_ = stats_.taken_bytes;
  return is_worth_a_copy(taken, frame_bytes);
}

void FetchAssembly::keep(size_t frame_bytes) {
  const bool copies = took_little(frame_bytes);
  for (Part& part : parts_) {
    for (VirtualReader& scan : part.scans) scan.keep(copies);
  }
}

void FetchAssembly::keep(const Read& read, size_t frame_bytes) {
  const bool copies = took_little(frame_bytes);
  for (VirtualReader& scan : parts_[read.part].scans) scan.keep(copies);
}

void FetchAssembly::add_aborted(Reader& reader, const PartitionData& data) {
  if (data.aborted_transactions.data() == nullptr) return;
  reader.has_aborted = true;
  for (const auto& aborted : data.aborted_transactions) {
    reader.aborted.insert({aborted.first_offset, aborted.producer_id});
  }
}

void FetchAssembly::apply_whole(Part& part, Offset from, const PartitionData& data,
                                const Slice& frame) {
  Reader& reader = part.readers.front();
  if (part.scans.front().cursor() != from || !reader.records.empty()) return;
  mark_tried(reader);
  add_aborted(reader, data);
  if (data.records.bytes.empty()) return;
  reader.records.push_back(frame.share(data.records.bytes));
  const auto bytes = static_cast<int64_t>(data.records.bytes.size());
  taken_bytes_ += bytes;
  stats_.scanned_bytes += bytes;
  stats_.taken_bytes += bytes;
  budget_.is_empty = false;
  budget_.bytes_left -= bytes;
}

// The aborted transactions of an answer are those from the read's offset on. A reader that stands
// further on must not be told of one that ended before: it would wait for an abort marker that is
// behind it, and drop what the producer wrote since.
void FetchAssembly::apply_scan(Part& part, Offset from, const PartitionData& data,
                               const Slice& frame) {
  const Coverage coverage =
      data.aborted_transactions.empty() ? Coverage::kAll : Coverage::kFromHere;
  std::vector<Offset> before;
  before.reserve(part.scans.size());
  for (const VirtualReader& scan : part.scans) before.push_back(scan.cursor());
  const ScanResult found =
      ChunkScan(*part.remapper, part.partition)
          .scan(frame.share(data.records.bytes), from, coverage, part.scans, budget_);
  part.was_cut = found.was_cut && found.scanned_bytes == 0;
  for (size_t i = 0; i < part.readers.size(); ++i) {
    Reader& reader = part.readers[i];
    const bool stood_here = before[i] == from;
    const bool moved = part.scans[i].cursor() > before[i] || part.scans[i].is_full();
    if (stood_here || moved) add_aborted(reader, data);
    if (stood_here && found.is_corrupt && !moved) fail_reader(reader, ErrorCode::kCorruptMessage);
    if (moved || (stood_here && !part.was_cut)) mark_tried(reader);
  }
  taken_bytes_ += found.taken_bytes;
  stats_.scanned_bytes += found.scanned_bytes;
  stats_.taken_bytes += found.taken_bytes;
  stats_.mark_errors += found.mark_errors;
}

void FetchAssembly::answer(const Location& at, PartitionData& into, Arena& arena) {
  into.high_watermark = -1;
  into.records.bytes = Bytes(kNothing).first(0);
  into.aborted_transactions = {};
  into.error_code = proto::to_number(at.error);
  if (at.error != ErrorCode{}) return;
  Part& part = parts_[at.part];
  Reader& reader = part.readers[at.reader];
  into.error_code = proto::to_number(reader.error);
  if (reader.error != ErrorCode{}) return;
  const auto shown = [&reader](int64_t offset) {
    return offset < 0 ? offset : offset + reader.offset_base;
  };
  into.high_watermark = shown(part.high_watermark);
  into.last_stable_offset = shown(part.last_stable_offset);
  into.log_start_offset = shown(part.log_start_offset);
  into.diverging_epoch = reader.diverging_epoch;
  into.diverging_epoch.end_offset = shown(reader.diverging_epoch.end_offset);
  if (part.remapper != nullptr) {
    VirtualReader& scan = part.scans[at.reader];
    if (scan.needs_filler()) ++stats_.fillers;
    reader.records = scan.finish();
  }
  into.records.slices = reader.records;
  if (!reader.has_aborted) return;
  const auto aborted = arena.array<FetchResponse::AbortedTransaction>(reader.aborted.size());
  size_t n = 0;
  for (const auto& [first_offset, producer_id] : reader.aborted) {
    aborted[n].producer_id = producer_id;
    aborted[n++].first_offset = shown(first_offset);
  }
  into.aborted_transactions = aborted;
}

FetchResponse FetchAssembly::response(Arena& arena) {
  FetchResponse response;
  response.throttle_time_ms = throttle_ms_;
  const auto topics = arena.array<FetchResponse::FetchableTopicResponse>(request_->topics.size());
  const auto partitions = arena.array<PartitionData>(locations_.size());
  size_t at = 0;
  for (size_t t = 0; t < topics.size(); ++t) {
    const auto& asked = request_->topics[t];
    const size_t first = at;
    for (const auto& partition : asked.partitions) {
      partitions[at].partition_index = partition.partition;
      answer(locations_[at], partitions[at], arena);
      ++at;
    }
    topics[t].topic = asked.topic;
    topics[t].topic_id = asked.topic_id;
    topics[t].partitions = partitions.subspan(first, at - first);
  }
  response.responses = topics;
  return response;
}

}  // namespace odradek::proxy
