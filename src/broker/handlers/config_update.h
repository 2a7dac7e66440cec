#pragma once

#include <span>

#include "broker/handlers/config_resource.h"
#include "broker/topic_admin.h"

namespace odradek::broker {

// Changes a resource's configuration, or only checks the changes. `replace`: keys that are not
// named lose their values. Kafka's old AlterConfigs does that, the incremental one does not.
ApiError update_configs(Node& node, const ConfigResource& resource,
                        std::span<const ConfigChange> changes, bool replace, bool only_check);

}  // namespace odradek::broker
