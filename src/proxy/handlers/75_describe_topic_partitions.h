#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// DescribeTopicPartitions (75): made from metadata, in pages; the cursor is a topic and a virtual
// partition.
Handler describe_topic_partitions_handler();

}  // namespace odradek::proxy
