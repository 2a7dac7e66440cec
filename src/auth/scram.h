#pragma once

#include <memory>

#include "auth/credentials.h"
#include "auth/sasl.h"

// SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677), without channel binding, as in Kafka.
namespace odradek::auth {

struct ScramClientOptions {
  Hash hash = Hash::kSha256;
  std::string username;
  Secret password;
  std::string authorization_id;
  // A server may ask for this many iterations, not more: one iteration costs about 0.3 us of the
  // loop's time, and a hostile server could ask for two thousand million.
  int32_t max_iterations = 250'000;
  std::string nonce;  // empty: random; tests give the RFC's
};

class ScramClient final : public SaslClient {
 public:
  explicit ScramClient(ScramClientOptions options);

  std::string_view mechanism() const override;
  Result<std::string> first() override;
  Result<std::string> next(Bytes server_message) override;
  bool done() const override { return state_ == State::kDone; }

 private:
  enum class State : uint8_t { kNew, kSentFirst, kSentFinal, kDone, kFailed };

  Result<std::string> on_server_first(std::string_view message);
  Result<std::string> on_server_final(std::string_view message);

  ScramClientOptions options_;
  State state_ = State::kNew;
  std::string gs2_header_;
  std::string first_bare_;
  Digest expected_signature_;
};

struct ScramServerOptions {
  Hash hash = Hash::kSha256;
  std::shared_ptr<const CredentialStore> credentials;
  std::string nonce;  // the server's part; empty: random
};

// An unknown user goes through the whole exchange with a decoy credential and fails at the proof,
// with the same work and the same words as one with a wrong password.
class ScramServer final : public SaslServer {
 public:
  explicit ScramServer(ScramServerOptions options);

  std::string_view mechanism() const override;
  Result<SaslStep> on_message(Bytes client_message, TimestampMs now_ms) override;

 private:
  enum class State : uint8_t { kNew, kSentFirst, kOver };

  Result<SaslStep> on_client_first(std::string_view message);
  Result<SaslStep> on_client_final(std::string_view message);
  Error refused() const;

  ScramServerOptions options_;
  State state_ = State::kNew;
  std::string username_;
  bool is_known_ = false;
  ScramCredential credential_;
  std::string gs2_header_;
  std::string nonce_;           // the client's part and ours
  std::string signed_so_far_;   // "client-first-bare,server-first"
};

}  // namespace odradek::auth
