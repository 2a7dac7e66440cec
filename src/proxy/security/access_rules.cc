#include "proxy/security/access_rules.h"

#include <algorithm>

namespace odradek::proxy {
namespace {

bool covers(const std::optional<std::string>& prefix, std::string_view name) {
  return prefix && (*prefix == "*" || name.starts_with(*prefix));
}

bool covers(const std::set<Operation>& allowed, Operation wanted) {
  if (allowed.contains(wanted)) return true;
  if (wanted == Operation::kDescribeConfigs) return allowed.contains(Operation::kAlter);
  if (wanted != Operation::kDescribe) return false;
  return std::ranges::any_of(allowed, [](Operation operation) {
    return operation != Operation::kCreate && operation != Operation::kDescribeConfigs;
  });
}

}  // namespace

bool AccessRules::may(std::string_view principal, Operation operation,
                      std::optional<std::string> AccessRule::* prefix,
                      std::string_view name) const {
  if (rules_.empty()) return true;
  return std::ranges::any_of(rules_, [&](const AccessRule& rule) {
    const bool is_meant = rule.principal == "*" || rule.principal == principal;
    return is_meant && covers(rule.operations, operation) && covers(rule.*prefix, name);
  });
}

}  // namespace odradek::proxy
