#include "auth/scram_credential.h"

#include <charconv>

#include "auth/base64.h"
#include "auth/sasl.h"

namespace odradek::auth {
namespace {

constexpr size_t kSaltBytes = 24;
constexpr size_t kMaxSaltBytes = 1024;
constexpr int32_t kMaxStoredIterations = 10'000'000;

// Cuts `text` at the first `separator`: the part before it, `text` becomes the rest. Without a
// separator everything is the part, and the rest is empty.
std::string_view cut(std::string_view& text, char separator) {
  const size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return part;
}

}  // namespace

std::string_view scram_mechanism(Hash hash) {
  return hash == Hash::kSha256 ? kScramSha256 : kScramSha512;
}

ScramKeys derive_scram_keys(Hash hash, std::string_view password, Bytes salt, int32_t iterations) {
  const Digest salted = pbkdf2(hash, password, salt, iterations);
  ScramKeys keys;
  keys.client_key = hmac(hash, salted.bytes(), as_bytes("Client Key"));
  keys.stored_key = hash_of(hash, keys.client_key.bytes());
  keys.server_key = hmac(hash, salted.bytes(), as_bytes("Server Key"));
  return keys;
}

ScramCredential make_scram_credential(Hash hash, std::string_view password, int32_t iterations) {
  ScramCredential credential;
  credential.salt = random_bytes(kSaltBytes);
  credential.iterations = iterations;
  const ScramKeys keys = derive_scram_keys(hash, password, as_bytes(credential.salt), iterations);
  credential.stored_key = keys.stored_key;
  credential.server_key = keys.server_key;
  return credential;
}

std::string format_scram_credential(Hash hash, const ScramCredential& credential) {
  return fmt::format("{}${}:{}${}:{}", scram_mechanism(hash), credential.iterations,
                     encode_base64(as_bytes(credential.salt)),
                     encode_base64(credential.stored_key.bytes()),
                     encode_base64(credential.server_key.bytes()));
}

bool looks_like_scram_credential(std::string_view text) {
  return text.starts_with("SCRAM-SHA-") && text.find('$') != std::string_view::npos;
}

Result<ParsedScramCredential> parse_scram_credential(std::string_view text) {
  ParsedScramCredential parsed;
  const std::string_view mechanism = cut(text, '$');
  if (mechanism == kScramSha256) {
    parsed.hash = Hash::kSha256;
  } else if (mechanism == kScramSha512) {
    parsed.hash = Hash::kSha512;
  } else {
    return Error(Errc::kUnsupported, "salted password of an unknown mechanism");
  }
  const std::string_view iterations = cut(text, ':');
  const std::string_view salt_text = cut(text, '$');
  const std::string_view stored_text = cut(text, ':');
  ScramCredential& credential = parsed.credential;
  const char* const end = iterations.data() + iterations.size();
  const auto [stop, failure] = std::from_chars(iterations.data(), end, credential.iterations);
  if (failure != std::errc{} || stop != end) {
    return Error(Errc::kMalformed, "salted password without an iteration count");
  }
  if (credential.iterations < kMinScramIterations || credential.iterations > kMaxStoredIterations) {
    return Error(Errc::kUnsupported,
                 fmt::format("salted password with {} iterations, at least {} are needed",
                             credential.iterations, kMinScramIterations));
  }
  ODK_TRY(const std::vector<uint8_t> salt, decode_base64(salt_text));
  ODK_TRY(const std::vector<uint8_t> stored_key, decode_base64(stored_text));
  ODK_TRY(const std::vector<uint8_t> server_key, decode_base64(text));
  const size_t key_bytes = digest_bytes(parsed.hash);
  if (salt.empty() || salt.size() > kMaxSaltBytes || stored_key.size() != key_bytes ||
      server_key.size() != key_bytes) {
    return Error(Errc::kMalformed, "salted password with parts of the wrong length");
  }
  credential.salt = as_text(salt);
  credential.stored_key = Digest::of(stored_key);
  credential.server_key = Digest::of(server_key);
  return parsed;
}

}  // namespace odradek::auth
