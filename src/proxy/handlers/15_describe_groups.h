#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// DescribeGroups (15): each group at its coordinator. Assignments hold virtual partitions already.
Handler describe_groups_handler();

}  // namespace odradek::proxy
