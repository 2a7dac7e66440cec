#include "auth/plain.h"

#include "base/assert.h"

namespace odradek::auth {

PlainClient::PlainClient(std::string username, Secret password, std::string authorization_id)
    : username_(std::move(username)),
      password_(std::move(password)),
      authorization_id_(std::move(authorization_id)) {}

Result<std::string> PlainClient::first() {
  std::string message = authorization_id_;
  message += '\0';
  message += username_;
  message += '\0';
  message += password_.reveal();
  return message;
}

Result<std::string> PlainClient::next(Bytes server_message) {
  if (!server_message.empty()) {
    return Error(Errc::kMalformed, "the server's answer to PLAIN is not empty");
  }
  done_ = true;
  return std::string{};
}

PlainServer::PlainServer(std::shared_ptr<const CredentialStore> credentials)
    : credentials_(std::move(credentials)) {
  ODK_ASSERT(credentials_ != nullptr);
}

Result<SaslStep> PlainServer::on_message(Bytes client_message, TimestampMs /*now_ms*/) {
  if (std::exchange(used_, true)) {
    return Error(Errc::kMalformed, "PLAIN has one message only");
  }
  if (client_message.size() > kMaxSaslMessageBytes) {
    return Error(Errc::kMalformed, "PLAIN message is too long");
  }
  const std::string_view message = as_text(client_message);
  const size_t first_nul = message.find('\0');
  const size_t second_nul =
      first_nul == std::string_view::npos ? first_nul : message.find('\0', first_nul + 1);
  if (second_nul == std::string_view::npos ||
      message.find('\0', second_nul + 1) != std::string_view::npos) {
    return Error(Errc::kMalformed, "PLAIN message is not three parts with zero bytes between");
  }
  const std::string_view authorization_id = message.substr(0, first_nul);
  const std::string_view user = message.substr(first_nul + 1, second_nul - first_nul - 1);
  const std::string_view password = message.substr(second_nul + 1);
  if (user.empty() || password.empty()) {
    return Error(Errc::kAuthentication, "PLAIN message without user name or password");
  }
  if (!check_sasl_text("user name", user) || !credentials_->verify_password(user, password)) {
    return Error(Errc::kAuthentication, "wrong user name or password");
  }
  // As in Kafka: acting as somebody else is not offered.
  if (!authorization_id.empty() && authorization_id != user) {
    return Error(Errc::kAuthentication, "the authorization id is not the user name");
  }
  SaslStep step;
  step.done = true;
  step.principal = fmt::format("User:{}", user);
  return step;
}

}  // namespace odradek::auth
