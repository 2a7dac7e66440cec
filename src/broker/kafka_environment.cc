#include "broker/kafka_environment.h"

#include <algorithm>
#include <array>

#include "broker/settings.h"

namespace odradek::broker {
namespace {

constexpr std::string_view kPrefix = "KAFKA_";

// For Java, its logging and the scripts around it.
bool is_for_java(std::string_view name) {
  constexpr std::array<std::string_view, 13> kNames = {
      "CLASSPATH",    "DEBUG",    "GC_LOG_OPTS",          "HEAP_OPTS", "HOME",
      "JMX_OPTS",     "JMX_PORT", "JVM_PERFORMANCE_OPTS", "MODE",      "OPTS",
      "JMX_HOSTNAME", "VERSION",  "SCALA_VERSION"};
  return std::ranges::find(kNames, name) != kNames.end() || name.starts_with("LOG4J_") ||
         name.starts_with("TOOLS_LOG4J_");
}

std::string property_name(std::string_view name) {
  std::string property;
  for (size_t i = 0; i < name.size();) {
    size_t underscores = 0;
    while (underscores < 3 && i + underscores < name.size() && name[i + underscores] == '_') {
      ++underscores;
    }
    if (underscores > 0) {
      property += "._-"[underscores - 1];
      i += underscores;
      continue;
    }
    const char c = name[i++];
    property += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return property;
}

}  // namespace

KafkaEnvironment read_kafka_environment(std::span<const std::string_view> variables) {
  KafkaEnvironment environment;
  for (const std::string_view variable : variables) {
    const size_t equals = variable.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view name = variable.substr(0, equals);
    const std::string_view value = variable.substr(equals + 1);
    if (name == "CLUSTER_ID") environment.cluster_id = value;
    if (!name.starts_with(kPrefix)) continue;
    name.remove_prefix(kPrefix.size());
    if (name.empty() || is_for_java(name)) continue;
    std::string property = property_name(name);
    if (is_broker_property(property)) {
      environment.properties.insert_or_assign(std::move(property), std::string(value));
    } else {
      environment.unknown.push_back(std::move(property));
    }
  }
  return environment;
}

}  // namespace odradek::broker
