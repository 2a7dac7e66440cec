#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace odradek::broker {

// What the environment of Apache Kafka's official container image says about the broker.
struct KafkaEnvironment {
  std::map<std::string, std::string> properties;
  std::vector<std::string> unknown;  // names of properties Kafka has not either
  std::string cluster_id;            // of CLUSTER_ID
};

// Reads variables like "KAFKA_LOG_DIRS=/data": the name after KAFKA_ in small letters, "___" for
// '-', "__" for '_' and "_" for '.'. Those for the image's Java and its scripts, KAFKA_HEAP_OPTS
// and the like, are left out. Source: docker/ of Apache Kafka, its documentation of the image.
KafkaEnvironment read_kafka_environment(std::span<const std::string_view> variables);

}  // namespace odradek::broker
