#include "backup/archive/archive_json.h"

#include <unordered_map>

#include "backup/archive/json_fields.h"

namespace odradek::backup {
namespace {

Json json_of(const SegmentRef& segment);
Json json_of(const Gap& gap);
Json json_of(const OpenRange& range);
Json json_of(const PartitionChange& change);
Json json_of(const RestorePoint& point);

template <class T>
Json list_of(const std::vector<T>& entries) {
  Json list = Json::array();
  for (const T& entry : entries) list.push_back(json_of(entry));
  return list;
}

Json json_of(const SegmentRef& s) {
  return {{"key", s.key},
          {"pos", s.position},
          {"len", s.stored_bytes},
          {"raw_len", s.raw_bytes},
          {"first_offset", s.first_offset},
          {"last_offset", s.last_offset},
          {"covered_start", s.covered_start},
          {"covered_end", s.covered_end},
          {"min_ts", s.min_timestamp},
          {"max_ts", s.max_timestamp},
          {"records", s.record_count},
          {"batches", s.batch_count},
          {"control_batches", s.control_batch_count},
          {"sha256", hex(s.sha256)},
          {"xxh3", hex(s.raw_xxh128)}};
}

SegmentRef segment_of(const Json& j) {
  SegmentRef s;
  s.key = take<std::string>(j, "key");
  s.position = take<uint64_t>(j, "pos");
  s.stored_bytes = take<uint64_t>(j, "len");
  s.raw_bytes = take<uint64_t>(j, "raw_len");
  s.first_offset = take<int64_t>(j, "first_offset");
  s.last_offset = take<int64_t>(j, "last_offset");
  s.covered_start = take<int64_t>(j, "covered_start");
  s.covered_end = take<int64_t>(j, "covered_end");
  s.min_timestamp = take<int64_t>(j, "min_ts");
  s.max_timestamp = take<int64_t>(j, "max_ts");
  s.record_count = take<uint64_t>(j, "records");
  s.batch_count = take<uint64_t>(j, "batches");
  s.control_batch_count = take<uint64_t>(j, "control_batches");
  s.sha256 = take_hex<32>(j, "sha256");
  s.raw_xxh128 = take_hex<16>(j, "xxh3");
  return s;
}

Json json_of(const Gap& gap) {
  return {{"start", gap.start},
          {"end", gap.end},
          {"reason", gap_reason_name(gap.reason)},
          {"at", gap.at}};
}

Gap gap_of(const Json& j) {
  const auto name = take<std::string>(j, "reason");
  const std::optional<GapReason> reason = gap_reason(name);
  if (!reason) throw BadField(fmt::format("gap reason {} is unknown", name));
  return {take<int64_t>(j, "start"), take<int64_t>(j, "end"), *reason, take<int64_t>(j, "at")};
}

Json json_of(const OpenRange& range) {
  return {{"producer_id", range.producer_id}, {"first", range.first}, {"last", range.last}};
}

OpenRange open_range_of(const Json& j) {
  return {take<int64_t>(j, "producer_id"), take<int64_t>(j, "first"), take<int64_t>(j, "last")};
}

// The part that a partition's state and a commit's change share.
template <class PartitionLike>
void put_partition(Json& j, const PartitionLike& p) {
  j["id"] = p.id;
  j["covered_through"] = p.covered_through;
  j["segments"] = list_of(p.segments);
  j["gaps"] = list_of(p.gaps);
  j["aborted"] = p.aborted;
  j["last_batch"] = {{"offset", p.last_batch.offset}, {"leader_epoch", p.last_batch.leader_epoch}};
  j["open"] = list_of(p.open);
}

template <class PartitionLike>
void take_partition(const Json& j, PartitionLike& p) {
  p.id = take<int32_t>(j, "id");
  p.covered_through = take<int64_t>(j, "covered_through");
  p.segments = entries_of<SegmentRef>(j, "segments", segment_of);
  p.gaps = entries_of<Gap>(j, "gaps", gap_of);
  p.aborted = take_or(j, "aborted", std::vector<OffsetRange>{});
  if (const auto last = j.find("last_batch"); last != j.end()) {
    p.last_batch = {take<int64_t>(*last, "offset"), take<int32_t>(*last, "leader_epoch")};
  }
  p.open = entries_of<OpenRange>(j, "open", open_range_of);
}

Json json_of(const PartitionChange& p) {
  Json j = {{"topic", p.topic}, {"incarnation", p.incarnation}};
  put_partition(j, p);
  return j;
}

PartitionChange change_of(const Json& j) {
  PartitionChange p;
  p.topic = take<std::string>(j, "topic");
  p.incarnation = take<uint32_t>(j, "incarnation");
  take_partition(j, p);
  return p;
}

Json json_of(const TopicState& topic) {
  Json j = json_of(topic.facts);
  Json& partitions = j["partitions"] = Json::array();
  for (const auto& [id, partition] : topic.partitions) {
    put_partition(partitions.emplace_back(Json::object()), partition);
  }
  return j;
}

TopicState topic_state_of(const Json& j) {
  TopicState topic{topic_facts_of(j), {}};
  for (const Json& entry : j.at("partitions")) {
    PartitionState partition;
    take_partition(entry, partition);
    topic.partitions[partition.id] = std::move(partition);
  }
  return topic;
}

Json json_of(const RestorePoint& point) {
  Json j = {{"seq", point.seq}, {"time", point.time}, {"label", point.label}};
  if (!point.groups_key.empty()) j["groups_key"] = point.groups_key;
  if (!point.cluster_key.empty()) j["cluster_key"] = point.cluster_key;
  return j;
}

// Absent: strong.
Fencing take_fencing(const Json& j) {
  const auto name = take_or(j, "fencing", std::string(fencing_name(Fencing::kStrong)));
  const std::optional<Fencing> fencing = fencing_of(name);
  if (!fencing) throw BadField(fmt::format("fencing {} is unknown", name));
  return *fencing;
}

RestorePoint restore_point_of(const Json& j) {
  return {take<uint64_t>(j, "seq"), take<int64_t>(j, "time"), take<std::string>(j, "label"),
          take_or(j, "groups_key", std::string{}), take_or(j, "cluster_key", std::string{})};
}

// The field that says which entry of an array is which.
const char* identity_field(const Json& entry) {
  for (const char* field : {"key", "name", "id", "seq", "start"}) {
    if (entry.contains(field)) return field;
  }
  return nullptr;
}

void keep_unknown(const Json& previous, Json& now);

// Empty for an entry that cannot be told from others.
std::string identity_of(const Json& entry) {
  if (!entry.is_object()) return {};
  const char* field = identity_field(entry);
  if (field == nullptr) return {};
  return fmt::format("{} {} {}", field, entry[field].dump(),
                     entry.value("incarnation", Json(0)).dump());
}

void keep_unknown_in_array(const Json& previous, Json& now) {
  std::unordered_map<std::string, const Json*> old_entries;
  for (const Json& entry : previous) {
    if (std::string identity = identity_of(entry); !identity.empty()) {
      old_entries.emplace(std::move(identity), &entry);
    }
  }
  if (old_entries.empty()) return;
  for (Json& entry : now) {
    const auto found = old_entries.find(identity_of(entry));
    if (found != old_entries.end()) keep_unknown(*found->second, entry);
  }
}

void keep_unknown(const Json& previous, Json& now) {
  for (const auto& [field, value] : previous.items()) {
    if (!now.contains(field)) {
      now[field] = value;
    } else if (field != "configs" && value.is_object() && now[field].is_object()) {
      keep_unknown(value, now[field]);
    } else if (value.is_array() && now[field].is_array()) {
      keep_unknown_in_array(value, now[field]);
    }
  }
}

}  // namespace

Json json_of(const TopicFacts& t) {
  return {{"name", t.name},
          {"topic_id", hex(t.topic_id.bytes)},
          {"incarnation", t.incarnation},
          {"partition_count", t.partition_count},
          {"replication_factor", t.replication_factor},
          {"configs", t.configs}};
}

TopicFacts topic_facts_of(const Json& j) {
  TopicFacts t;
  t.name = take<std::string>(j, "name");
  t.topic_id = take_uuid(j, "topic_id");
  t.incarnation = take<uint32_t>(j, "incarnation");
  t.partition_count = take<int32_t>(j, "partition_count");
  t.replication_factor = take<int32_t>(j, "replication_factor");
  t.configs = take<std::map<std::string, std::string>>(j, "configs");
  return t;
}

std::string to_hex(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

bool from_hex(std::string_view text, MutableBytes into) {
  if (text.size() != 2 * into.size()) return false;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  for (size_t i = 0; i < into.size(); ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    into[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return true;
}

std::string to_json(const Commit& c) {
  Json j = {{"format", "odradek-backup-commit"},
            {"schema", kArchiveSchema},
            {"seq", c.seq},
            {"prev_sha256", hex(c.prev_sha256)},
            {"backup_set", hex(c.backup_set.bytes)},
            {"writer_epoch", c.writer_epoch},
            {"at", c.at},
            {"source", {{"cluster_id", c.source_cluster_id}}},
            {"topics", list_of(c.topics)},
            {"partitions", list_of(c.partitions)}};
  if (!c.groups_key.empty()) j["groups_key"] = c.groups_key;
  if (!c.cluster_key.empty()) j["cluster_key"] = c.cluster_key;
  if (!c.isolation_level.empty()) j["isolation_level"] = c.isolation_level;
  if (c.restore_point) j["restore_point"] = {{"label", *c.restore_point}};
  if (c.fencing != Fencing::kStrong) j["fencing"] = fencing_name(c.fencing);
  return j.dump(1, ' ', false, Json::error_handler_t::replace);
}

Result<Commit> parse_commit(std::string_view text) {
  return parse_object<Commit>(text, "odradek-backup-commit", [](const Json& j) {
    Commit c;
    c.seq = take<uint64_t>(j, "seq");
    c.prev_sha256 = take_hex<32>(j, "prev_sha256");
    c.backup_set = take_uuid(j, "backup_set");
    c.writer_epoch = take<uint32_t>(j, "writer_epoch");
    c.at = take<int64_t>(j, "at");
    c.source_cluster_id = take<std::string>(j.at("source"), "cluster_id");
    c.topics = entries_of<TopicFacts>(j, "topics", topic_facts_of);
    c.partitions = entries_of<PartitionChange>(j, "partitions", change_of);
    c.groups_key = take_or(j, "groups_key", std::string{});
    c.cluster_key = take_or(j, "cluster_key", std::string{});
    c.isolation_level = take_or(j, "isolation_level", std::string{});
    if (const auto point = j.find("restore_point"); point != j.end()) {
      c.restore_point = take<std::string>(*point, "label");
    }
    c.fencing = take_fencing(j);
    return c;
  });
}

std::string to_json(const ArchiveState& s, std::string_view previous) {
  Json j = {
      {"format", "odradek-backup"},         {"schema", kArchiveSchema},
      {"backup_id", s.backup_id},           {"backup_set", hex(s.backup_set.bytes)},
      {"through_commit", s.through_commit}, {"chain_sha256", hex(s.chain_sha256)},
      {"created_at", s.created_at},         {"isolation_level", s.isolation_level},
      {"fencing", fencing_name(s.fencing)}, {"source", {{"cluster_id", s.source_cluster_id}}}};
  Json& topics = j["topics"] = Json::array();
  for (const auto& [key, topic] : s.topics) topics.push_back(json_of(topic));
  j["groups_key"] = s.groups_key;
  j["cluster_key"] = s.cluster_key;
  j["restore_points"] = list_of(s.restore_points);
  j["rebuilt_through"] = s.rebuilt_through;
  if (!previous.empty()) keep_unknown(Json::parse(previous), j);
  return j.dump(1, ' ', false, Json::error_handler_t::replace);
}

Result<ArchiveState> parse_manifest(std::string_view text) {
  return parse_object<ArchiveState>(text, "odradek-backup", [](const Json& j) {
    ArchiveState s;
    s.backup_id = take<std::string>(j, "backup_id");
    s.backup_set = take_uuid(j, "backup_set");
    s.through_commit = take<uint64_t>(j, "through_commit");
    s.chain_sha256 = take_hex<32>(j, "chain_sha256");
    s.created_at = take<int64_t>(j, "created_at");
    s.isolation_level = take<std::string>(j, "isolation_level");
    s.fencing = take_fencing(j);
    s.source_cluster_id = take<std::string>(j.at("source"), "cluster_id");
    for (const Json& entry : j.at("topics")) {
      TopicState topic = topic_state_of(entry);
      s.topics[{topic.facts.name, topic.facts.incarnation}] = std::move(topic);
    }
    s.groups_key = take<std::string>(j, "groups_key");
    s.cluster_key = take_or(j, "cluster_key", std::string{});
    s.restore_points = entries_of<RestorePoint>(j, "restore_points", restore_point_of);
    s.rebuilt_through = take_or(j, "rebuilt_through", uint64_t{0});
    return s;
  });
}

}  // namespace odradek::backup
