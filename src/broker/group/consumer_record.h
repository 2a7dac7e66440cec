#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/result.h"
#include "broker/group/consumer_member.h"
#include "broker/group/group_environment.h"

namespace odradek::broker {

// The records of a consumer group, each with its tombstone. A null pointer makes the tombstone.
// Source: GroupCoordinatorRecordHelpers of Kafka 4.3.
struct EpochValue {
  int32_t epoch = 0;
  int64_t metadata_hash = 0;  // of the topics it is subscribed to
};
GroupRecord epoch_record(std::string_view group, const EpochValue* value);
GroupRecord member_record(std::string_view group, std::string_view member,
                          const ConsumerMember* value);
GroupRecord current_record(std::string_view group, std::string_view member,
                           const ConsumerMember* value);
struct TargetEpoch {
  int32_t epoch = 0;
  TimestampMs made_ms = 0;  // when the target was computed; 0: before time was kept
};
GroupRecord target_epoch_record(std::string_view group, const TargetEpoch* value);
GroupRecord target_record(std::string_view group, std::string_view member,
                          const PartitionSet* value);
struct ResolvedRegex {
  std::set<std::string> topics;
  int64_t version = 0;
  TimestampMs resolved_ms = 0;

  bool operator==(const ResolvedRegex&) const = default;
};
GroupRecord regex_record(std::string_view group, std::string_view regex,
                         const ResolvedRegex* value);

// Back again; `value` is not null. Errors: kMalformed, kUnsupported.
Result<EpochValue> read_epoch(Bytes value);
Result<void> read_member(Bytes value, ConsumerMember& into);   // what it wants
Result<void> read_current(Bytes value, ConsumerMember& into);  // what it has
Result<TargetEpoch> read_target_epoch(Bytes value);
Result<PartitionSet> read_target(Bytes value);
Result<ResolvedRegex> read_regex(Bytes value);

}  // namespace odradek::broker
