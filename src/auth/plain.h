#pragma once

#include <memory>

#include "auth/credentials.h"
#include "auth/sasl.h"

namespace odradek::auth {

// PLAIN (RFC 4616): one message with the password in clear, so only inside TLS or a trusted
// network. The server's answer is empty, not "OK": librdkafka counts the bytes.
class PlainClient final : public SaslClient {
 public:
  PlainClient(std::string username, Secret password, std::string authorization_id);

  std::string_view mechanism() const override { return kPlain; }
  Result<std::string> first() override;
  Result<std::string> next(Bytes server_message) override;
  bool done() const override { return done_; }

 private:
  std::string username_;
  Secret password_;
  std::string authorization_id_;
  bool done_ = false;
};

class PlainServer final : public SaslServer {
 public:
  explicit PlainServer(std::shared_ptr<const CredentialStore> credentials);

  std::string_view mechanism() const override { return kPlain; }
  Result<SaslStep> on_message(Bytes client_message, TimestampMs now_ms) override;

 private:
  std::shared_ptr<const CredentialStore> credentials_;
  bool used_ = false;
};

}  // namespace odradek::auth
