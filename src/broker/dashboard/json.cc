#include "broker/dashboard/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "auth/base64.h"
#include "base/utf8.h"

namespace odradek::broker::dashboard {
namespace {

Error bad(std::string message) { return {Errc::kInvalidArgument, std::move(message)}; }

const Json* find(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Error missing(const char* name) { return bad(fmt::format("\"{}\" is missing", name)); }
Error wrong(const char* name, std::string_view wanted) {
  return bad(fmt::format("\"{}\" must be {}", name, wanted));
}

bool is_plain(char c) {
  const auto code = static_cast<unsigned char>(c);
  return (code >= 0x20 && code != 0x7F) || c == '\t' || c == '\n' || c == '\r';
}

// How much of `text` is readable, whole characters only.
size_t readable_bytes(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t count = utf8_sequence_bytes(text.substr(at));
    if (count == 0 || !is_plain(text[at])) return at;
    at += count;
  }
  return at;
}

Result<std::string> decode_hex(std::string_view text) {
  std::string bytes;
  uint32_t value = 0;
  size_t digits = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') continue;
    uint32_t digit = 0;
    const auto [end, error] = std::from_chars(&c, &c + 1, digit, 16);
    if (error != std::errc()) return bad(fmt::format("'{}' is no hexadecimal digit", c));
    value = value * 16 + digit;
    if (++digits % 2 == 0) bytes += static_cast<char>(value & 0xFFU);
  }
  if (digits % 2 != 0) return bad("an odd number of hexadecimal digits");
  return bytes;
}

}  // namespace

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json payload_json(Bytes bytes, size_t bytes_max) {
  if (is_null(bytes)) return nullptr;
  Json json{{"size", bytes.size()}};
  const Bytes shown = bytes.first(std::min(bytes.size(), bytes_max));
  if (shown.size() < bytes.size()) json["truncated"] = true;
  const std::string_view text = as_text(shown);
  const size_t readable = readable_bytes(text);
  // A cut may have split a character, of which there are at most four bytes.
  const bool is_text = readable == text.size() ||
                       (shown.size() < bytes.size() && readable + 4 > text.size() && readable > 0 &&
                        static_cast<unsigned char>(text[readable]) >= 0x80);
  if (is_text) {
    json["text"] = std::string(text.substr(0, readable));
  } else {
    json["base64"] = auth::encode_base64(shown);
  }
  return json;
}

Json text_json(std::string_view text) {
  return is_null(text) ? Json(nullptr) : Json(std::string(text));
}

Result<std::string> text_member(const Json& object, const char* name,
                                std::optional<std::string> otherwise) {
  const Json* found = find(object, name);
  if (found == nullptr) {
    if (otherwise) return *std::move(otherwise);
    return missing(name);
  }
  if (!found->is_string()) return wrong(name, "a text");
  return found->get<std::string>();
}

Result<int64_t> number_member(const Json& object, const char* name, NumberRange range,
                              std::optional<int64_t> otherwise) {
  const Json* found = find(object, name);
  if (found == nullptr) {
    if (otherwise) return *otherwise;
    return missing(name);
  }
  const bool fits = found->is_number_integer() &&
                    (!found->is_number_unsigned() ||
                     found->get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX)) &&
                    found->get<int64_t>() >= range.least && found->get<int64_t>() <= range.most;
  if (!fits) {
    return wrong(name, fmt::format("a whole number from {} to {}", range.least, range.most));
  }
  return found->get<int64_t>();
}

Result<bool> flag_member(const Json& object, const char* name, bool otherwise) {
  const Json* found = find(object, name);
  if (found == nullptr) return otherwise;
  if (!found->is_boolean()) return wrong(name, "true or false");
  return found->get<bool>();
}

Result<const Json*> array_member(const Json& object, const char* name) {
  const Json* found = find(object, name);
  if (found != nullptr && !found->is_array()) return wrong(name, "a list");
  return found;
}

Result<const Json*> object_member(const Json& object, const char* name) {
  const Json* found = find(object, name);
  if (found != nullptr && !found->is_object()) return wrong(name, "an object");
  return found;
}

Result<std::optional<std::string>> payload_member(const Json& object, const char* name) {
  ODK_TRY(const Json* payload, object_member(object, name));
  if (payload == nullptr) return std::optional<std::string>();
  if (payload->contains("base64")) {
    ODK_TRY(const std::string text, text_member(*payload, "base64"));
    const Result<std::vector<uint8_t>> bytes = auth::decode_base64(text);
    if (!bytes) return bad(fmt::format("\"{}\" is no base64", name));
    return std::optional(std::string(bytes->begin(), bytes->end()));
  }
  if (payload->contains("hex")) {
    ODK_TRY(const std::string text, text_member(*payload, "hex"));
    Result<std::string> bytes = decode_hex(text);
    if (!bytes) return bad(fmt::format("\"{}\": {}", name, bytes.error().message()));
    return std::optional(*std::move(bytes));
  }
  ODK_TRY(std::string text, text_member(*payload, "text"));
  return std::optional(std::move(text));
}

Result<int64_t> parse_number(std::string_view text, std::string_view what, NumberRange range) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < range.least ||
      value > range.most) {
    return bad(fmt::format("{}: \"{}\" is no whole number from {} to {}", what, text, range.least,
                           range.most));
  }
  return value;
}

}  // namespace odradek::broker::dashboard
