#include "offset_text.h"

#include <charconv>

#include "commands.h"

namespace odk {

namespace ok = odradek::kafka;

ok::Result<OffsetText> parse_offset(const std::string& text) {
  using Kind = OffsetText::Kind;
  if (text == "beginning" || text == "earliest") return OffsetText{.kind = Kind::kBeginning};
  if (text == "end" || text == "latest") return OffsetText{.kind = Kind::kEnd};
  if (text == "stored") return OffsetText{.kind = Kind::kStored};
  Kind kind = Kind::kAbsolute;
  std::string_view digits = text;
  if (text.starts_with("s@") || text.starts_with("e@")) {
    kind = text[0] == 's' ? Kind::kSince : Kind::kUntil;
    digits.remove_prefix(2);
  } else if (text.starts_with('-')) {
    kind = Kind::kBeforeEnd;
    digits.remove_prefix(1);
  }
  OffsetText offset{.kind = kind};
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, offset.value);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != end || offset.value < 0) {
    return wrong("-o " + text + ": not beginning, end, stored, N, -N, s@MS or e@MS");
  }
  return offset;
}

}  // namespace odk
