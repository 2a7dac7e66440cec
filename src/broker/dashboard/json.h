#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace odradek::broker::dashboard {

using Json = nlohmann::json;

// As text, whatever bytes the strings have: what is no UTF-8 becomes U+FFFD.
std::string dump(const Json& json);

// Bytes a client chose, for people: null, {"size", "text"} when it is UTF-8 without control
// characters but tab and line ends, else {"size", "base64"}. More than `bytes_max` is cut, and
// said in "truncated".
Json payload_json(Bytes bytes, size_t bytes_max);
// A text that may be null.
Json text_json(std::string_view text);

// Members of a request's body. kInvalidArgument names the member that is missing or of another
// type; a default makes it optional (null counts as absent).
Result<std::string> text_member(const Json& object, const char* name,
                                std::optional<std::string> otherwise = std::nullopt);
struct NumberRange {
  int64_t least = 0;
  int64_t most = INT64_MAX;
};
Result<int64_t> number_member(const Json& object, const char* name, NumberRange range,
                              std::optional<int64_t> otherwise = std::nullopt);
Result<bool> flag_member(const Json& object, const char* name, bool otherwise);
// Null when it is absent; kInvalidArgument when it is something else.
Result<const Json*> array_member(const Json& object, const char* name);
Result<const Json*> object_member(const Json& object, const char* name);

// The bytes of {"text": ...}, {"base64": ...} or {"hex": ...}; none for null.
Result<std::optional<std::string>> payload_member(const Json& object, const char* name);

// A whole number in a text; kInvalidArgument says what is wrong with `what`.
Result<int64_t> parse_number(std::string_view text, std::string_view what, NumberRange range);

}  // namespace odradek::broker::dashboard
