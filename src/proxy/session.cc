#include "proxy/session.h"

#include "proxy/consistency/settings_topic.h"

namespace odradek::proxy {

using proto::ErrorCode;

bool Session::may_topic(Operation operation, std::string_view name) const {
  const bool only_looks = operation == Operation::kRead || operation == Operation::kDescribe ||
                          operation == Operation::kDescribeConfigs;
  if (name == kSettingsTopic && !only_looks) return false;
  return context.access().may_topic(principal, operation, name);
}

ErrorCode Session::group_refusal(Operation operation, std::string_view group) const {
  if (context.shadows.is_reserved(group)) return ErrorCode::kInvalidGroupId;
  if (context.access().may_group(principal, operation, group)) return {};
  return ErrorCode::kGroupAuthorizationFailed;
}

ErrorCode Session::transaction_refusal(Operation operation,
                                       std::string_view transactional_id) const {
  if (context.access().may_transactional_id(principal, operation, transactional_id)) return {};
  return ErrorCode::kTransactionalIdAuthorizationFailed;
}

io::Task<ResolvedTopics> Session::resolve(Operation operation, std::vector<TopicRef> refs,
                                          ErrorCode when_unreachable, MonotonicTime deadline) {
  ResolvedTopics resolved =
      co_await context.topics.resolve(std::move(refs), when_unreachable, deadline);
  for (size_t i = 0; i < resolved.topics.size(); ++i) {
    if (resolved.names[i].empty() || may_topic(operation, resolved.names[i])) continue;
    resolved.topics[i] = {.error = ErrorCode::kTopicAuthorizationFailed};
  }
  co_return resolved;
}

}  // namespace odradek::proxy
