#include "backup/archive/snapshots.h"

#include <algorithm>
#include <span>

#include "backup/archive/json_fields.h"
#include "backup/archive/sha256.h"
#include "backup/format/zstd_frame.h"
#include "base/utf8.h"
#include "proto/acl_names.h"

namespace odradek::backup {
namespace {

constexpr std::string_view kGroupsFormat = "odradek-backup-groups";
constexpr std::string_view kClusterFormat = "odradek-backup-cluster";
constexpr uint64_t kSnapshotBytesMax = 1ULL << 30U;
constexpr int kZstdLevel = 3;

using Names = std::span<const std::string_view>;

// A newer cluster's number stays a number.
Json name_of(Names names, int8_t number) {
  if (number < 0 || static_cast<size_t>(number) >= names.size()) return number;
  return names[static_cast<size_t>(number)];
}

int8_t number_of(const Json& object, const char* field, Names names) {
  const Json& value = object.at(field);
  if (!value.is_string()) return value.get<int8_t>();
  const auto text = value.get<std::string>();
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) throw BadField(fmt::format("{} {} is unknown", field, text));
  return static_cast<int8_t>(found - names.begin());
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_sequence_bytes(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string metadata_of(const Json& j) {
  const auto found = j.find("metadata_hex");
  if (found == j.end()) return take<std::string>(j, "metadata");
  const auto text = found->get<std::string>();
  std::string bytes(text.size() / 2, '\0');
  if (!from_hex(text, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()})) {
    throw BadField("metadata_hex is not hexadecimal");
  }
  return bytes;
}

}  // namespace

Json json_of(const GroupOffset& o) {
  Json j = {{"topic", o.topic},
            {"partition", o.partition},
            {"offset", o.offset},
            {"leader_epoch", o.leader_epoch}};
  if (is_utf8(o.metadata)) {
    j["metadata"] = o.metadata;
  } else {
    j["metadata_hex"] = to_hex(as_bytes(o.metadata));
  }
  return j;
}

GroupOffset group_offset_of(const Json& j) {
  return {take<std::string>(j, "topic"), take<int32_t>(j, "partition"), take<int64_t>(j, "offset"),
          take<int32_t>(j, "leader_epoch"), metadata_of(j)};
}

namespace {

Json json_of(const GroupState& g) {
  Json offsets = Json::array();
  for (const GroupOffset& offset : g.offsets) offsets.push_back(json_of(offset));
  return {{"id", g.id},
          {"type", g.type},
          {"state", g.state},
          {"protocol_type", g.protocol_type},
          {"offsets", offsets}};
}

GroupState group_of(const Json& j) {
  return {take<std::string>(j, "id"), take<std::string>(j, "state"),
          take<std::string>(j, "protocol_type"),
          entries_of<GroupOffset>(j, "offsets", group_offset_of),
          take_or(j, "type", std::string("classic"))};
}

Json json_of(const TopicSnapshot& topic) {
  Json j = json_of(topic.facts);
  j["ends"] = topic.ends;
  return j;
}

TopicSnapshot topic_snapshot_of(const Json& j) {
  return {topic_facts_of(j), take<std::vector<int64_t>>(j, "ends")};
}

Json json_of(const AclEntry& acl) {
  return {{"resource_type", name_of(proto::kResourceTypeNames, acl.resource_type)},
          {"resource_name", acl.resource_name},
          {"pattern_type", name_of(proto::kPatternTypeNames, acl.pattern_type)},
          {"principal", acl.principal},
          {"host", acl.host},
          {"operation", name_of(proto::kAclOperationNames, acl.operation)},
          {"permission", name_of(proto::kAclPermissionNames, acl.permission)}};
}

AclEntry acl_of(const Json& j) {
  return {number_of(j, "resource_type", proto::kResourceTypeNames),
          take<std::string>(j, "resource_name"),
          number_of(j, "pattern_type", proto::kPatternTypeNames),
          take<std::string>(j, "principal"),
          take<std::string>(j, "host"),
          number_of(j, "operation", proto::kAclOperationNames),
          number_of(j, "permission", proto::kAclPermissionNames)};
}

Json json_of(const QuotaEntry& quota) {
  Json entity = Json::array();
  for (const auto& [type, name] : quota.entity) {
    entity.push_back({{"type", type}, {"name", name ? Json(*name) : Json(nullptr)}});
  }
  return {{"entity", entity}, {"values", quota.values}};
}

QuotaEntry quota_of(const Json& j) {
  QuotaEntry quota;
  for (const Json& part : j.at("entity")) {
    std::optional<std::string> name;
    if (const Json& value = part.at("name"); !value.is_null()) name = value.get<std::string>();
    quota.entity.emplace_back(take<std::string>(part, "type"), std::move(name));
  }
  quota.values = take<std::map<std::string, double>>(j, "values");
  return quota;
}

template <class T>
Json array_of(const std::vector<T>& entries) {
  Json list = Json::array();
  for (const T& entry : entries) list.push_back(json_of(entry));
  return list;
}

std::string dump(const Json& object) {
  return object.dump(1, ' ', false, Json::error_handler_t::replace);
}

template <class T>
Result<T> read_snapshot(store::ObjectStore& store, const std::string& key,
                        Result<T> (*parse)(std::string_view)) {
  ODK_TRY(const Slice stored, store.get(key));
  // The name ends with the hash of the content.
  if (key.find(to_hex(Bytes(sha256_of(stored.bytes())))) == std::string::npos) {
    return Error(Errc::kChecksum, fmt::format("object {} is not what its name says", key));
  }
  Result<Slice> text = unpack_zstd(stored.bytes(), kSnapshotBytesMax);
  if (!text) return text.error().with_context("object " + key);
  Result<T> parsed = parse(text->text());
  if (!parsed) return parsed.error().with_context("object " + key);
  return parsed;
}

}  // namespace

std::string to_json(const GroupsSnapshot& groups) {
  return dump(Json{{"format", kGroupsFormat},
                   {"schema", kArchiveSchema},
                   {"at", groups.at},
                   {"groups", array_of(groups.groups)}});
}

Result<GroupsSnapshot> parse_groups(std::string_view text) {
  return parse_object<GroupsSnapshot>(text, kGroupsFormat, [](const Json& j) {
    return GroupsSnapshot{take<int64_t>(j, "at"), entries_of<GroupState>(j, "groups", group_of)};
  });
}

std::string to_json(const ClusterSnapshot& cluster) {
  return dump(Json{{"format", kClusterFormat},
                   {"schema", kArchiveSchema},
                   {"at", cluster.at},
                   {"cluster_id", cluster.cluster_id},
                   {"broker_count", cluster.broker_count},
                   {"topics", array_of(cluster.topics)},
                   {"acls", array_of(cluster.acls)},
                   {"quotas", array_of(cluster.quotas)},
                   {"not_captured", cluster.not_captured}});
}

Result<ClusterSnapshot> parse_cluster(std::string_view text) {
  return parse_object<ClusterSnapshot>(text, kClusterFormat, [](const Json& j) {
    return ClusterSnapshot{take<int64_t>(j, "at"),
                           take<std::string>(j, "cluster_id"),
                           take<int32_t>(j, "broker_count"),
                           entries_of<TopicSnapshot>(j, "topics", topic_snapshot_of),
                           entries_of<AclEntry>(j, "acls", acl_of),
                           entries_of<QuotaEntry>(j, "quotas", quota_of),
                           take_or(j, "not_captured", std::map<std::string, std::string>{})};
  });
}

Result<Slice> pack_snapshot(std::string_view json) { return pack_zstd(as_bytes(json), kZstdLevel); }

Result<GroupsSnapshot> read_groups(store::ObjectStore& store, const std::string& key) {
  return read_snapshot<GroupsSnapshot>(store, key, parse_groups);
}

Result<ClusterSnapshot> read_cluster(store::ObjectStore& store, const std::string& key) {
  return read_snapshot<ClusterSnapshot>(store, key, parse_cluster);
}

}  // namespace odradek::backup
