#pragma once

#include <cstdint>
#include <string_view>

#include "broker/node.h"

namespace odradek::broker {

// What a configuration belongs to. Source: ConfigResource.Type of kafka-clients.
enum class ConfigResourceType : int8_t { kTopic = 2, kBroker = 4, kGroup = 32 };

// May the client see (or alter) the configuration of such a resource?
ApiError check_config_access(Node& node, const rpc::Request& request, bool alter, int8_t type,
                             std::string_view name);

// A resource named by a request, found.
struct ConfigResource {
  ApiError error;
  Topic* topic = nullptr;     // null: a group, or the broker
  std::string_view group;     // null: a topic, or the broker
  bool cluster_wide = false;  // the broker: all of the cluster, not this one
};
ConfigResource find_config_resource(Node& node, int8_t type, std::string_view name);

}  // namespace odradek::broker
