#pragma once

#include <memory>
#include <string>

#include "auth/jwt.h"
#include "broker/security/listener_properties.h"

namespace odradek::broker {

// Checks tokens of OAUTHBEARER on one listener with the keys of a JWKS file, read again from time
// to time so that keys can be changed. One loop.
class TokenKeys {
 public:
  // Without sasl.oauthbearer.jwks.endpoint.url only unsigned tokens are left; null when
  // `unsecured` does not allow them either. kConfig.
  static Result<std::shared_ptr<TokenKeys>> create(const ListenerProperties& properties,
                                                   bool unsecured);

  // The verifier to use now. When new keys cannot be read the old ones stay.
  std::shared_ptr<const auth::JwtVerifier> current(MonotonicTime now);

  TokenKeys(auth::JwtOptions options, std::string file, Duration refresh)
      : options_(std::move(options)), file_(std::move(file)), refresh_(refresh) {}

 private:
  Result<void> load();

  auth::JwtOptions options_;
  std::string file_;  // empty: there are no keys
  Duration refresh_;
  MonotonicTime loaded_at_{};
  std::shared_ptr<const auth::JwtVerifier> verifier_;
};

}  // namespace odradek::broker
