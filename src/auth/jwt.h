#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwk.h"
#include "base/clock.h"
#include "base/result.h"

namespace odradek::auth {

struct JwtOptions {
  std::shared_ptr<const JwtKeySet> keys;
  std::string issuer;                        // "iss" must be this; empty: not checked
  std::vector<std::string> audiences;        // "aud" must have one of them; empty: not checked
  std::vector<std::string> required_scopes;  // all of them
  std::string principal_claim = "sub";
  std::string scope_claim = "scope";  // a text with blanks between, or a list; "scp" is tried too
  std::chrono::seconds clock_skew{30};
  // Takes tokens without a signature (RFC 7519 §6, "alg": "none"): anybody may be anybody. For
  // tests only, so it is off unless said aloud. Kafka's built-in development mode.
  bool allow_unsecured = false;
};

struct JwtClaims {
  std::string principal;
  std::string issuer;
  std::vector<std::string> scopes;
  TimestampMs expires_at_ms = 0;
};

// Checks JSON web tokens (RFC 7519) as OAUTHBEARER carries them: signature first, then exp, nbf and
// iat with skew, issuer, audience, scopes, principal. Immutable; any thread. To take new keys,
// make a new verifier and swap the shared_ptr.
class JwtVerifier {
  struct Checked {};  // only create() has one

 public:
  static constexpr size_t kMaxTokenBytes = 32 * 1024;

  // Errors: kInvalidArgument when there is neither a key set nor allow_unsecured.
  static Result<std::shared_ptr<const JwtVerifier>> create(JwtOptions options);

  // Errors: kMalformed, kAuthentication (says which check failed; no secret in it), kNotFound (no
  // key: time to fetch the keys again), kUnsupported (algorithm), kPrecondition (a required scope
  // is missing).
  Result<JwtClaims> verify(std::string_view token, TimestampMs now_ms) const;

  const JwtOptions& options() const { return options_; }

  JwtVerifier(Checked /*checked*/, JwtOptions options) : options_(std::move(options)) {}

 private:
  JwtOptions options_;
};

}  // namespace odradek::auth
