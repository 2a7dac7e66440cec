#include "client/security/token_endpoint.h"

namespace odradek::client {
namespace {

Error no_oauth() { return {Errc::kUnsupported, "this libodradek was built without OAUTHBEARER"}; }

}  // namespace

Result<void> check_oidc(const kafka::OidcClientCredentials& /*options*/) { return no_oauth(); }

Result<kafka::BearerToken> ask_token_endpoint(const kafka::OidcClientCredentials& /*options*/,
                                              std::stop_token /*stop*/) {
  return no_oauth();
}

}  // namespace odradek::client
