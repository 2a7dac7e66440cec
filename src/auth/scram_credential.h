#pragma once

#include <string>
#include <string_view>

#include "auth/crypto.h"
#include "base/result.h"
#include "base/secret.h"

namespace odradek::auth {

inline constexpr int32_t kMinScramIterations = 4096;  // RFC 7677 §4; Kafka's minimum too

// What a server keeps of a user's password: enough to check a proof, not enough to make one.
struct ScramCredential {
  std::string salt;  // raw bytes
  Digest stored_key;
  Digest server_key;
  int32_t iterations = 0;
};

std::string_view scram_mechanism(Hash hash);

// The keys of RFC 5802 §3 from a password.
struct ScramKeys {
  Digest client_key;
  Digest stored_key;
  Digest server_key;
};
ScramKeys derive_scram_keys(Hash hash, std::string_view password, Bytes salt, int32_t iterations);

// With a fresh random salt. Costs one PBKDF2.
ScramCredential make_scram_credential(Hash hash, std::string_view password, int32_t iterations);

// "SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>", base64 parts: how PostgreSQL
// writes such credentials, and our users files.
std::string format_scram_credential(Hash hash, const ScramCredential& credential);
bool looks_like_scram_credential(std::string_view text);
struct ParsedScramCredential {
  Hash hash;
  ScramCredential credential;
};
// Errors: kMalformed, kUnsupported (hash, fewer than kMinScramIterations).
Result<ParsedScramCredential> parse_scram_credential(std::string_view text);

// User names and passwords of SASL must be UTF-8 without control characters. This is the part of
// SASLprep (RFC 4013) that matters for safety; like Kafka we do not map or normalise, so other
// text goes on the wire as it is. Errors: kInvalidArgument; `what` names it ("user name").
Result<void> check_sasl_text(std::string_view what, std::string_view text);

}  // namespace odradek::auth
