#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "backup/restore/restore_job.h"

// The half of RestoreJob that decides and prepares; restore_job.cc does the work.
namespace odradek::backup {
namespace {

// The newest incarnation of each topic name.
std::map<std::string, const TopicState*> newest_topics(const ArchiveState& archive) {
  std::map<std::string, const TopicState*> newest;
  for (const auto& [key, topic] : archive.topics) newest[key.first] = &topic;  // ascending
  return newest;
}

TimestampMs oldest_timestamp_of_segments(const TopicState& topic) {
  TimestampMs oldest = INT64_MAX;
  for (const auto& [id, partition] : topic.partitions) {
    for (const SegmentRef& segment : partition.segments) {
      if (segment.record_count != 0) oldest = std::min(oldest, segment.min_timestamp);
    }
  }
  return oldest;
}

// What must not act while records are loaded, and the value that keeps it still.
const std::map<std::string, std::string>& load_time_configs() {
  static const std::map<std::string, std::string> configs = {
      {"cleanup.policy", "delete"},
      {"retention.ms", "-1"},
      {"retention.bytes", "-1"},
      {"message.timestamp.type", "CreateTime"},
      {"message.timestamp.before.max.ms", "9223372036854775807"},
      {"message.timestamp.after.max.ms", "9223372036854775807"},
  };
  return configs;
}

}  // namespace

io::Task<Result<void>> RestoreJob::plan() {
  report_progress("plan");
  ODK_CO_TRY(archive_, co_await workers_->run([this] { return read_archive(*store_, keys_); }));
  if (archive_.through_commit == 0) {
    co_return Error(Errc::kNotFound,
                    fmt::format("{} has no backup {}", store_->describe(), keys_.backup_id()));
  }
  ODK_CO_TRY(can_alter_configs_, co_await target_.can_alter_configs());
  const auto newest = newest_topics(archive_);
  for (const std::string& pattern : options_.topics.include()) {
    if (is_literal_name(pattern) && !newest.contains(pattern)) {
      co_return Error(Errc::kNotFound,
                      fmt::format("backup {} has no topic {}", keys_.backup_id(), pattern));
    }
  }
  for (const auto& [name, state] : newest) {
    if (!options_.topics.matches(name)) continue;
    TopicPlan topic;
    topic.archived = state;
    const auto mapped = options_.topic_mapping.find(name);
    topic.target_name = mapped == options_.topic_mapping.end() ? name : mapped->second;
    topic.final_configs = state->facts.configs;
    topics_.push_back(std::move(topic));
  }
  for (TopicPlan& topic : topics_) {
    ODK_CO_TRY_VOID(co_await workers_->run([this, &topic] { return check_segments(topic); }));
    ODK_CO_TRY_VOID(co_await plan_topic(topic));
  }
  report_.topics = topics_.size();
  co_return Result<void>{};
}

Result<void> RestoreJob::check_segments(const TopicPlan& topic) {
  for (const auto& [id, partition] : topic.archived->partitions) {
    for (const SegmentRef& segment : partition.segments) {
      ODK_TRY(const std::unique_ptr<SegmentReader> reader,
              SegmentReader::open(*store_, segment.key));
      if (reader->footer().sha256 != segment.sha256 ||
          reader->object_bytes() != segment.stored_bytes) {
        return Error(Errc::kChecksum,
                     fmt::format("object {} is not the one the archive names", segment.key));
      }
    }
  }
  return {};
}

io::Task<Result<void>> RestoreJob::plan_topic(TopicPlan& topic) {
  const std::vector<std::string> names = {topic.target_name};
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster_->refresh(names, cluster_->request_deadline()));
  const cluster::Topic* existing = metadata->topic(topic.target_name);
  topic.exists = existing != nullptr && existing->error == proto::ErrorCode::kNone;
  if (topic.exists) co_return co_await check_target_is_empty(topic, *existing);
  if (existing != nullptr && existing->error != proto::ErrorCode::kUnknownTopicOrPartition) {
    co_return proto::to_error(existing->error, "metadata of topic " + topic.target_name);
  }
  co_return Result<void>{};
}

io::Task<Result<void>> RestoreJob::check_target_is_empty(const TopicPlan& topic,
                                                         const cluster::Topic& existing) {
  const auto wanted = static_cast<size_t>(topic.archived->facts.partition_count);
  if (existing.partitions.size() != wanted) {
    co_return Error(Errc::kPrecondition,
                    fmt::format("topic {} exists with {} partitions, the archive has {}",
                                topic.target_name, existing.partitions.size(), wanted));
  }
  const Uuid id = existing.id;
  for (size_t i = 0; i < wanted; ++i) {
    const TopicPartition partition{topic.target_name, id, static_cast<int32_t>(i)};
    ODK_CO_TRY(const int64_t end, co_await source_.offset_at(partition, Source::Special::kLatest,
                                                             IsolationLevel::kReadUncommitted));
    ODK_CO_TRY(const int64_t start,
               co_await source_.offset_at(partition, Source::Special::kEarliest,
                                          IsolationLevel::kReadUncommitted));
    if (end != start) {
      co_return Error(Errc::kPrecondition,
                      fmt::format("topic {} has records in partition {}: restore into an empty "
                                  "or a new topic (--topic-mapping)",
                                  topic.target_name, i));
    }
  }
  co_return Result<void>{};
}

