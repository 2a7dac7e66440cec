#include "broker/security/authorizer.h"

#include <vector>

#include "rpc/request.h"

namespace odradek::broker {
namespace {

bool applies_to(const Acl& acl, const Requester& who) {
  if (acl.principal != kAnyPrincipal && acl.principal != who.principal) return false;
  return acl.host == kAclWildcard || acl.host == who.host;
}

// Does an allowed `granted` include `wanted`? Denials do not imply others.
bool implies(AclOperation granted, AclOperation wanted) {
  using enum AclOperation;
  if (granted == wanted || granted == kAll) return true;
  if (wanted == kDescribe) {
    return granted == kRead || granted == kWrite || granted == kDelete || granted == kAlter;
  }
  return wanted == kDescribeConfigs && granted == kAlterConfigs;
}

bool covers(const Acl& acl, AclOperation wanted) {
  if (acl.permission == AclPermission::kAllow) return implies(acl.operation, wanted);
  return acl.operation == wanted || acl.operation == AclOperation::kAll;
}

// Denials of a type, as allows_any() compares allowed patterns with them.
struct Denied {
  std::set<std::string_view> literal;
  std::set<std::string_view> prefixed;

  bool covers(const Acl& allowed) const {
    const std::string_view name = allowed.resource_name;
    for (size_t length = 1; length <= name.size(); ++length) {
      if (prefixed.contains(name.substr(0, length))) return true;
    }
    return allowed.pattern_type == PatternType::kLiteral && literal.contains(name);
  }
};

}  // namespace

Requester requester_of(const rpc::ConnectionInfo& connection) {
  std::string_view host = connection.peer_address;
  host = host.substr(0, host.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {connection.principal, host, connection.is_inside};
}

Authorizer::Authorizer(const AclStore& acls, Options options)
    : acls_(acls), options_(std::move(options)) {}

bool Authorizer::may_everything(const Requester& who) const {
  return !options_.enabled || who.is_inside || options_.super_users.contains(who.principal);
}

bool Authorizer::allows(const Requester& who, AclOperation operation, ResourceType type,
                        std::string_view name) const {
  return may_everything(who) || decide(who, operation, type, name);
}

bool Authorizer::decide(const Requester& who, AclOperation operation, ResourceType type,
                        std::string_view name) const {
  bool has_entries = false;
  bool allowed = false;
  bool denied = false;
  acls_.visit_matching(type, name, [&](const Acl& acl) {
    has_entries = true;
    if (applies_to(acl, who) && covers(acl, operation)) {
      (acl.permission == AclPermission::kDeny ? denied : allowed) = true;
    }
    return !denied;
  });
  if (denied || allowed) return !denied;
  return !has_entries && options_.allow_without_acls;
}

bool Authorizer::allows_any(const Requester& who, AclOperation operation, ResourceType type) const {
  // A name nobody has: what holds for it holds by default.
  if (allows(who, operation, type, "hardcode")) return true;
  Denied denied;
  std::vector<const Acl*> allowed;
  bool all_denied = false;
  bool all_allowed = false;
  acls_.visit_all(type, [&](const Acl& acl) {
    const bool meant = acl.operation == operation || acl.operation == AclOperation::kAll;
    if (!meant || !applies_to(acl, who)) return true;
    const bool literal = acl.pattern_type == PatternType::kLiteral;
    const bool wildcard = literal && acl.resource_name == kAclWildcard;
    if (acl.permission == AclPermission::kDeny) {
      if (wildcard) all_denied = true;
      (literal ? denied.literal : denied.prefixed).insert(acl.resource_name);
    } else {
      if (wildcard) all_allowed = true;
      allowed.push_back(&acl);
    }
    return !all_denied;
  });
  if (all_denied || all_allowed) return !all_denied;
  for (const Acl* acl : allowed) {
    if (!denied.covers(*acl)) return true;
  }
  return false;
}

int32_t Authorizer::operations(const Requester& who, ResourceType type,
                               std::string_view name) const {
  const int32_t supported = supported_operations(type);
  if (may_everything(who)) return supported;
  int32_t bits = 0;
  for (int8_t operation = 0; operation <= kAclOperationMax; ++operation) {
    const int32_t bit = 1 << operation;
    const bool meant = (supported & bit) != 0;
    if (meant && decide(who, static_cast<AclOperation>(operation), type, name)) bits |= bit;
  }
  return bits;
}

std::set<std::string, std::less<>> parse_super_users(std::string_view text) {
  std::set<std::string, std::less<>> users;
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    std::string_view user = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (user.starts_with(' ')) user.remove_prefix(1);
    while (user.ends_with(' ')) user.remove_suffix(1);
    if (!user.empty()) users.emplace(user);
  }
  return users;
}

}  // namespace odradek::broker
