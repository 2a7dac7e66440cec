#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace odradek::proxy {

// What a client does with a topic, a group or a transactional id, as of Kafka's ACLs.
enum class Operation : uint8_t {
  kRead,
  kWrite,
  kCreate,
  kDelete,
  kAlter,
  kDescribe,
  kDescribeConfigs
};

// One permission: who may do what with names that begin so.
struct AccessRule {
  std::string principal;  // "User:alice", or "*" for everybody
  std::set<Operation> operations;
  std::optional<std::string> topic{};             // prefixes; "*" and "" are all
  std::optional<std::string> group{};
  std::optional<std::string> transactional_id{};
};

// All permissions. Brokers see one identity, the proxy's, so who a client is counts here only.
// Without any rule everybody may everything; else what no rule allows is refused. Who may read,
// write, delete or alter may describe. Immutable.
class AccessRules {
 public:
  explicit AccessRules(std::vector<AccessRule> rules = {}) : rules_(std::move(rules)) {}

  bool may_topic(std::string_view principal, Operation operation, std::string_view name) const {
    return may(principal, operation, &AccessRule::topic, name);
  }
  bool may_group(std::string_view principal, Operation operation, std::string_view name) const {
    return may(principal, operation, &AccessRule::group, name);
  }
  bool may_transactional_id(std::string_view principal, Operation operation,
                            std::string_view name) const {
    return may(principal, operation, &AccessRule::transactional_id, name);
  }

 private:
  bool may(std::string_view principal, Operation operation,
           std::optional<std::string> AccessRule::* prefix, std::string_view name) const;

  std::vector<AccessRule> rules_;
};

}  // namespace odradek::proxy
