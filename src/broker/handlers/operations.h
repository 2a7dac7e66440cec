#pragma once

#include <cstdint>

namespace odradek::broker {

// The bits of "authorized operations" fields when everything is allowed: bit N for the operation
// with code N. Source: AclOperation, AclEntry.supportedOperations of Kafka 4.
inline constexpr int32_t kAllTopicOperations = 3576;    // 3 to 8, 10, 11
inline constexpr int32_t kAllGroupOperations = 3400;    // read, delete, describe, configs
inline constexpr int32_t kAllClusterOperations = 8096;  // create, alter, describe and others
// The field when nobody asked.
inline constexpr int32_t kOperationsNotAsked = -2'147'483'647 - 1;

}  // namespace odradek::broker
