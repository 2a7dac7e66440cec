#include "backup/cli/restore_settings.h"

#include <fmt/format.h>

#include <limits>

#include "config/value.h"

namespace odradek::backup {
namespace {

Result<int32_t> parse_partition(std::string_view text, std::string_view key) {
  const Result<int64_t> number =
      config::parse_integer(text, 0, std::numeric_limits<int32_t>::max());
  if (!number) {
    return Error(Errc::kConfig, fmt::format("{}: {}", key, number.error().message()));
  }
  return static_cast<int32_t>(*number);
}

Result<TimestampMs> parse_bound(const std::string& text, std::string_view key, TimestampMs unset) {
  if (text.empty()) return unset;
  Result<TimestampMs> time = parse_time(text);
  if (!time) return Error(Errc::kConfig, fmt::format("{}: {}", key, time.error().message()));
  return time;
}

void declare_selection(config::Binder& binder, RestoreSettings& s) {
  binder.add("restore.topic_mapping", s.topic_mapping, "archived topic: topic to restore it as");
  binder.add("restore.partition_mapping", s.partition_mapping,
             "archived partition: partition to restore it as, of every topic");
  binder.add("restore.source_partitions", s.source_partitions,
             "archived partitions to restore; all without");
  binder.choice(
      "restore.repartitioning.strategy", s.repartitioning,
      {{"none", Spread::kNone}, {"murmur2", Spread::kByKey}, {"round_robin", Spread::kRoundRobin}},
      "spread the records of a topic anew: by key as Java's producer, or evenly");
  binder.add("restore.repartitioning.topics", s.repartitioned_topics,
             "archived topic: number of partitions; \"*\" for all others");
  binder.add("restore.time_window_start", s.time_window_start,
             "records from this time on: milliseconds since the epoch or RFC 3339");
  binder.add("restore.time_window_end", s.time_window_end, "records up to this time, it included");
  binder.choice("restore.time_basis", s.time_basis,
                {{"record", TimeBasis::kRecord}, {"log", TimeBasis::kLog}},
                "keep each record by its own time, or cut each partition where the first later "
                "record lies");
  binder.add("restore.restore_point", s.restore_point,
             "restore point of the archive: commit number, label, time, or latest");
  binder.add("restore.include_aborted", s.include_aborted,
             "also records of aborted transactions, where the archive has them");
}

void declare_writing(config::Binder& binder, RestoreSettings& s) {
  binder.choice(
      "restore.coalesce", s.coalesce,
      {{"auto", Coalesce::kAuto}, {"always", Coalesce::kAlways}, {"never", Coalesce::kNever}},
      "join small batches into larger ones: where they would starve the connection, "
      "always, never");
  binder.add("restore.include_original_offset_header", s.include_original_offset_header,
             "add the headers x-original-offset, x-original-timestamp, x-source-partition and "
             "x-source-cluster");
  binder.add("restore.strip_offset_headers", s.strip_offset_headers,
             "remove those headers where records bring them");
  binder
      .add("restore.rate_limit_bytes_per_sec", s.rate_limit_bytes_per_sec,
           "bytes produced a second, of all partitions together; 0: no limit")
      .range(0, INT64_MAX);
  binder
      .add("restore.rate_limit_records_per_sec", s.rate_limit_records_per_sec,
           "records produced a second; 0: no limit")
      .range(0, INT64_MAX);
  binder
      .add("restore.max_concurrent_partitions", s.max_concurrent_partitions,
           "partitions restored at once")
      .range(1, 256);
}

}  // namespace

void declare_restore(config::Binder& binder, RestoreSettings& s) {
  binder.add("restore.restore_id", s.restore_id,
             "name of the restore in the archive; found or made up without");
  binder.add("restore.dry_run", s.dry_run, "print the plan, change nothing");
  declare_selection(binder, s);
  binder.add("restore.replication_factor", s.replication_factor,
             "for topics that are created; the archived one without");
  binder.choice(
      "restore.if_exists", s.if_exists,
      {{"fail", IfExists::kFail}, {"append", IfExists::kAppend}, {"purge", IfExists::kPurge}},
      "a target topic that has records: stop, write behind them, delete them first");
  binder.choice("restore.expired_data", s.expired_data,
                {{"refuse", ExpiredData::kRefuse},
                 {"drop", ExpiredData::kDrop},
                 {"hold", ExpiredData::kHold},
                 {"keep", ExpiredData::kKeep}},
                "when the target's retention would delete restored records: stop, leave them out, "
                "leave retention off, or let it happen");
  declare_writing(binder, s);
  binder.choice(
      "restore.verify_after", s.verify_after,
      {{"full", VerifyAfter::kFull}, {"sample", VerifyAfter::kSample}, {"off", VerifyAfter::kOff}},
      "read everything, or a part, back and compare");
  binder.add("restore.verify_sample_percent", s.verify_sample_percent, "how much a sample reads")
      .range(0.0, 100.0);
}

Result<RestoreOptions> restore_options(const std::string& backup_id, const ClusterSettings& target,
                                       const RestoreSettings& s) {
  ODK_TRY(NameFilter topics, NameFilter::make(target.topics_include, target.topics_exclude));
  ODK_TRY(NameFilter groups, NameFilter::make(target.groups_include, target.groups_exclude));
  RestoreOptions options;
  options.topics = std::move(topics);
  options.groups = std::move(groups);
  options.backup_id = backup_id;
  options.restore_id = s.restore_id;
  options.topic_mapping = s.topic_mapping;
  for (const auto& [from, to] : s.partition_mapping) {
    ODK_TRY(const int32_t source, parse_partition(from, "restore.partition_mapping"));
    ODK_TRY(options.partition_mapping[source], parse_partition(to, "restore.partition_mapping"));
  }
  for (const std::string& text : s.source_partitions) {
    ODK_TRY(const int32_t partition, parse_partition(text, "restore.source_partitions"));
    options.source_partitions.insert(partition);
  }
  options.spread = s.repartitioning;
  for (const auto& [topic, count] : s.repartitioned_topics) {
    ODK_TRY(options.spread_topics[topic], parse_partition(count, "restore.repartitioning.topics"));
  }
  ODK_TRY(options.window.start,
          parse_bound(s.time_window_start, "restore.time_window_start", INT64_MIN));
  ODK_TRY(options.window.end, parse_bound(s.time_window_end, "restore.time_window_end", INT64_MAX));
  if (options.window.start > options.window.end) {
    return Error(Errc::kConfig, "restore.time_window_start lies behind time_window_end");
  }
  options.replication_factor = s.replication_factor;
  options.time_basis = s.time_basis;
  options.restore_point = s.restore_point;
  options.if_exists = s.if_exists;
  options.expired_data = s.expired_data;
  options.verify = s.verify_after;
  options.sample_percent = s.verify_sample_percent;
  options.coalesce = s.coalesce;
  options.adds_offset_headers = s.include_original_offset_header;
  options.strips_offset_headers = s.strip_offset_headers;
  options.keeps_aborted = s.include_aborted;
  options.limits = {static_cast<uint64_t>(s.rate_limit_bytes_per_sec),
                    static_cast<uint64_t>(s.rate_limit_records_per_sec)};
  options.partitions_at_once = s.max_concurrent_partitions;
  return options;
}

}  // namespace odradek::backup
