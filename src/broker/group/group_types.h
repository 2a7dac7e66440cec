#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "proto/error_code.h"

namespace odradek::broker {

// Names a request that waits for its answer; the coordinator's user knows which it is.
using Ticket = uint64_t;

// Time of one event: for deadlines, and for what is remembered.
struct GroupNow {
  MonotonicTime at;
  TimestampMs wall_ms = 0;
};

struct GroupConfig {
  Duration session_timeout_min = std::chrono::seconds(6);
  Duration session_timeout_max = std::chrono::minutes(30);
  Duration initial_rebalance_delay = std::chrono::seconds(3);
  Duration new_member_join_timeout = std::chrono::minutes(5);
  // How long the first rebalance waits beyond its delay for members that were just given an id:
  // they are on their way. Keeps a storm of joiners to few generations when the delay is 0.
  Duration pending_member_grace = std::chrono::milliseconds(100);
  size_t consumer_members_max = 2'147'483'647;  // of one group of KIP-848
  std::string default_assignor = "uniform";
  // How groups may change their protocol while members are in (group.consumer.migration.policy).
  bool may_upgrade = true;    // classic to consumer
  bool may_downgrade = true;  // consumer to classic
  size_t members_max = 2'147'483'647;  // of one group
  size_t groups_max = 200'000;         // more are answered COORDINATOR_NOT_AVAILABLE
  size_t offset_metadata_bytes_max = 4096;
  Duration offsets_retention = std::chrono::hours(24 * 7);
};

// One way of assigning partitions that a member knows, with its data for it (opaque).
struct ProtocolView {
  std::string_view name;
  Bytes metadata;
};

struct JoinInput {
  Ticket ticket = 0;
  std::string_view group_id;
  std::string_view member_id;
  std::string_view instance_id;  // null: a dynamic member
  std::string_view client_id;
  std::string_view client_host;
  std::string_view protocol_type;
  std::span<const ProtocolView> protocols;
  Duration session_timeout{};
  Duration rebalance_timeout{};
  std::string_view reason;
  bool member_id_required = false;   // JoinGroup v4+: a new member must come back with its id
  bool can_skip_assignment = false;  // JoinGroup v9+
};

struct JoinMember {
  std::string member_id;
  std::optional<std::string> instance_id;
  std::string metadata;
};

struct JoinReply {
  proto::ErrorCode error = proto::ErrorCode::kNone;
  int32_t generation = -1;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  std::string leader;
  std::string member_id;
  bool skip_assignment = false;
  std::vector<JoinMember> members;  // for the leader alone
};

// A member as requests name it.
struct MemberRef {
  std::string_view group_id;
  std::string_view member_id;
  std::string_view instance_id;  // null when absent
  int32_t generation = -1;
};

struct SyncInput {
  Ticket ticket = 0;
  MemberRef member;
  std::string_view protocol_type;  // null: not said
  std::string_view protocol_name;
  std::span<const std::pair<std::string_view, Bytes>> assignments;  // member id, assignment
};

struct SyncReply {
  proto::ErrorCode error = proto::ErrorCode::kNone;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  std::string assignment;
};

struct LeavingMember {
  std::string_view member_id;
  std::string_view instance_id;  // null when absent
  proto::ErrorCode error = proto::ErrorCode::kNone;  // the answer
};

// What an event made of the requests that waited, in the order it happened.
struct GroupReplies {
  std::vector<std::pair<Ticket, JoinReply>> joins;
  std::vector<std::pair<Ticket, SyncReply>> syncs;
  std::vector<Ticket> dropped;  // replaced by a later request of the same member: no answer

  void clear() {
    joins.clear();
    syncs.clear();
    dropped.clear();
  }
};

struct CommittedOffset {
  int64_t offset = -1;
  int32_t leader_epoch = -1;
  std::string metadata;
  TimestampMs committed_ms = 0;
  std::optional<TimestampMs> expires_ms;  // asked for by old clients; else by retention
  Uuid topic_id;                          // zero when it was not known
  uint64_t order = 0;                     // of two commits the later one has the greater
};

// An offset of a request, to be committed with the others of the request.
struct OffsetToCommit {
  std::string_view topic;
  int32_t partition = 0;
  CommittedOffset offset;
};

// What a version of OffsetCommit or TxnOffsetCommit knows.
struct CommitRules {
  bool transactional = false;
  // OffsetCommit v9+, KIP-848: GROUP_ID_NOT_FOUND and STALE_MEMBER_EPOCH may be told.
  bool knows_epochs = false;
};

}  // namespace odradek::broker
