#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "store/cloud/text.h"
#include "web/http_client.h"

namespace odradek::store::s3 {

struct AwsCredentials {
  std::string access_key{};
  Secret secret_key{};
  Secret session_token{};  // empty for keys without an end
};

struct SignedRequest {
  std::string_view method{};
  std::string_view authority{};  // what the Host header will say
  std::string_view path{};       // percent-encoded
  const cloud::Query* query = nullptr;
  std::string_view payload_sha256{};  // hex
  std::string_view region{};
  std::string_view service = "s3";
};

// Adds x-amz-date, x-amz-security-token and Authorization to `headers`, all of which are signed.
// Our own, because libcurl's (7.88) signs queries in the order given and knows no payload hash.
// Source: AWS Signature Version 4, "Authenticating Requests: Using the Authorization Header".
void sign_v4(const AwsCredentials& credentials, const SignedRequest& request, TimestampMs now,
             std::vector<web::Header>& headers);

// What the host names of a region's services end with: China has its own.
std::string_view aws_domain(std::string_view region);

}  // namespace odradek::store::s3
