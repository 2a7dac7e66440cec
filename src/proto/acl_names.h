#pragma once

#include <array>
#include <string_view>

// Numbers of the protocol's ACLs by the names Kafka's tools print: a name stands at its number.
// Source: org.apache.kafka.common.acl.AclOperation and AclPermissionType,
// org.apache.kafka.common.resource.ResourceType and PatternType.
namespace odradek::proto {

inline constexpr std::array<std::string_view, 8> kResourceTypeNames = {
    "UNKNOWN", "ANY", "TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN", "USER"};

inline constexpr std::array<std::string_view, 5> kPatternTypeNames = {"UNKNOWN", "ANY", "MATCH",
                                                                      "LITERAL", "PREFIXED"};

inline constexpr std::array<std::string_view, 16> kAclOperationNames = {"UNKNOWN",
                                                                        "ANY",
                                                                        "ALL",
                                                                        "READ",
                                                                        "WRITE",
                                                                        "CREATE",
                                                                        "DELETE",
                                                                        "ALTER",
                                                                        "DESCRIBE",
                                                                        "CLUSTER_ACTION",
                                                                        "DESCRIBE_CONFIGS",
                                                                        "ALTER_CONFIGS",
                                                                        "IDEMPOTENT_WRITE",
                                                                        "CREATE_TOKENS",
                                                                        "DESCRIBE_TOKENS",
                                                                        "TWO_PHASE_COMMIT"};

inline constexpr std::array<std::string_view, 4> kAclPermissionNames = {"UNKNOWN", "ANY", "DENY",
                                                                        "ALLOW"};

}  // namespace odradek::proto
