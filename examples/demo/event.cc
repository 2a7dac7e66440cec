#include "event.h"

#include <chrono>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <stdexcept>

namespace demo {
namespace {

int64_t parse_time_ms(const std::string& text) {
  std::tm parts{};
  std::istringstream in(text);
  in >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%SZ");
  if (in.fail()) throw std::runtime_error("not a time: " + text);
  return int64_t{timegm(&parts)} * 1000;
}

std::ifstream open(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  return in;
}

}  // namespace

std::vector<Event> read_events(const std::string& path) {
  std::ifstream in = open(path);
  std::vector<Event> events;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const size_t first = line.find(',');
    const size_t second = line.find(',', first + 1);
    if (second == std::string::npos) throw std::runtime_error("not a flight: " + line);
    Event event;
    event.key = line.substr(0, first);
    event.timestamp_ms = parse_time_ms(line.substr(first + 1, second - first - 1));
    event.line = line;
    events.push_back(std::move(event));
  }
  return events;
}

void append_seen(const std::string& path, int32_t partition, const Event& event) {
  std::ofstream out(path, std::ios::app);
  out << partition << '\t' << event.timestamp_ms << '\t' << event.key << '\t' << event.line << '\n';
  if (!out) throw std::runtime_error("cannot write " + path);
}

std::vector<Seen> read_seen(const std::string& path) {
  std::ifstream in = open(path);
  std::vector<Seen> seen;
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    Seen record;
    std::string number;
    std::getline(fields, number, '\t');
    record.partition = std::stoi(number);
    std::getline(fields, number, '\t');
    record.event.timestamp_ms = std::stoll(number);
    std::getline(fields, record.event.key, '\t');
    std::getline(fields, record.event.line);
    seen.push_back(std::move(record));
  }
  return seen;
}

}  // namespace demo
