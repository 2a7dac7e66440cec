#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "backup/restore/restore_planner.h"

// The half of RestorePlanner that looks at the target.
namespace odradek::backup {
namespace {

constexpr std::string_view kMaxMessageBytes = "max.message.bytes";
// What re-encoding and headers may add to the largest batch.
constexpr uint64_t kBatchSlackBytes = 64 * 1024;

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

std::string value_of(const TargetConfigs& configs, const std::string& name) {
  const auto found = configs.find(name);
  return found == configs.end() ? "" : found->second.value;
}

std::optional<int64_t> number_of(const TargetConfigs& configs, const std::string& name) {
  const std::string text = value_of(configs, name);
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

io::Task<Result<void>> RestorePlanner::plan_target(TopicPlan& topic) {
  const std::vector<std::string> names = {topic.target};
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster_->refresh(names, cluster_->request_deadline()));
  const cluster::Topic* existing = metadata->topic(topic.target);
  if (existing != nullptr && existing->error == proto::ErrorCode::kNone) {
    co_return co_await plan_existing(topic, *existing);
  }
  if (existing != nullptr && existing->error != proto::ErrorCode::kUnknownTopicOrPartition) {
    co_return proto::to_error(existing->error, "metadata of topic " + topic.target);
  }
  co_return co_await plan_new(topic);
}

io::Task<Result<void>> RestorePlanner::plan_new(TopicPlan& topic) {
  topic.action = TopicAction::kCreate;
  for (int32_t i = 0; i < topic.partitions; ++i) topic.bases.try_emplace(i, 0);
  const NewTopic wanted{topic.target, topic.partitions, topic.replication_factor, topic.configs};
  const Result<TargetConfigs> tried = co_await target_.try_create_topic(wanted);
  if (!tried && is_worth_retrying(tried.error())) co_return tried.error();
  if (!tried) {
    conflict(topic, std::string(tried.error().message()));
    co_return Result<void>{};
  }
  TargetConfigs in_force = *tried;
  knows_settings_ = !in_force.empty();
  for (const auto& [name, value] : topic.configs) in_force[name] = {value, true};
  decide_configs(topic, in_force);
  co_return Result<void>{};
}

io::Task<Result<void>> RestorePlanner::plan_existing(TopicPlan& topic,
                                                     const cluster::Topic& existing) {
  const size_t partitions = existing.partitions.size();
  if (!existing.partitions.empty()) {
    topic.replication_factor = static_cast<int32_t>(existing.partitions.front().replicas.size());
  }
  check_partitions(topic, partitions);
  ODK_CO_TRY(const TopicRights rights, co_await target_.topic_rights(topic.target));
  if (!rights.may_write) conflict(topic, "no right to write to it");
  if (!rights.may_alter_configs) {
    note(topic, "no right to change its configuration: retention and compaction go on meanwhile");
  }
  topic.partitions = static_cast<int32_t>(partitions);
  if (const RestoredTopic* decided = decided_before(topic)) {
    topic.action = TopicAction::kResume;
    for (const auto& [name, value] : decided->put_back) {
      const auto held = load_time_configs().find(name);
      if (held != load_time_configs().end()) topic.during_load[name] = held->second;
      if (name == kMaxMessageBytes) {
        topic.during_load[name] = std::to_string(decided->prepare.batch_bytes_max);
      }
    }
    co_return Result<void>{};
  }
  ODK_CO_TRY_VOID(co_await find_bases(topic, existing));
  ODK_CO_TRY(const TargetConfigs in_force, co_await target_.topic_configs(topic.target));
  knows_settings_ = !in_force.empty();
  for (const auto& [name, config] : in_force) {
    const auto archived = topic.configs.find(name);
    if (archived != topic.configs.end() && archived->second != config.value) {
      topic.differing[name] = {archived->second, config.value};
    } else if (archived == topic.configs.end() && config.is_own) {
      topic.differing[name] = {"", config.value};
    }
  }
  if (rights.may_alter_configs) {
    decide_configs(topic, in_force);
  } else {
    check_retention(topic, in_force);
    check_durability(topic, in_force);
  }
  co_return Result<void>{};
}

// Where each partition ends now, and whether it has records.
io::Task<Result<void>> RestorePlanner::find_bases(TopicPlan& topic,
                                                  const cluster::Topic& existing) {
  uint64_t records = 0;
  const Uuid id = existing.id;
  for (int32_t i = 0; i < topic.partitions; ++i) {
    const TopicPartition partition{topic.target, id, i};
    ODK_CO_TRY(const int64_t end, co_await source_.offset_at(partition, Source::Special::kLatest,
                                                             IsolationLevel::kReadUncommitted));
    ODK_CO_TRY(const int64_t start,
               co_await source_.offset_at(partition, Source::Special::kEarliest,
                                          IsolationLevel::kReadUncommitted));
    records += static_cast<uint64_t>(end - start);
    topic.bases[i] = end;
  }
  check_records(topic, records);
  co_return Result<void>{};
}

void RestorePlanner::check_partitions(const TopicPlan& topic, size_t existing) {
  const bool keeps_partitions =
      options_->partition_mapping.empty() && options_->source_partitions.empty();
  const auto wanted = static_cast<size_t>(topic.partitions);
  if (existing == wanted || (existing > wanted && !keeps_partitions)) return;
  conflict(topic, fmt::format("exists with {} partitions, {} are needed", existing, wanted));
}

void RestorePlanner::check_records(TopicPlan& topic, uint64_t existing_records) {
  topic.action = TopicAction::kFill;
  if (existing_records == 0) return;
  switch (options_->if_exists) {
    case IfExists::kFail:
      conflict(topic,
               "has records: restore into an empty or a new topic (topic_mapping), or "
               "choose if_exists append or purge");
      return;
    case IfExists::kAppend:
      topic.action = TopicAction::kAppend;
      note(topic,
           fmt::format("has up to {} records, the restored ones go behind them", existing_records));
      return;
    case IfExists::kPurge:
      topic.action = TopicAction::kPurge;
      note(topic, fmt::format("has up to {} records, which are deleted", existing_records));
  }
}

void RestorePlanner::decide_configs(TopicPlan& topic, const TargetConfigs& in_force) {
  if (can_alter_configs_) {
    for (const auto& [name, value] : load_time_configs()) hold(topic, in_force, name, value);
  }
  const uint64_t needed = topic.content.largest_batch_bytes + kBatchSlackBytes;
  const auto allowed = number_of(in_force, std::string(kMaxMessageBytes));
  topic.prepare.batch_bytes_max =
      std::max<uint64_t>(needed, allowed ? static_cast<uint64_t>(*allowed) : 0);
  constexpr uint64_t kRestoredBatchBytesMax = uint64_t{1000} * 1000;
  topic.prepare.batch_bytes_max =
      std::max(needed, std::min(topic.prepare.batch_bytes_max, kRestoredBatchBytesMax));
  if (allowed && static_cast<uint64_t>(*allowed) < needed) {
    if (can_alter_configs_) {
      hold(topic, in_force, std::string(kMaxMessageBytes), std::to_string(needed));
      if (topic.content.largest_batch_bytes > static_cast<uint64_t>(*allowed)) {
        note(topic, fmt::format("batches of up to {} bytes decompressed, max.message.bytes is {}: "
                                "raised during the load",
                                topic.content.largest_batch_bytes, *allowed));
      }
    } else if (topic.content.largest_batch_bytes > static_cast<uint64_t>(*allowed)) {
      note(topic, fmt::format("batches of up to {} bytes, max.message.bytes is {}: the cluster may "
                              "refuse them",
                              topic.content.largest_batch_bytes, *allowed));
    }
  }
  check_retention(topic, in_force);
  check_durability(topic, in_force);
}

// Puts `value` in force during the load where another one is.
void RestorePlanner::hold(TopicPlan& topic, const TargetConfigs& in_force, const std::string& name,
                          const std::string& value) {
  const auto now = in_force.find(name);
  const bool is_known = now != in_force.end();
  if (!is_known && knows_settings_) return;  // the cluster has no such setting
  if (is_known && now->second.value == value) return;
  topic.during_load[name] = value;
  topic.put_back[name] =
      is_known && now->second.is_own ? std::optional<std::string>(now->second.value) : std::nullopt;
}

// Restored records keep their timestamps, so retention may see them as long expired.
void RestorePlanner::check_retention(TopicPlan& topic, const TargetConfigs& in_force) {
  const std::optional<int64_t> retention_ms = number_of(in_force, "retention.ms");
  const std::string policy = value_of(in_force, "cleanup.policy");
  const bool deletes = policy.empty() || policy.find("delete") != std::string::npos;
  if (!retention_ms || *retention_ms < 0 || !deletes || topic.content.oldest == INT64_MAX) return;
  const TimestampMs limit = clock_->wall_ms() - *retention_ms;
  if (topic.content.oldest >= limit) return;
  const std::string what =
      fmt::format("retention.ms is {}: records older than that would be deleted", *retention_ms);
  switch (options_->expired_data) {
    case ExpiredData::kKeep: note(topic, what + " once the restore is done"); return;
    case ExpiredData::kDrop:
      note(topic, what + ", they are left out");
      topic.prepare.window.start = std::max(topic.prepare.window.start, limit);
      return;
    case ExpiredData::kHold:
      if (!can_alter_configs_) break;
      topic.put_back["retention.ms"] = "-1";
      topic.held = fmt::format(
          "{}: retention.ms is held at -1, should be {}; end it with kafka-configs.sh --alter "
          "--topic {} --add-config retention.ms={}",
          topic.target, *retention_ms, topic.target, *retention_ms);
      note(topic, what + ", so it stays off");
      return;
    case ExpiredData::kRefuse: break;
  }
  conflict(topic, what + " at once: choose expired_data drop, hold or keep");
}

void RestorePlanner::check_durability(const TopicPlan& topic, const TargetConfigs& in_force) {
  const std::optional<int64_t> isr = number_of(in_force, "min.insync.replicas");
  if (isr && *isr > topic.replication_factor) {
    conflict(topic, fmt::format("min.insync.replicas is {}, above the replication factor {}: "
                                "nothing could be written",
                                *isr, topic.replication_factor));
  }
  if (topic.action == TopicAction::kCreate &&
      static_cast<size_t>(topic.replication_factor) > brokers_) {
    note(topic, fmt::format("replication factor {}, but the cluster has {} brokers",
                            topic.replication_factor, brokers_));
  }
}

}  // namespace odradek::backup
