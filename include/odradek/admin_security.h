#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "odradek/admin_result.h"
#include "odradek/secret.h"

namespace odradek::kafka {

// Access control. The numbers are the protocol's; a broker may know more.
enum class AclResource : int8_t {
  any = 1,  // in filters only
  topic = 2,
  group = 3,
  cluster = 4,  // its name is "kafka-cluster"
  transactional_id = 5,
  delegation_token = 6,
  user = 7,
};

enum class AclPattern : int8_t {
  any = 1,    // in filters only
  match = 2,  // in filters only: whatever applies to the name
  literal = 3,
  prefixed = 4,
};

enum class AclOperation : int8_t {
  any = 1,  // in filters only
  all = 2,
  read = 3,
  write = 4,
  create = 5,
  remove = 6,  // Kafka's DELETE
  alter = 7,
  describe = 8,
  cluster_action = 9,
  describe_configs = 10,
  alter_configs = 11,
  idempotent_write = 12,
  create_tokens = 13,
  describe_tokens = 14,
  two_phase_commit = 15,
};

enum class AclPermission : int8_t { any = 1, deny = 2, allow = 3 };  // any: in filters only

struct Acl {
  AclResource resource = AclResource::topic;
  std::string name{};  // "*": all of this kind
  AclPattern pattern = AclPattern::literal;
  std::string principal{};  // "User:alice"
  std::string host = "*";
  AclOperation operation = AclOperation::read;
  AclPermission permission = AclPermission::allow;

  auto operator<=>(const Acl&) const = default;
};

// As it stands, everything.
struct AclFilter {
  AclResource resource = AclResource::any;
  std::optional<std::string> name{};
  AclPattern pattern = AclPattern::any;
  std::optional<std::string> principal{};
  std::optional<std::string> host{};
  AclOperation operation = AclOperation::any;
  AclPermission permission = AclPermission::any;
};

struct AclOutcome {
  using Value = void;
  Acl acl{};
  Result<void> result{};
};

// What one filter of delete_acls() matched, each with its own outcome.
struct AclDeletion {
  using Value = std::vector<AclOutcome>;
  AclFilter filter{};
  Result<std::vector<AclOutcome>> result;
};

enum class ScramMechanism : int8_t { sha256 = 1, sha512 = 2 };

struct ScramInfo {
  ScramMechanism mechanism = ScramMechanism::sha256;
  int32_t iterations = 0;
};

// Sets a user's password; the password itself stays in this process, as SCRAM wants it. It is
// stretched on the calling thread: some milliseconds.
struct ScramUpsert {
  std::string user{};
  Secret password{};
  ScramMechanism mechanism = ScramMechanism::sha256;
  int32_t iterations = 8192;  // 4096 to 16384, as Kafka wants it
};

struct ScramDeletion {
  std::string user{};
  ScramMechanism mechanism = ScramMechanism::sha256;
};

struct ScramChanges {
  std::vector<ScramUpsert> upserts{};
  std::vector<ScramDeletion> deletions{};
};

// Whom a quota is for: {"user": "alice"}, {"client-id": "app"}, both, or {"ip": "10.0.0.1"}. No
// value is the default of all that have no quota of their own.
using QuotaEntity = std::map<std::string, std::optional<std::string>>;

struct ClientQuota {
  QuotaEntity entity{};
  std::map<std::string, double> values{};  // "producer_byte_rate": bytes a second, and others
};

enum class QuotaMatch : int8_t { exact = 0, default_entity = 1, any = 2 };

// Quotas that say something about an entity type.
struct QuotaFilter {
  std::string entity_type{};
  QuotaMatch match = QuotaMatch::any;
  std::string name{};  // of an exact match
};

struct QuotaChange {
  QuotaEntity entity{};
  std::map<std::string, std::optional<double>> values{};  // none: removes it
};

struct QuotaOutcome {
  using Value = void;
  QuotaEntity entity{};
  Result<void> result{};
};

// A delegation token (KIP-48): id and hmac are user and password for SCRAM.
struct DelegationToken {
  std::string id{};
  std::string owner{};      // "User:alice"
  std::string requester{};  // who asked for it
  std::vector<std::string> renewers{};
  int64_t issued_ms = 0;
  int64_t expires_ms = 0;
  int64_t expires_at_latest_ms = 0;
  std::string hmac{};  // raw bytes
};

}  // namespace odradek::kafka
