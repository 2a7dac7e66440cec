#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// CreateTopics (19): mapped topics are created with P partitions when the client asks for V or for
// the default (-1). Any other number is INVALID_PARTITIONS for a topic that the configuration
// names; where only the default mapping matches, the topic is created as asked and not mapped,
// except with P partitions, which would map it unasked.
Handler create_topics_handler();

}  // namespace odradek::proxy
