#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "auth/jwt.h"
#include "auth/sasl.h"

// OAUTHBEARER (RFC 7628, KIP-255): a bearer token in one message. A refusal takes a round more:
// the server says why in JSON, the client answers with one byte 0x01, and the exchange fails.
namespace odradek::auth {

class OAuthBearerClient final : public SaslClient {
 public:
  // `extensions`: names of letters only, printable values; "auth" is reserved.
  OAuthBearerClient(Secret token, std::map<std::string, std::string> extensions,
                    std::string authorization_id);

  std::string_view mechanism() const override { return kOAuthBearer; }
  // Errors: kInvalidArgument (token or extension with characters that are not allowed).
  Result<std::string> first() override;
  Result<std::string> next(Bytes server_message) override;
  bool done() const override { return done_; }

  // Why the server refused ("invalid_token"), for the error message after the exchange failed.
  const std::string& refusal() const { return refusal_; }

 private:
  Secret token_;
  std::map<std::string, std::string> extensions_;
  std::string authorization_id_;
  std::string refusal_;
  bool done_ = false;
};

class OAuthBearerServer final : public SaslServer {
 public:
  explicit OAuthBearerServer(std::shared_ptr<const JwtVerifier> tokens);

  std::string_view mechanism() const override { return kOAuthBearer; }
  Result<SaslStep> on_message(Bytes client_message, TimestampMs now_ms) override;

  // Extensions of the client's message, after it was accepted.
  const std::map<std::string, std::string>& extensions() const { return extensions_; }

 private:
  enum class State : uint8_t { kNew, kRefused, kOver };

  Result<SaslStep> on_first(std::string_view message, TimestampMs now_ms);

  std::shared_ptr<const JwtVerifier> tokens_;
  State state_ = State::kNew;
  std::optional<Error> refusal_;
  std::map<std::string, std::string> extensions_;
};

}  // namespace odradek::auth
