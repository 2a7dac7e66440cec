#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

// How the stores write names, times and digests.
namespace odradek::store::cloud {

// RFC 3986: everything but letters, digits and "-._~" as %XX in capitals, as signatures want it.
std::string percent_encode(std::string_view text);
// The same for a path: slashes stay.
std::string percent_encode_path(std::string_view path);
// Errors: kMalformed for a '%' without two hex digits.
enum class Plus : uint8_t { kIsPlus, kIsSpace };
Result<std::string> percent_decode(std::string_view text, Plus plus);

using Query = std::vector<std::pair<std::string, std::string>>;  // names and values, not encoded
// "a=1&b=two%20words", in the order given.
std::string query_text(const Query& query);

std::string to_hex(Bytes bytes);  // small letters

std::string iso_basic_time(TimestampMs time);     // "20130524T000000Z"
std::string http_time(TimestampMs time);          // "Fri, 24 May 2013 00:00:00 GMT"
std::optional<TimestampMs> parse_http_time(std::string_view text);
std::optional<TimestampMs> parse_iso_time(std::string_view text);  // "2013-05-24T00:00:00[.0]Z"

// "https", "host:port" and "/path" of an endpoint; the path has no slash at its end.
struct Endpoint {
  std::string scheme{};
  std::string authority{};
  std::string path{};

  std::string text() const { return scheme + "://" + authority + path; }
};
// Errors: kConfig, also for user names, queries and control characters in it.
Result<Endpoint> parse_endpoint(std::string_view url);

std::string_view trim(std::string_view text);  // blanks, tabs and line ends of both sides

// The content of a small text with one value (a token file), without blanks around it.
std::string first_line(std::string_view text);

}  // namespace odradek::store::cloud
