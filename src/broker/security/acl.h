#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Access control entries: who may (not) do what from where. Numbers as Kafka's protocol and its
// metadata records have them. Source: org.apache.kafka.common.acl and .resource, Kafka 4.
namespace odradek::broker {

enum class ResourceType : int8_t {
  kUnknown = 0,
  kAny = 1,
  kTopic = 2,
  kGroup = 3,
  kCluster = 4,
  kTransactionalId = 5,
  kDelegationToken = 6,
  kUser = 7,
};
inline constexpr int8_t kResourceTypeMax = 7;

enum class PatternType : int8_t { kUnknown = 0, kAny = 1, kMatch = 2, kLiteral = 3, kPrefixed = 4 };

enum class AclOperation : int8_t {
  kUnknown = 0,
  kAny = 1,
  kAll = 2,
  kRead = 3,
  kWrite = 4,
  kCreate = 5,
  kDelete = 6,
  kAlter = 7,
  kDescribe = 8,
  kClusterAction = 9,
  kDescribeConfigs = 10,
  kAlterConfigs = 11,
  kIdempotentWrite = 12,
  kCreateTokens = 13,
  kDescribeTokens = 14,
  kTwoPhaseCommit = 15,
};
inline constexpr int8_t kAclOperationMax = 15;

enum class AclPermission : int8_t { kUnknown = 0, kAny = 1, kDeny = 2, kAllow = 3 };

// The only name a resource of type kCluster has.
inline constexpr std::string_view kClusterName = "kafka-cluster";
// Every name, every principal ("User:*") and every host.
inline constexpr std::string_view kAclWildcard = "*";
inline constexpr std::string_view kAnyPrincipal = "User:*";

struct Acl {
  ResourceType resource_type = ResourceType::kUnknown;
  std::string resource_name;
  PatternType pattern_type = PatternType::kLiteral;
  std::string principal;  // "User:alice"
  std::string host;       // an address, or "*"
  AclOperation operation = AclOperation::kUnknown;
  AclPermission permission = AclPermission::kUnknown;

  auto operator<=>(const Acl&) const = default;
};

// Which entries a request means. Empty texts: any. Source: AclBindingFilter of kafka-clients.
struct AclFilter {
  ResourceType resource_type = ResourceType::kAny;
  std::optional<std::string> resource_name;
  PatternType pattern_type = PatternType::kAny;
  std::optional<std::string> principal;
  std::optional<std::string> host;
  AclOperation operation = AclOperation::kAny;
  AclPermission permission = AclPermission::kAny;

  bool matches(const Acl& acl) const;
  // Has it a part no version of Kafka knows?
  bool is_unknown() const;
};

// Numbers of requests; unknown ones become kUnknown.
ResourceType resource_type_of(int8_t number);
PatternType pattern_type_of(int8_t number);
AclOperation acl_operation_of(int8_t number);
AclPermission acl_permission_of(int8_t number);

// Why `acl` cannot be created; empty when it can. Source: AclControlManager.validateNewAcl and
// AclApis.handleCreateAcls.
std::string acl_fault(const Acl& acl);

// The bits of the operations that mean something for a resource: bit N for operation N. Source:
// AclEntry.supportedOperations.
int32_t supported_operations(ResourceType type);

}  // namespace odradek::broker
