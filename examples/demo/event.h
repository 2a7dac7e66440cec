#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace demo {

// One line of the data set: a flight, keyed by its aircraft, at its scheduled time.
struct Event {
  std::string key;  // empty: the record has no key
  int64_t timestamp_ms = 0;
  std::string line;

  bool operator==(const Event&) const = default;
};

// Reads the CSV file; the first line names the columns. Throws std::runtime_error.
std::vector<Event> read_events(const std::string& path);

// What the consumers saw, in the order they saw it: one record a line, in a file that grows.
void append_seen(const std::string& path, int32_t partition, const Event& event);
struct Seen {
  int32_t partition = -1;
  Event event;
};
std::vector<Seen> read_seen(const std::string& path);

}  // namespace demo
