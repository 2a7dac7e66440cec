#include "store/cloud/text.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <ctime>

namespace odradek::store::cloud {
namespace {

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string encode(std::string_view text, bool keep_slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || (keep_slash && c == '/')) {
      out += c;
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::tm calendar(TimestampMs time) {
  const time_t seconds = time / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

std::string format_time(TimestampMs time, const char* format) {
  const std::tm parts = calendar(time);
  std::array<char, 64> text{};
  return {text.data(), strftime(text.data(), text.size(), format, &parts)};
}

std::optional<TimestampMs> parse_time(std::string_view text, const char* format) {
  std::tm parts{};
  const std::string whole(text);
  if (strptime(whole.c_str(), format, &parts) == nullptr) return std::nullopt;
  return static_cast<TimestampMs>(timegm(&parts)) * 1000;
}

}  // namespace

std::string percent_encode(std::string_view text) { return encode(text, false); }
std::string percent_encode_path(std::string_view path) { return encode(path, true); }

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus == Plus::kIsSpace) {
      out += ' ';
      continue;
    }
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hex_value(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_value(text[at + 2]) : -1;
    if (high < 0 || low < 0) return Error(Errc::kMalformed, "percent sign without two hex digits");
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

std::string query_text(const Query& query) {
  std::string out;
  for (const auto& [name, value] : query) {
    if (!out.empty()) out += '&';
    out += percent_encode(name) + "=" + percent_encode(value);
  }
  return out;
}

std::string to_hex(Bytes bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

std::string iso_basic_time(TimestampMs time) { return format_time(time, "%Y%m%dT%H%M%SZ"); }

std::string http_time(TimestampMs time) {
  // strftime's names of days and months follow the locale.
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm parts = calendar(time);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<size_t>(parts.tm_wday)], parts.tm_mday,
                     kMonths[static_cast<size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::optional<TimestampMs> parse_http_time(std::string_view text) {
  return parse_time(text, "%a, %d %b %Y %H:%M:%S GMT");
}

std::optional<TimestampMs> parse_iso_time(std::string_view text) {
  return parse_time(text, "%Y-%m-%dT%H:%M:%S");
}

Result<Endpoint> parse_endpoint(std::string_view url) {
  Endpoint endpoint;
  const size_t mark = url.find("://");
  endpoint.scheme = std::string(url.substr(0, mark));
  if (mark == url.npos || (endpoint.scheme != "http" && endpoint.scheme != "https")) {
    return Error(Errc::kConfig, "an endpoint begins with http:// or https://");
  }
  url.remove_prefix(mark + 3);
  const size_t slash = url.find('/');
  endpoint.authority = std::string(url.substr(0, slash));
  if (slash != url.npos) endpoint.path = std::string(url.substr(slash));
  while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
  // Host headers, which are signed, leave the usual port out.
  const std::string_view usual_port = endpoint.scheme == "https" ? ":443" : ":80";
  if (endpoint.authority.ends_with(usual_port)) {
    endpoint.authority.resize(endpoint.authority.size() - usual_port.size());
  }
  const bool is_plain =
      url.find_first_of("?#@\\") == url.npos &&
      std::string_view(url).find_first_of(std::string_view("\0 \t\r\n", 5)) == url.npos;
  if (endpoint.authority.empty() || !is_plain) {
    return Error(Errc::kConfig, "an endpoint is http(s)://host[:port][/path] and no more");
  }
  return endpoint;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string first_line(std::string_view text) {
  text = trim(text);
  return std::string(trim(text.substr(0, text.find('\n'))));
}

}  // namespace odradek::store::cloud
