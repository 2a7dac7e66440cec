#pragma once

#include "broker/dashboard/json.h"
#include "broker/node.h"

namespace odradek::broker::dashboard {

// The topic of that name; kServer with UNKNOWN_TOPIC_OR_PARTITION when there is none.
Result<Topic*> find_topic(const Node& node, std::string_view name);

// Name, id, sizes and the policies people look for, summed over the partitions.
Json topic_summary_json(const Node& node, const Topic& topic);
Json partition_json(const Partition& partition);

}  // namespace odradek::broker::dashboard
