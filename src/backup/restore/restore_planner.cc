#include "backup/restore/restore_planner.h"

#include <fmt/format.h>

#include <algorithm>

#include "backup/restore/log_cut.h"

namespace odradek::backup {

RestorePlanner::RestorePlanner(cluster::Cluster& cluster, store::ObjectStore& store,
                               io::WorkerPool& workers, Clock& clock, const ArchiveKeys& keys,
                               const RestoreOptions& options, const ArchiveState& archive,
                               const PointInArchive* point, const RestoreState* resumed)
    : cluster_(&cluster),
      store_(&store),
      workers_(&workers),
      clock_(&clock),
      keys_(&keys),
      options_(&options),
      archive_(&archive),
      point_(point),
      resumed_(resumed),
      source_(cluster),
      target_(cluster) {}

io::Task<Result<RestorePlan>> RestorePlanner::plan() {
  plan_.restore_id = resumed_ != nullptr ? resumed_->restore_id : options_->restore_id;
  plan_.goes_on = resumed_ != nullptr;
  ODK_CO_TRY_VOID(select_topics());
  check_same_target();
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster_->refresh({}, cluster_->request_deadline()));
  brokers_ = metadata->brokers.size();
  ODK_CO_TRY(can_alter_configs_, co_await target_.can_alter_configs());
  for (TopicPlan& topic : plan_.topics) {
    ODK_CO_TRY_VOID(co_await workers_->run([this, &topic] { return read_content(topic); }));
  }
  ODK_CO_TRY_VOID(co_await decide_coalescing());
  for (TopicPlan& topic : plan_.topics) {
    ODK_CO_TRY_VOID(co_await plan_target(topic));
  }
  co_return plan_;
}

// The newest incarnation of each topic, or the one at the restore point.
std::map<std::string, const TopicState*> RestorePlanner::topics_of_archive() const {
  std::map<std::string, const TopicState*> topics;
  for (const auto& [key, topic] : archive_->topics) {  // ascending
    if (point_ != nullptr) {
      const auto at_point = point_->topics.find(key.first);
      if (at_point == point_->topics.end()) continue;
      if (at_point->second.facts.incarnation != key.second) continue;
    }
    topics[key.first] = &topic;
  }
  return topics;
}

Result<void> RestorePlanner::select_topics() {
  if (options_->time_basis == TimeBasis::kLog && options_->window.start != INT64_MIN) {
    return Error(Errc::kConfig,
                 "time_window_start cuts by record time: it needs time_basis: record");
  }
  const auto newest = topics_of_archive();
  for (const std::string& pattern : options_->topics.include()) {
    if (is_literal_name(pattern) && !newest.contains(pattern)) {
      return Error(Errc::kNotFound,
                   fmt::format("backup {} has no topic {}", keys_->backup_id(), pattern));
    }
  }
  for (const auto& [name, state] : newest) {
    if (!options_->topics.matches(name)) continue;
    ODK_TRY(TopicPlan topic, begin_topic(*state));
    plan_.topics.push_back(std::move(topic));
  }
  return {};
}

Result<TopicPlan> RestorePlanner::begin_topic(const TopicState& archived) const {
  TopicPlan topic;
  topic.source = archived.facts.name;
  topic.incarnation = archived.facts.incarnation;
  const auto mapped = options_->topic_mapping.find(topic.source);
  topic.target = mapped == options_->topic_mapping.end() ? topic.source : mapped->second;
  topic.replication_factor =
      options_->replication_factor.value_or(archived.facts.replication_factor);
  const TopicSnapshot* at_point = nullptr;
  if (point_ != nullptr) at_point = &point_->topics.at(topic.source);
  const TopicFacts& facts = at_point != nullptr ? at_point->facts : archived.facts;
  topic.configs = facts.configs;
  topic.sources = sources_of(archived, at_point);
  topic.partitions = facts.partition_count;
  for (const SourcePart& part : topic.sources) {
    topic.partitions = std::max(topic.partitions, part.target_partition + 1);
  }
  PrepareOptions& prepare = topic.prepare;
  if (options_->time_basis == TimeBasis::kRecord) prepare.window = options_->window;
  prepare.adds_offset_headers = options_->adds_offset_headers;
  prepare.strips_offset_headers = options_->strips_offset_headers;
  prepare.source_cluster = archive_->source_cluster_id;
  prepare.keeps_aborted = options_->keeps_aborted;
  auto spread = options_->spread_topics.find(topic.source);
  if (spread == options_->spread_topics.end()) spread = options_->spread_topics.find("*");
  if (options_->spread != Spread::kNone && spread != options_->spread_topics.end()) {
    if (spread->second < 1) return Error(Errc::kConfig, "repartitioning needs partitions");
    prepare.spread = options_->spread;
    prepare.spread_partitions = spread->second;
    topic.partitions = spread->second;
  }
  return topic;
}

std::vector<SourcePart> RestorePlanner::sources_of(const TopicState& archived,
                                                   const TopicSnapshot* at_point) const {
  std::vector<SourcePart> sources;
  for (const auto& [id, partition] : archived.partitions) {
    if (!options_->source_partitions.empty() && !options_->source_partitions.contains(id)) {
      continue;
    }
    const auto mapped = options_->partition_mapping.find(id);
    SourcePart part;
    if (at_point != nullptr) {
      const auto number = static_cast<size_t>(id);
      if (number >= at_point->ends.size()) continue;  // it came later
      part.end_offset = at_point->ends[number];
    }
    part.partition = id;
    part.target_partition = mapped == options_->partition_mapping.end() ? id : mapped->second;
    // What readers of committed records did not see yet when the backup ended.
    if (!options_->keeps_aborted) {
      for (const OpenRange& open : partition.open) {
        part.end_offset = std::min(part.end_offset, open.first);
      }
    }
    part.segments = partition.segments;
    part.aborted = partition.aborted;
    std::ranges::sort(part.aborted);
    sources.push_back(std::move(part));
  }
  return sources;
}

