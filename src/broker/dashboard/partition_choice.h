#pragma once

#include <vector>

#include "broker/dashboard/api.h"
#include "broker/dashboard/message_json.h"
#include "broker/topics.h"

namespace odradek::broker::dashboard {

// The partitions a query names, "0,3" or none for all. kInvalidArgument: no number;
// UNKNOWN_TOPIC_OR_PARTITION: no such partition.
Result<std::vector<const Partition*>> choose_partitions(const Topic& topic, std::string_view query);

// The filter in the parameters key, value, header and isolation.
Result<MessageFilter> read_filter(const ApiCall& call);

}  // namespace odradek::broker::dashboard