io::Task<Result<void>> RestoreJob::create_topics() {
  report_progress("create topics");
  for (TopicPlan& topic : topics_) {
    if (!topic.exists) {
      ODK_CO_TRY_VOID(co_await create_topic(topic));
    }
    ODK_CO_TRY_VOID(co_await wait_for_leaders(topic));
    ODK_CO_TRY_VOID(co_await check_retention(topic));
  }
  co_return Result<void>{};
}

io::Task<Result<void>> RestoreJob::create_topic(TopicPlan& topic) {
  NewTopic wanted;
  wanted.name = topic.target_name;
  wanted.partition_count = topic.archived->facts.partition_count;
  wanted.replication_factor =
      options_.replication_factor.value_or(topic.archived->facts.replication_factor);
  wanted.configs = topic.final_configs;
  if (can_alter_configs_) {
    for (const auto& [name, value] : load_time_configs()) {
      const auto final_value = topic.final_configs.find(name);
      topic.finalize[name] = final_value == topic.final_configs.end()
                                 ? std::nullopt
                                 : std::optional<std::string>(final_value->second);
      wanted.configs[name] = value;
    }
  }
  co_return co_await target_.create_topic(std::move(wanted), /*validate_only=*/false);
}

io::Task<Result<void>> RestoreJob::wait_for_leaders(const TopicPlan& topic) {
  const MonotonicTime deadline = cluster_->request_deadline();
  const auto wanted = static_cast<size_t>(topic.archived->facts.partition_count);
  while (true) {
    const std::vector<std::string> names = {topic.target_name};
    ODK_CO_TRY(const cluster::MetadataPtr metadata, co_await cluster_->refresh(names, deadline));
    const cluster::Topic* created = metadata->topic(topic.target_name);
    const bool is_ready =
        created != nullptr && created->error == proto::ErrorCode::kNone &&
        created->partitions.size() == wanted &&
        std::ranges::all_of(created->partitions, [](const auto& p) { return p.leader >= 0; });
    if (is_ready) co_return Result<void>{};
    if (cluster_->loop().now() >= deadline) {
      co_return Error(Errc::kTimedOut,
                      fmt::format("topic {} has no leaders yet", topic.target_name));
    }
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), std::chrono::milliseconds(50)));
  }
}

// Restored records keep their timestamps, so retention may see them as long expired.
io::Task<Result<void>> RestoreJob::check_retention(TopicPlan& topic) {
  const TimestampMs oldest = oldest_timestamp_of_segments(*topic.archived);
  if (oldest == INT64_MAX || options_.expired_data == ExpiredData::kKeep) co_return Result<void>{};
  std::string retention;
  if (const auto own = topic.final_configs.find("retention.ms"); own != topic.final_configs.end()) {
    retention = own->second;
  } else if (can_alter_configs_ && !topic.exists) {
    // The topic's own value is the load-time one now: ask what a topic without one has.
    const Target::ConfigChanges back_to_default = {{"retention.ms", std::nullopt}};
    ODK_CO_TRY_VOID(co_await target_.alter_topic_configs(topic.target_name, back_to_default));
    ODK_CO_TRY(retention, co_await target_.effective_config(topic.target_name, "retention.ms"));
    const Target::ConfigChanges off = {{"retention.ms", "-1"}};
    ODK_CO_TRY_VOID(co_await target_.alter_topic_configs(topic.target_name, off));
  } else {
    ODK_CO_TRY(retention, co_await target_.effective_config(topic.target_name, "retention.ms"));
  }
  int64_t retention_ms = -1;
  std::from_chars(retention.data(), retention.data() + retention.size(), retention_ms);
  const std::string policy = topic.final_configs.contains("cleanup.policy")
                                 ? topic.final_configs.at("cleanup.policy")
                                 : "delete";
  const bool deletes = policy.find("delete") != std::string::npos;
  if (!deletes || retention_ms < 0 || clock_->wall_ms() - oldest < retention_ms) {
    co_return Result<void>{};
  }
  if (options_.expired_data == ExpiredData::kHold && can_alter_configs_) {
    topic.finalize["retention.ms"] = "-1";
    report_.held_configs.push_back(
        fmt::format("{}: retention.ms is held at -1, should be {}", topic.target_name, retention));
    co_return Result<void>{};
  }
  co_return Error(Errc::kPrecondition,
                  fmt::format("topic {} has retention.ms={}: the cluster would delete restored "
                              "records at once (--expired-data hold|keep)",
                              topic.target_name, retention_ms));
}

}  // namespace odradek::backup
