#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// DeleteTopics (20): passed on; topics go by name or id, which are the real ones.
Handler delete_topics_handler();

}  // namespace odradek::proxy
