#include "auth/base64.h"
#include "auth/scram.h"
#include "auth/scram_message.h"
#include "base/assert.h"

namespace odradek::auth {
namespace {

constexpr size_t kNonceBytes = 18;

}  // namespace

ScramServer::ScramServer(ScramServerOptions options) : options_(std::move(options)) {
  ODK_ASSERT(options_.credentials != nullptr);
  if (options_.nonce.empty()) options_.nonce = encode_base64(as_bytes(random_bytes(kNonceBytes)));
}

std::string_view ScramServer::mechanism() const { return scram_mechanism(options_.hash); }

Error ScramServer::refused() const {
  return {Errc::kAuthentication, fmt::format("wrong credentials for {}", mechanism())};
}

Result<SaslStep> ScramServer::on_message(Bytes client_message, TimestampMs /*now_ms*/) {
  const State before = std::exchange(state_, State::kOver);
  switch (before) {
    case State::kNew: return on_client_first(as_text(client_message));
    case State::kSentFirst: return on_client_final(as_text(client_message));
    case State::kOver: break;
  }
  return Error(Errc::kMalformed, "SCRAM message out of order");
}

Result<SaslStep> ScramServer::on_client_first(std::string_view message) {
  ODK_TRY(ScramClientFirst first, parse_scram_client_first(message));
  if (!check_sasl_text("user name", first.username)) return refused();
  // As in Kafka: acting as somebody else is not offered.
  if (!first.authorization_id.empty() && first.authorization_id != first.username) {
    return Error(Errc::kAuthentication, "the authorization id is not the user name");
  }
  const CredentialStore& store = *options_.credentials;
  std::optional<ScramCredential> found = store.find_scram(options_.hash, first.username);
  ScramCredential decoy = store.decoy_scram(options_.hash, first.username);
  is_known_ = found.has_value();
  credential_ = is_known_ ? *std::move(found) : std::move(decoy);
  username_ = std::move(first.username);
  gs2_header_ = first.gs2_header;
  nonce_ = fmt::format("{}{}", first.nonce, options_.nonce);

  SaslStep step;
  step.answer = fmt::format("r={},s={},i={}", nonce_, encode_base64(as_bytes(credential_.salt)),
                            credential_.iterations);
  signed_so_far_ = fmt::format("{},{}", first.bare, step.answer);
  state_ = State::kSentFirst;
  return step;
}

Result<SaslStep> ScramServer::on_client_final(std::string_view message) {
  ODK_TRY(const ScramClientFinal final_message, parse_scram_client_final(message));
  const Hash hash = options_.hash;
  if (final_message.channel_binding != encode_base64(as_bytes(gs2_header_)) ||
      final_message.nonce != nonce_) {
    return Error(Errc::kMalformed, "SCRAM message with another exchange's nonce or binding");
  }
  if (final_message.proof.size() != digest_bytes(hash)) return refused();
  const std::string signed_text = fmt::format("{},{}", signed_so_far_, final_message.without_proof);
  const Digest signature = hmac(hash, credential_.stored_key.bytes(), as_bytes(signed_text));
  const Digest client_key = Digest::of(final_message.proof) ^ signature;
  const Digest stored_key = hash_of(hash, client_key.bytes());
  const bool fits = constant_time_equal(stored_key.bytes(), credential_.stored_key.bytes());
  if (!fits || !is_known_) return refused();

  SaslStep step;
  step.answer = fmt::format(
      "v={}",
      encode_base64(hmac(hash, credential_.server_key.bytes(), as_bytes(signed_text)).bytes()));
  step.done = true;
  step.principal = fmt::format("User:{}", username_);
  return step;
}

}  // namespace odradek::auth
