#pragma once

#include <string_view>

#include "broker/group/group_environment.h"
#include "broker/group/group_types.h"

namespace odradek::broker {

// A committed offset as a record. Source: OffsetCommitKey/OffsetCommitValue,
// GroupCoordinatorRecordHelpers.newOffsetCommitRecord of Kafka 4.3.
GroupRecord offset_record(std::string_view group_id, std::string_view topic, int32_t partition,
                          const CommittedOffset& offset);
// That a partition has none any more.
GroupRecord offset_tombstone(std::string_view group_id, std::string_view topic, int32_t partition);

}  // namespace odradek::broker
