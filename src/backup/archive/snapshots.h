#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backup/archive/model.h"
#include "store/object_store.h"

// What an archive keeps of a cluster beside its records: positions of groups, and the cluster's
// own facts. One object each per restore point. Source: docs/formats/backup-commit-log.md.
namespace odradek::backup {

struct GroupOffset {
  std::string topic{};
  int32_t partition = 0;
  int64_t offset = -1;  // of a share group: its start offset
  int32_t leader_epoch = -1;
  std::string metadata{};

  bool operator==(const GroupOffset&) const = default;
};

struct GroupState {
  std::string id{};
  std::string state{};          // as the cluster names it: "Empty", "Stable"
  std::string protocol_type{};  // of classic groups: "consumer", "connect"
  std::vector<GroupOffset> offsets{};
  // "classic", "consumer" (KIP-848), "share" (KIP-932), "streams" (KIP-1071); clusters that know
  // one kind only say nothing, which means classic.
  std::string type = "classic";

  bool is_share() const { return type == "share"; }
  bool operator==(const GroupState&) const = default;
};

struct GroupsSnapshot {
  TimestampMs at = 0;
  std::vector<GroupState> groups{};

  bool operator==(const GroupsSnapshot&) const = default;
};

// A topic at a restore point. `ends[i]` is where partition i ends there, exclusive.
struct TopicSnapshot {
  TopicFacts facts;
  std::vector<int64_t> ends{};

  bool operator==(const TopicSnapshot&) const = default;
};

// An ACL; numbers as in the protocol (org.apache.kafka.common.acl and .resource), written by name.
struct AclEntry {
  int8_t resource_type = 0;
  std::string resource_name{};
  int8_t pattern_type = 0;
  std::string principal{};
  std::string host{};
  int8_t operation = 0;
  int8_t permission = 0;

  bool operator==(const AclEntry&) const = default;
  auto operator<=>(const AclEntry&) const = default;
};

// Quotas of one entity: ("user", name), ("client-id", none) for the default.
struct QuotaEntry {
  std::vector<std::pair<std::string, std::optional<std::string>>> entity{};
  std::map<std::string, double> values{};

  bool operator==(const QuotaEntry&) const = default;
};

struct ClusterSnapshot {
  TimestampMs at = 0;
  std::string cluster_id{};
  int32_t broker_count = 0;
  std::vector<TopicSnapshot> topics{};
  std::vector<AclEntry> acls{};
  std::vector<QuotaEntry> quotas{};
  // Why something is missing: {"acls", "SECURITY_DISABLED (54): ..."}. Empty: all was captured.
  std::map<std::string, std::string> not_captured{};

  bool operator==(const ClusterSnapshot&) const = default;
};

std::string to_json(const GroupsSnapshot& groups);
Result<GroupsSnapshot> parse_groups(std::string_view text);
std::string to_json(const ClusterSnapshot& cluster);
Result<ClusterSnapshot> parse_cluster(std::string_view text);

// The object of a snapshot as it is stored: one zstd frame.
Result<Slice> pack_snapshot(std::string_view json);
// Reads and parses an object of the archive. Errors: kNotFound, kMalformed, kChecksum,
// kUnsupported, kIo; each names the object.
Result<GroupsSnapshot> read_groups(store::ObjectStore& store, const std::string& key);
Result<ClusterSnapshot> read_cluster(store::ObjectStore& store, const std::string& key);

}  // namespace odradek::backup
