#pragma once

#include <memory>
#include <optional>
#include <string>

#include "auth/sasl.h"
#include "base/clock.h"
#include "rpc/request.h"
#include "rpc/server.h"

namespace odradek::rpc {

// What to do after a request that the server answers itself.
struct SessionStep {
  SliceChain answer;           // header and body; empty where there is nothing to say
  bool failed = false;         // authentication failed: answer late, then close
  std::string failure_reason;  // for the log
};

// One connection's talk about versions and identity, without I/O: answers ApiVersions,
// SaslHandshake and SaslAuthenticate, and knows whether other requests may pass. Errors returned
// mean: close without an answer. Source: KIP-35, KIP-43, KIP-152, KIP-368, KIP-511; the order of
// checks is that of Kafka's SaslServerAuthenticator (4.0).
class Session {
 public:
  // The arguments must outlive the session.
  Session(const ServerOptions& options, const ListenerOptions& listener, ConnectionInfo& info);

  // Requests of other APIs may go to the handler.
  bool is_ready() const { return state_ == State::kReady; }
  bool was_authenticated() const { return authenticated_once_; }
  // The next frame is a bare SASL token without request header (SaslHandshake v0).
  bool expects_raw_token() const { return state_ == State::kRawTokens; }
  // The session's lifetime is over: only SaslHandshake may come (KIP-368).
  bool is_expired(const Clock& clock) const { return expires_ && clock.now() > *expires_; }

  Result<SessionStep> on_api_versions(const Request& request);
  Result<SessionStep> on_handshake(const Request& request, const Clock& clock);
  Result<SessionStep> on_authenticate(const Request& request, const Clock& clock);
  Result<SessionStep> on_raw_token(Bytes token, const Clock& clock);

 private:
  // Whether a handshake now is a first one, or a re-authentication that is wanted: of a session
  // that ends, once a second at most.
  bool may_begin_again(const Clock& clock);
  enum class State : uint8_t { kHandshake, kTokens, kRawTokens, kReady };

  // A step of the exchange: the server's token, or why it failed.
  Result<auth::SaslStep> advance(Bytes token, const Clock& clock);
  // The lifetime to tell the client, which begins now.
  int64_t begin_lifetime(int64_t credentials_ms, const Clock& clock);
  Result<SessionStep> api_versions_error(const Request& request, int16_t version, int16_t code,
                                         bool with_own_range);

  const ServerOptions& options_;
  const ListenerOptions& listener_;
  ConnectionInfo& info_;
  State state_;
  bool authenticated_once_ = false;
  std::string mechanism_;
  std::string refusal_;  // why the coming token will be refused
  std::unique_ptr<auth::SaslServer> exchange_;
  std::optional<MonotonicTime> began_again_at_;  // the last re-authentication
  std::optional<MonotonicTime> expires_;
};

}  // namespace odradek::rpc
