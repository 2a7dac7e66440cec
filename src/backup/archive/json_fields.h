#pragma once

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "backup/archive/archive_json.h"
#include "backup/archive/snapshots.h"
#include "base/result.h"

// How the archive's JSON texts are taken apart. For .cc files of the backup only.
namespace odradek::backup {

using Json = nlohmann::ordered_json;

// Thrown while a text is parsed only; every parser turns it, and nlohmann's own, into an Error.
class BadField : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <size_t N>
std::string hex(const std::array<uint8_t, N>& bytes) {
  return to_hex(Bytes(bytes));
}

template <size_t N>
std::array<uint8_t, N> take_hex(const Json& object, const char* field) {
  std::array<uint8_t, N> bytes{};
  if (!from_hex(object.at(field).get<std::string>(), bytes)) {
    throw BadField(fmt::format("{} is not {} bytes of hexadecimal", field, N));
  }
  return bytes;
}

inline Uuid take_uuid(const Json& object, const char* field) {
  return {take_hex<16>(object, field)};
}

template <class T>
T take(const Json& object, const char* field) {
  return object.at(field).get<T>();
}

template <class T>
T take_or(const Json& object, const char* field, T fallback) {
  return object.value(field, std::move(fallback));
}

template <class T>
std::vector<T> entries_of(const Json& object, const char* field, T (*parse)(const Json&)) {
  std::vector<T> entries;
  if (const auto found = object.find(field); found != object.end()) {
    for (const Json& entry : *found) entries.push_back(parse(entry));
  }
  return entries;
}

// Runs `parse` on the text's JSON; whatever it throws becomes an Error. kUnsupported for a schema
// above ours.
template <class T, class Parse>
Result<T> parse_object(std::string_view text, std::string_view format, Parse parse,
                       int schema_max = kArchiveSchema) {
  try {
    const Json object = Json::parse(text);
    if (take<std::string>(object, "format") != format) {
      throw BadField(fmt::format("format is not {}", format));
    }
    if (const int schema = take<int>(object, "schema"); schema > schema_max) {
      return Error(Errc::kUnsupported, fmt::format("{}: schema {}, this program reads up to {}",
                                                   format, schema, schema_max));
    }
    return parse(object);
  } catch (const std::exception& failure) {
    return Error(Errc::kMalformed, fmt::format("{}: {}", format, failure.what()));
  }
}

// What more than one kind of object holds.
Json json_of(const TopicFacts& topic);
TopicFacts topic_facts_of(const Json& object);
// A committed position carries any bytes as metadata; JSON only Unicode.
Json json_of(const GroupOffset& position);
GroupOffset group_offset_of(const Json& object);

}  // namespace odradek::backup
