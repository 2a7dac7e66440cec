#include "broker/security/acl.h"

#include <fmt/format.h>

namespace odradek::broker {
namespace {

constexpr int32_t bit(AclOperation operation) { return 1 << static_cast<int>(operation); }

bool name_matches(const AclFilter& filter, const Acl& acl) {
  if (!filter.resource_name) return true;
  const std::string& name = *filter.resource_name;
  if (filter.pattern_type != PatternType::kMatch) return name == acl.resource_name;
  if (acl.pattern_type == PatternType::kPrefixed) return name.starts_with(acl.resource_name);
  return name == acl.resource_name || acl.resource_name == kAclWildcard;
}

}  // namespace

bool AclFilter::matches(const Acl& acl) const {
  if (resource_type != ResourceType::kAny && resource_type != acl.resource_type) return false;
  if (pattern_type != PatternType::kAny && pattern_type != PatternType::kMatch &&
      pattern_type != acl.pattern_type) {
    return false;
  }
  if (!name_matches(*this, acl)) return false;
  if (principal && *principal != acl.principal) return false;
  if (host && *host != acl.host) return false;
  if (operation != AclOperation::kAny && operation != acl.operation) return false;
  return permission == AclPermission::kAny || permission == acl.permission;
}

bool AclFilter::is_unknown() const {
  return resource_type == ResourceType::kUnknown || pattern_type == PatternType::kUnknown ||
         operation == AclOperation::kUnknown || permission == AclPermission::kUnknown;
}

ResourceType resource_type_of(int8_t number) {
  const bool known = number >= 0 && number <= kResourceTypeMax;
  return known ? static_cast<ResourceType>(number) : ResourceType::kUnknown;
}

PatternType pattern_type_of(int8_t number) {
  const bool known = number >= 0 && number <= static_cast<int8_t>(PatternType::kPrefixed);
  return known ? static_cast<PatternType>(number) : PatternType::kUnknown;
}

AclOperation acl_operation_of(int8_t number) {
  const bool known = number >= 0 && number <= kAclOperationMax;
  return known ? static_cast<AclOperation>(number) : AclOperation::kUnknown;
}

AclPermission acl_permission_of(int8_t number) {
  const bool known = number >= 0 && number <= static_cast<int8_t>(AclPermission::kAllow);
  return known ? static_cast<AclPermission>(number) : AclPermission::kUnknown;
}

std::string acl_fault(const Acl& acl) {
  if (acl.resource_type == ResourceType::kCluster && acl.resource_name != kClusterName) {
    return fmt::format("The only valid name for the CLUSTER resource is {}", kClusterName);
  }
  if (acl.resource_name.empty()) return "Resource name should not be empty";
  if (acl.resource_type == ResourceType::kUnknown || acl.resource_type == ResourceType::kAny) {
    return "Invalid resourceType";
  }
  if (acl.pattern_type != PatternType::kLiteral && acl.pattern_type != PatternType::kPrefixed) {
    return "Invalid patternType";
  }
  if (acl.operation == AclOperation::kUnknown || acl.operation == AclOperation::kAny) {
    return "Invalid operation";
  }
  if (acl.permission != AclPermission::kAllow && acl.permission != AclPermission::kDeny) {
    return "Invalid permissionType";
  }
  if (acl.principal.find(':') == std::string::npos) {
    return fmt::format("the principal \"{}\" has no type before a colon", acl.principal);
  }
  return {};
}

int32_t supported_operations(ResourceType type) {
  using enum AclOperation;
  switch (type) {
    case ResourceType::kTopic:
      return bit(kRead) | bit(kWrite) | bit(kCreate) | bit(kDescribe) | bit(kDelete) | bit(kAlter) |
             bit(kDescribeConfigs) | bit(kAlterConfigs);
    case ResourceType::kGroup:
      return bit(kRead) | bit(kDescribe) | bit(kDelete) | bit(kDescribeConfigs) |
             bit(kAlterConfigs);
    case ResourceType::kCluster:
      return bit(kCreate) | bit(kClusterAction) | bit(kDescribeConfigs) | bit(kAlterConfigs) |
             bit(kIdempotentWrite) | bit(kAlter) | bit(kDescribe);
    case ResourceType::kTransactionalId: return bit(kDescribe) | bit(kWrite) | bit(kTwoPhaseCommit);
    case ResourceType::kUser: return bit(kCreateTokens) | bit(kDescribeTokens);
    case ResourceType::kDelegationToken: return bit(kDescribe);
    default: return 0;
  }
}

}  // namespace odradek::broker
