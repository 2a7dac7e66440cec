#include "backup/inspect/validate.h"

#include <fmt/format.h>

#include <set>

#include "backup/archive/archive_json.h"
#include "backup/format/segment_reader.h"
#include "wire/record_iterator.h"

namespace odradek::backup {
namespace {

bool is_damage(const Error& error) {
  switch (error.code()) {
    case Errc::kMalformed:
    case Errc::kChecksum:
    case Errc::kNotFound:
    case Errc::kUnsupported: return true;
    default: return false;  // the store itself failed: that says nothing about the archive
  }
}

// Every record decodes, and the index knows its batch's smallest timestamp.
Result<void> check_records(SegmentReader& reader) {
  wire::Decompressor decompressor;
  Buffer scratch;
  const auto& batches = reader.index().batches;
  Slice frame;
  for (size_t i = 0; i < batches.size(); ++i) {
    const BatchEntry& entry = batches[i];
    if (i == 0 || entry.frame != batches[i - 1].frame) {
      ODK_TRY(frame, reader.read_frame(entry.frame));
    }
    ODK_TRY(const Slice bytes, reader.batch(frame, i));
    ODK_TRY(const wire::BatchView batch, wire::BatchView::parse(bytes.bytes()));
    ODK_TRY(const Bytes records, wire::records_of(batch, decompressor, scratch));
    wire::RecordCursor cursor(batch, records);
    TimestampMs smallest = batch.max_timestamp();
    while (const wire::RecordView* record = cursor.next()) {
      smallest = std::min(smallest, record->timestamp_ms);
    }
    ODK_TRY_VOID(cursor.status());
    if (smallest != entry.min_timestamp || batch.max_timestamp() != entry.max_timestamp) {
      return Error(Errc::kMalformed,
                   fmt::format("object {}: batch at offset {} has other timestamps than the index",
                               reader.key(), entry.base_offset));
    }
  }
  return {};
}

class Validation {
 public:
  Validation(store::ObjectStore& store, ValidateDepth depth) : store_(&store), depth_(depth) {}

  Result<ValidationReport> run(const ArchiveKeys& keys) {
    const Result<ArchiveState> state = read_archive(*store_, keys);
    if (!state) {
      ODK_TRY_VOID(found(state.error()));
      return std::move(report_);
    }
    if (state->through_commit == 0) {
      return Error(Errc::kNotFound,
                   fmt::format("{} has no backup {}", store_->describe(), keys.backup_id()));
    }
    for (const auto& [key, topic] : state->topics) {
      for (const auto& [id, partition] : topic.partitions) {
        ODK_TRY_VOID(check_partition(topic, partition));
      }
    }
    if (!state->groups_key.empty()) ODK_TRY_VOID(check_groups(state->groups_key));
    ODK_TRY_VOID(count_orphans(keys));
    return std::move(report_);
  }

 private:
  // Notes damage and goes on; a failing store ends the validation.
  Result<void> found(const Error& error) {
    if (!is_damage(error)) return error;
    report_.findings.push_back(error.to_string());
    return {};
  }

  Result<void> check_partition(const TopicState& topic, const PartitionState& partition) {
    for (const SegmentRef& segment : partition.segments) {
      named_.insert(segment.key);
      const Result<void> checked = check_segment(topic, partition, segment);
      if (!checked) ODK_TRY_VOID(found(checked.error()));
      ++report_.segments;
      report_.records += segment.record_count;
      report_.raw_bytes += segment.raw_bytes;
      report_.stored_bytes += segment.stored_bytes;
    }
    return {};
  }

  Result<void> check_segment(const TopicState& topic, const PartitionState& partition,
                             const SegmentRef& segment) {
    ODK_TRY(const std::unique_ptr<SegmentReader> reader, SegmentReader::open(*store_, segment.key));
    const SegmentHeader& header = reader->header();
    const SegmentRef actual = segment_ref(segment.key, reader->object_bytes(), reader->footer());
    if (actual != segment || header.topic != topic.facts.name || header.partition != partition.id ||
        header.incarnation != topic.facts.incarnation) {
      return Error(Errc::kMalformed,
                   fmt::format("object {} is not the segment that {}-{} needs from offset {}",
                               segment.key, topic.facts.name, partition.id, segment.covered_start));
    }
    if (depth_ == ValidateDepth::kShallow) return {};
    ODK_TRY_VOID(reader->verify());
    return check_records(*reader);
  }

  Result<void> check_groups(const std::string& key) {
    const Result<GroupsSnapshot> groups = read_groups(*store_, key);
    if (!groups) return found(groups.error());
    return {};
  }

  Result<void> count_orphans(const ArchiveKeys& keys) {
    ODK_TRY(const std::vector<store::ObjectInfo> objects,
            store_->list(keys.backup_id() + "/topics/"));
    for (const store::ObjectInfo& object : objects) {
      if (!named_.contains(object.key)) ++report_.orphans;
    }
    return {};
  }

  store::ObjectStore* store_;
  ValidateDepth depth_;
  std::set<std::string> named_;
  ValidationReport report_;
};

}  // namespace

Result<ValidationReport> validate(store::ObjectStore& store, const ArchiveKeys& keys,
                                  ValidateDepth depth) {
  return Validation(store, depth).run(keys);
}

}  // namespace odradek::backup
