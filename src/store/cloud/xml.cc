#include "store/cloud/xml.h"

#include <fmt/format.h>

#include <charconv>

namespace odradek::store::cloud {

Result<void> parse_xml(std::string_view text, std::string_view root, pugi::xml_document& document) {
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    return Error(Errc::kMalformed,
                 fmt::format("the store's answer is no XML: {}", parsed.description()));
  }
  const std::string_view name = document.document_element().name();
  if (name.empty() || (!root.empty() && name != root)) {
    return Error(Errc::kMalformed, fmt::format("the store's answer is not {}", root));
  }
  return {};
}

std::string_view child_text(const pugi::xml_node& node, const char* name) {
  return node.child(name).text().get();
}

Result<uint64_t> parse_size_text(std::string_view text) {
  uint64_t size = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, size);
  if (failure != std::errc() || at != end) {
    return Error(Errc::kMalformed, "the store gave an object no size");
  }
  return size;
}

std::string escape_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace odradek::store::cloud
