#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/slice.h"
#include "client/consumer/assignor.h"

// What members of a classic "consumer" group tell each other through the coordinator, which does
// not look into it. Each begins with its version. Source: ConsumerProtocolSubscription.json and
// ConsumerProtocolAssignment.json, versions 0 to 3.
namespace odradek::client {

// `member` without its ids. Errors: kLimitExceeded for names over 32,767 bytes.
Result<Slice> encode_subscription(const Subscriber& member);
// The reverse; newer versions are read as the newest known. kMalformed.
Result<Subscriber> decode_subscription(Bytes metadata);

// What members of the assignor `sticky` say in their user data: what they had until they gave
// everything up for this rebalance. Source: StickyAssignorUserData, versions 0 and 1.
Result<std::string> encode_sticky_data(const std::vector<kafka::TopicPartition>& had,
                                       int32_t generation);
// Into `owned` and `generation`. Data that cannot be read, which any member can send, counts as
// having had nothing, as in Java's StickyAssignor.
void read_sticky_data(Subscriber& member);

Result<Slice> encode_assignment(const std::vector<kafka::TopicPartition>& partitions);
// Empty bytes are no partitions, as the coordinator gives to members the leader left out.
Result<std::vector<kafka::TopicPartition>> decode_assignment(Bytes assignment);

}  // namespace odradek::client