// Two topics that become one would mix their records.
void RestorePlanner::check_same_target() {
  std::map<std::string, std::string> taken;
  for (const TopicPlan& topic : plan_.topics) {
    const auto [at, is_new] = taken.emplace(topic.target, topic.source);
    if (!is_new) conflict(topic, fmt::format("topic {} is restored there too", at->second));
  }
}

Result<void> RestorePlanner::read_content(TopicPlan& topic) {
  const RestoredTopic* const decided = decided_before(topic);
  for (SourcePart& part : topic.sources) {
    if (decided != nullptr) {
      const auto end = decided->ends.find(part.partition);
      if (end == decided->ends.end()) {
        part.segments.clear();  // it came into the archive after the restore began
        continue;
      }
      part.end_offset = end->second;
    } else if (options_->time_basis == TimeBasis::kLog) {
      ODK_TRY(const int64_t cut, log_cut(*store_, part, options_->window.end));
      part.end_offset = std::min(part.end_offset, cut);
    }
    // The archive may grow meanwhile: a restore holds on to the end it saw.
    const int64_t covered = part.segments.empty() ? 0 : part.segments.back().covered_end + 1;
    part.end_offset = std::min(part.end_offset, covered);
    std::erase_if(part.segments, [&part](const SegmentRef& segment) {
      return segment.covered_start >= part.end_offset;
    });
    for (const SegmentRef& segment : part.segments) {
      ODK_TRY_VOID(add_segment(topic, part, segment));
    }
  }
  if (decided != nullptr) follow(topic, *decided);
  return {};
}

Result<void> RestorePlanner::add_segment(TopicPlan& topic, const SourcePart& part,
                                         const SegmentRef& segment) {
  ODK_TRY(const std::unique_ptr<SegmentReader> reader, open_segment(*store_, segment));
  const SegmentIndex& index = reader->index();
  const BatchScope scope{.first_offset = reader->footer().covered_start,
                         .end_offset = part.end_offset,
                         .aborted = part.aborted};
  TopicContent& content = topic.content;
  ++content.segments;
  content.stored_bytes += segment.stored_bytes;
  for (size_t i = 0; i < index.batches.size(); ++i) {
    const BatchEntry& entry = index.batches[i];
    const size_t bytes = batch_bytes(index, i);
    const RestorePath path = BatchPreparer::path_of(topic.prepare, scope, entry, bytes);
    ++content.paths[static_cast<size_t>(path)];
    if (path == RestorePath::kNothing) continue;
    ++content.batches;
    content.bytes += bytes;
    content.records += static_cast<uint64_t>(entry.record_count);
    content.largest_batch_bytes = std::max<uint64_t>(content.largest_batch_bytes, bytes);
    content.oldest =
        std::min(content.oldest, std::max(entry.min_timestamp, topic.prepare.window.start));
    content.newest = std::max(content.newest, entry.max_timestamp);
  }
  return {};
}

// Small batches leave the connection idle: at most five are on the way per partition.
io::Task<Result<void>> RestorePlanner::decide_coalescing() {
  constexpr double kEnoughBytesPerSecond = 64e6;
  constexpr int kProbes = 3;
  std::chrono::duration<double> round_trip = std::chrono::hours(1);
  for (int i = 0; i < kProbes; ++i) {
    const MonotonicTime sent = cluster_->loop().now();
    ODK_CO_TRY_VOID(co_await cluster_->refresh({}, cluster_->request_deadline()));
    round_trip = std::min<std::chrono::duration<double>>(round_trip, cluster_->loop().now() - sent);
  }
  for (TopicPlan& topic : plan_.topics) {
    if (decided_before(topic) != nullptr || topic.content.batches == 0) continue;
    const double mean =
        static_cast<double>(topic.content.bytes) / static_cast<double>(topic.content.batches);
    const double in_flight = mean * static_cast<double>(BatchSender::kInFlightMax) *
                             static_cast<double>(options_->partitions_at_once);
    const bool starves = mean < BatchPreparer::kCoalesceBelowBytes &&
                         in_flight / std::max(round_trip.count(), 1e-6) < kEnoughBytesPerSecond;
    topic.prepare.coalesces = options_->coalesce == Coalesce::kAlways ||
                              (options_->coalesce == Coalesce::kAuto && starves);
    if (!topic.prepare.coalesces) continue;
    topic.content = {};
    ODK_CO_TRY_VOID(co_await workers_->run([this, &topic] { return read_content(topic); }));
  }
  co_return Result<void>{};
}

const RestoredTopic* RestorePlanner::decided_before(const TopicPlan& topic) const {
  if (resumed_ == nullptr) return nullptr;
  const auto found = std::ranges::find_if(resumed_->topics, [&topic](const RestoredTopic& t) {
    return t.source == topic.source && t.incarnation == topic.incarnation &&
           t.target == topic.target;
  });
  return found == resumed_->topics.end() ? nullptr : &*found;
}

// A restore that goes on makes the very batches it made before.
void RestorePlanner::follow(TopicPlan& topic, const RestoredTopic& decided) {
  topic.prepare = decided.prepare;
  topic.bases = decided.bases;
  topic.put_back = decided.put_back;
}

void RestorePlanner::conflict(const TopicPlan& topic, std::string text) {
  plan_.notes.push_back({topic.target, std::move(text), /*is_conflict=*/true});
}

void RestorePlanner::note(const TopicPlan& topic, std::string text) {
  plan_.notes.push_back({topic.target, std::move(text), /*is_conflict=*/false});
}

}  // namespace odradek::backup
