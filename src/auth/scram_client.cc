#include "auth/base64.h"
#include "auth/scram.h"
#include "auth/scram_message.h"

namespace odradek::auth {
namespace {

constexpr size_t kNonceBytes = 18;  // 24 characters, none of them a comma

}  // namespace

ScramClient::ScramClient(ScramClientOptions options) : options_(std::move(options)) {
  if (options_.nonce.empty()) options_.nonce = encode_base64(as_bytes(random_bytes(kNonceBytes)));
}

std::string_view ScramClient::mechanism() const { return scram_mechanism(options_.hash); }

Result<std::string> ScramClient::first() {
  if (state_ != State::kNew) return Error(Errc::kInternal, "SCRAM exchange started twice");
  gs2_header_ = options_.authorization_id.empty()
                    ? std::string("n,,")
                    : fmt::format("n,a={},", escape_sasl_name(options_.authorization_id));
  first_bare_ = fmt::format("n={},r={}", escape_sasl_name(options_.username), options_.nonce);
  state_ = State::kSentFirst;
  return gs2_header_ + first_bare_;
}

Result<std::string> ScramClient::next(Bytes server_message) {
  const State before = std::exchange(state_, State::kFailed);
  switch (before) {
    case State::kSentFirst: return on_server_first(as_text(server_message));
    case State::kSentFinal: return on_server_final(as_text(server_message));
    case State::kNew:
    case State::kDone:
    case State::kFailed: break;
  }
  return Error(Errc::kMalformed, "SCRAM message out of order");
}

Result<std::string> ScramClient::on_server_first(std::string_view message) {
  ODK_TRY(const ScramServerFirst first, parse_scram_server_first(message));
  if (!first.nonce.starts_with(options_.nonce) || first.nonce.size() == options_.nonce.size()) {
    return Error(Errc::kAuthentication, "the server's SCRAM nonce does not continue ours");
  }
  if (first.iterations < kMinScramIterations || first.iterations > options_.max_iterations) {
    return Error(Errc::kUnsupported,
                 fmt::format("the server asks for {} SCRAM iterations, {} to {} are allowed",
                             first.iterations, kMinScramIterations, options_.max_iterations));
  }
  const Hash hash = options_.hash;
  const ScramKeys keys =
      derive_scram_keys(hash, options_.password.reveal(), first.salt, first.iterations);
  const std::string without_proof =
      fmt::format("c={},r={}", encode_base64(as_bytes(gs2_header_)), first.nonce);
  const std::string signed_text = fmt::format("{},{},{}", first_bare_, message, without_proof);
  const Digest signature = hmac(hash, keys.stored_key.bytes(), as_bytes(signed_text));
  const Digest proof = keys.client_key ^ signature;
  expected_signature_ = hmac(hash, keys.server_key.bytes(), as_bytes(signed_text));
  state_ = State::kSentFinal;
  return fmt::format("{},p={}", without_proof, encode_base64(proof.bytes()));
}

Result<std::string> ScramClient::on_server_final(std::string_view message) {
  ODK_TRY(const ScramServerFinal final_message, parse_scram_server_final(message));
  if (!final_message.error.empty()) {
    return Error(Errc::kAuthentication, fmt::format("the server answered {}", final_message.error));
  }
  if (!constant_time_equal(final_message.signature, expected_signature_.bytes())) {
    return Error(Errc::kAuthentication, "the server did not prove that it knows the password");
  }
  state_ = State::kDone;
  return std::string{};
}

}  // namespace odradek::auth
