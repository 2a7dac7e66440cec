#pragma once

#include <cstdint>
#include <string>

#include "odradek/kafka.h"

namespace odk {

// Where to begin or end, as typed with -o.
struct OffsetText {
  enum class Kind : uint8_t { kBeginning, kEnd, kStored, kAbsolute, kBeforeEnd, kSince, kUntil };
  Kind kind = Kind::kBeginning;
  int64_t value = 0;  // an offset, a number of records, or a time in ms

  bool operator==(const OffsetText&) const = default;
};

// "beginning" or "earliest", "end" or "latest", "stored", an offset, -N for the last N records,
// s@MS to begin and e@MS to end at a time. invalid_argument otherwise.
odradek::kafka::Result<OffsetText> parse_offset(const std::string& text);

}  // namespace odk
