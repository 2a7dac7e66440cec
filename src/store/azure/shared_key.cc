#include "store/azure/shared_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "auth/base64.h"
#include "auth/crypto.h"

namespace odradek::store::azure {
namespace {

std::string_view value_of(const std::vector<web::Header>& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &web::Header::name);
  return found == headers.end() ? std::string_view{} : std::string_view(found->value);
}

// Names and values of the query, sorted, the values of one name with commas between.
std::string canonical_query(const cloud::Query& query) {
  std::map<std::string, std::vector<std::string>> sorted;
  for (const auto& [name, value] : query) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    sorted[lower].push_back(value);
  }
  std::string out;
  for (auto& [name, values] : sorted) {
    std::ranges::sort(values);
    out += fmt::format("\n{}:{}", name, fmt::join(values, ","));
  }
  return out;
}

// By name, not by line: "x-ms-range:" comes before "x-ms-range-get-content-md5:".
std::string canonical_headers(const std::vector<web::Header>& headers) {
  std::map<std::string_view, std::string_view> sorted;
  for (const web::Header& header : headers) {
    if (header.name.starts_with("x-ms-")) sorted[header.name] = cloud::trim(header.value);
  }
  std::string out;
  for (const auto& [name, value] : sorted) out += fmt::format("{}:{}\n", name, value);
  return out;
}

}  // namespace

std::string shared_key_text(const KeyedRequest& request, const std::vector<web::Header>& headers) {
  constexpr std::array<std::string_view, 2> kBeforeLength = {"content-encoding",
                                                             "content-language"};
  constexpr std::array<std::string_view, 8> kAfterLength = {
      "content-md5",   "content-type",        "date", "if-modified-since", "if-match",
      "if-none-match", "if-unmodified-since", "range"};
  std::string text = fmt::format("{}\n", request.method);
  for (const std::string_view name : kBeforeLength) {
    text += fmt::format("{}\n", value_of(headers, name));
  }
  text += request.body_bytes == 0 ? "\n" : fmt::format("{}\n", request.body_bytes);
  for (const std::string_view name : kAfterLength) {
    text += fmt::format("{}\n", value_of(headers, name));
  }
  text += canonical_headers(headers);
  text += fmt::format("/{}{}{}", request.account, request.path, canonical_query(*request.query));
  return text;
}

std::string shared_key_authorization(Bytes key, const KeyedRequest& request,
                                     const std::vector<web::Header>& headers) {
  const std::string text = shared_key_text(request, headers);
  const auth::Digest signature = auth::hmac(auth::Hash::kSha256, key, as_bytes(text));
  return fmt::format("SharedKey {}:{}", request.account, auth::encode_base64(signature.bytes()));
}

}  // namespace odradek::store::azure
