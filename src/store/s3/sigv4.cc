#include "store/s3/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "auth/crypto.h"
#include "store/cloud/digests.h"

namespace odradek::store::s3 {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// Sorted by the encoded names, then values.
std::string canonical_query(const cloud::Query& query) {
  std::vector<std::string> parts;
  parts.reserve(query.size());
  for (const auto& [name, value] : query) {
    parts.push_back(cloud::percent_encode(name) + "=" + cloud::percent_encode(value));
  }
  std::ranges::sort(parts);
  return fmt::format("{}", fmt::join(parts, "&"));
}

auth::Digest mac(Bytes key, std::string_view text) {
  return auth::hmac(auth::Hash::kSha256, key, as_bytes(text));
}

auth::Digest signing_key(const Secret& secret, std::string_view date, std::string_view region,
                         std::string_view service) {
  std::string first = "AWS4";
  first += secret.reveal();
  const auth::Digest of_date = mac(as_bytes(first), date);
  wipe(first);
  const auth::Digest of_region = mac(of_date.bytes(), region);
  const auth::Digest of_service = mac(of_region.bytes(), service);
  return mac(of_service.bytes(), "aws4_request");
}

}  // namespace

void sign_v4(const AwsCredentials& credentials, const SignedRequest& request, TimestampMs now,
             std::vector<web::Header>& headers) {
  const std::string time = cloud::iso_basic_time(now);
  const std::string date = time.substr(0, 8);
  headers.push_back({"x-amz-date", time});
  if (!credentials.session_token.empty()) {
    headers.push_back({"x-amz-security-token", std::string(credentials.session_token.reveal())});
  }
  std::vector<std::pair<std::string, std::string>> lines;
  lines.reserve(headers.size());
  for (const web::Header& header : headers) {
    lines.emplace_back(lower(header.name), std::string(cloud::trim(header.value)));
  }
  lines.emplace_back("host", request.authority);
  std::ranges::sort(lines);
  std::string canonical_headers;
  std::string names;
  for (const auto& [name, value] : lines) {
    canonical_headers.append(name).append(":").append(value).append("\n");
    if (!names.empty()) names += ';';
    names += name;
  }
  std::string canonical = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path,
                                      canonical_query(*request.query), canonical_headers, names,
                                      request.payload_sha256);
  const std::string scope =
      fmt::format("{}/{}/{}/aws4_request", date, request.region, request.service);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope,
                  cloud::to_hex(as_bytes(cloud::sha256(as_bytes(canonical)))));
  wipe(canonical);
  wipe(canonical_headers);
  const auth::Digest key =
      signing_key(credentials.secret_key, date, request.region, request.service);
  headers.push_back({"authorization",
                     fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                                 credentials.access_key, scope, names,
                                 cloud::to_hex(mac(key.bytes(), to_sign).bytes()))});
}

std::string_view aws_domain(std::string_view region) {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

}  // namespace odradek::store::s3
