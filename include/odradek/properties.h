#pragma once

#include <map>
#include <string>
#include <vector>

#include "odradek/client.h"
#include "odradek/consumer.h"
#include "odradek/producer.h"

namespace odradek::kafka {

// "bootstrap.servers" = "localhost:9092" and so on.
using Properties = std::map<std::string, std::string>;

// The options that properties stand for. All three take part of one set, as the files that programs
// have mix them.
struct PropertyOptions {
  ClientOptions client{};
  ProducerOptions producer{};
  ConsumerOptions consumer{};
  // What was given, is known, and does nothing here; docs/client/properties.md says why.
  std::vector<std::string> without_effect{};
};

// Reads the names that Kafka's Java client and librdkafka use. An unknown name is an error that
// tells the nearest known one, and so is a value that makes no sense: ErrorKind::config. Defaults
// are ours, not theirs. Error texts never hold the values of secrets.
Result<PropertyOptions> from_properties(const Properties& properties);

}  // namespace odradek::kafka
