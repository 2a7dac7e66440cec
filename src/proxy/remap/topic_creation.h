#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/remap/mapping_registry.h"

namespace odradek::proxy {

// What becomes of a topic that a client wants to create.
struct TopicCreation {
  enum class Outcome : uint8_t {
    kAsAsked,          // not mapped
    kMapped,           // with the physical partitions of `remapper`
    kWrongCount,       // INVALID_PARTITIONS: `remapper` tells how many it must be
    kOwnAssignment     // INVALID_REPLICA_ASSIGNMENT: assignments would be to virtual partitions
  };
  Outcome outcome = Outcome::kAsAsked;
  const PartitionRemapper* remapper = nullptr;
};

// `partitions` as in CreateTopics: -1 is the default; `assignments` counts manual ones.
TopicCreation decide_creation(const MappingRegistry& registry, std::string_view topic,
                              int32_t partitions, size_t assignments);

}  // namespace odradek::proxy
