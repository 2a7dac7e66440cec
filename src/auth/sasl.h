#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace odradek::auth {

class CredentialStore;
class JwtVerifier;

inline constexpr std::string_view kPlain = "PLAIN";
inline constexpr std::string_view kScramSha256 = "SCRAM-SHA-256";
inline constexpr std::string_view kScramSha512 = "SCRAM-SHA-512";
inline constexpr std::string_view kOAuthBearer = "OAUTHBEARER";

// Every mechanism we speak, on either side.
std::vector<std::string> sasl_mechanisms();

// No SASL message of ours or a peer's may be longer; longer ones are refused unread.
inline constexpr size_t kMaxSaslMessageBytes = 64 * 1024;

// The client's half of one SASL exchange: bytes in, bytes out, no I/O and no clock. Call first()
// once and send its value; give each answer to next() and, unless done() then holds, send what it
// returned. A failed exchange stays failed: start a new one. One thread.
class SaslClient {
 public:
  SaslClient() = default;
  SaslClient(const SaslClient&) = delete;
  SaslClient& operator=(const SaslClient&) = delete;
  virtual ~SaslClient() = default;

  virtual std::string_view mechanism() const = 0;
  virtual Result<std::string> first() = 0;
  // Errors: kAuthentication when the server refused, or failed to prove that it knows the
  // password; kMalformed; kUnsupported for demands beyond our limits (iteration counts).
  virtual Result<std::string> next(Bytes server_message) = 0;
  // The server's last message was accepted; there is nothing more to send.
  virtual bool done() const = 0;
};

// What the server does after a client's message.
struct SaslStep {
  std::string answer;     // to be sent, maybe empty
  bool done = false;      // authenticated; the fields below hold
  std::string principal;  // "User:alice"
  // Until the credentials themselves end (OAUTHBEARER: the token); 0: they do not. The owner may
  // shorten it (connections.max.reauth.ms, KIP-368).
  int64_t session_lifetime_ms = 0;
};

// The server's half of one SASL exchange. Give it each client message until a step is done. After
// an error the exchange is over: every further message fails. Error messages may be sent to the
// client: they never tell whether the user exists. One thread.
class SaslServer {
 public:
  SaslServer() = default;
  SaslServer(const SaslServer&) = delete;
  SaslServer& operator=(const SaslServer&) = delete;
  virtual ~SaslServer() = default;

  virtual std::string_view mechanism() const = 0;
  // Errors: kAuthentication (wrong credentials), kMalformed (not the mechanism's format).
  virtual Result<SaslStep> on_message(Bytes client_message, TimestampMs now_ms) = 0;
};

struct SaslClientOptions {
  std::string mechanism;
  std::string username;          // PLAIN, SCRAM
  Secret password;               // PLAIN, SCRAM
  std::string authorization_id;  // to act as somebody else; Kafka allows only the user itself
  Secret token;                  // OAUTHBEARER
  std::map<std::string, std::string> extensions;  // OAUTHBEARER, RFC 7628 key=value pairs
};

// Errors: kUnsupported (mechanism), kInvalidArgument (no user name, characters not allowed).
Result<std::unique_ptr<SaslClient>> make_sasl_client(const SaslClientOptions& options);

struct SaslServerOptions {
  std::shared_ptr<const CredentialStore> credentials;  // PLAIN, SCRAM
  std::shared_ptr<const JwtVerifier> tokens;           // OAUTHBEARER
};

// Errors: kUnsupported when the mechanism is unknown or what it needs is not given.
Result<std::unique_ptr<SaslServer>> make_sasl_server(std::string_view mechanism,
                                                     const SaslServerOptions& options);

}  // namespace odradek::auth
