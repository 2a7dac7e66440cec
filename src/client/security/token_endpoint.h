#pragma once

#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "odradek/client.h"

// Tokens of an identity provider (RFC 6749 section 4.4: client credentials).
namespace odradek::client {

// kConfig, naming the option: no http(s) URL, no client id.
Result<void> check_oidc(const kafka::OidcClientCredentials& options);

// Asks the endpoint once; blocks, at most for options.timeout, and ends soon when told to stop.
// Errors: kNetwork, kTimedOut, kTls (not reached, or not able to answer now), kAuthentication
// (refused, or an answer that is no token), kCancelled. Messages hold neither secret nor token.
Result<kafka::BearerToken> ask_token_endpoint(const kafka::OidcClientCredentials& options,
                                              std::stop_token stop);

// The answer of an endpoint to such a question: `access_token`, and `expires_in` seconds from `now`
// on; of a refusal `error` and `error_description`. Errors: kNetwork where another try may help
// (429, most of 5xx), else kAuthentication. Source: HttpAccessTokenRetriever of the Java client.
Result<kafka::BearerToken> parse_token_answer(int http_status, std::string_view body,
                                              std::chrono::system_clock::time_point now);

}  // namespace odradek::client
