#include "client/security/unsecured_token.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "auth/base64.h"

namespace odradek::client {

kafka::BearerToken unsecured_token(std::string_view subject, std::chrono::seconds life,
                                   std::chrono::system_clock::time_point now) {
  const auto seconds = [](std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  };
  const nlohmann::json claims = {
      {"sub", subject}, {"iat", seconds(now)}, {"exp", seconds(now + life)}};
  const std::string header = R"({"alg":"none"})";
  const std::string payload = claims.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  kafka::BearerToken token;
  token.token = kafka::Secret(fmt::format("{}.{}.", auth::encode_base64url(as_bytes(header)),
                                          auth::encode_base64url(as_bytes(payload))));
  token.expires_at = now + life;
  return token;
}

}  // namespace odradek::client
