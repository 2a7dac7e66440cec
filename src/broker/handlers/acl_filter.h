#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "broker/security/acl.h"

namespace odradek::broker {

// The filter that DescribeAcls, or one part of DeleteAcls, asks with; both name its fields alike.
template <class Asked>
AclFilter acl_filter(const Asked& asked) {
  const auto given = [](std::string_view text) {
    return is_null(text) ? std::nullopt : std::optional<std::string>(text);
  };
  AclFilter filter;
  filter.resource_type = resource_type_of(asked.resource_type_filter);
  filter.resource_name = given(asked.resource_name_filter);
  filter.pattern_type = pattern_type_of(asked.pattern_type_filter);
  filter.principal = given(asked.principal_filter);
  filter.host = given(asked.host_filter);
  filter.operation = acl_operation_of(asked.operation);
  filter.permission = acl_permission_of(asked.permission_type);
  return filter;
}

}  // namespace odradek::broker
