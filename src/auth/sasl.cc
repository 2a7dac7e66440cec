#include "auth/sasl.h"

#include "auth/plain.h"
// Either may be left out of a build of the library: cmake/options.cmake.
#ifndef ODRADEK_WITHOUT_SASL_OAUTH
#include "auth/oauthbearer.h"
#endif
#ifndef ODRADEK_WITHOUT_SASL_SCRAM
#include "auth/scram.h"
#endif

namespace odradek::auth {
namespace {

Error unknown_mechanism(std::string_view mechanism) {
  return {Errc::kUnsupported, fmt::format("SASL mechanism {} is unknown, we speak {}", mechanism,
                                          fmt::join(sasl_mechanisms(), ", "))};
}

Result<void> check_password_options(const SaslClientOptions& options) {
  if (options.username.empty() || options.password.empty()) {
    return Error(Errc::kInvalidArgument,
                 fmt::format("{} needs a user name and a password", options.mechanism));
  }
  ODK_TRY_VOID(check_sasl_text("user name", options.username));
  return check_sasl_text("password", options.password.reveal());
}

#ifndef ODRADEK_WITHOUT_SASL_SCRAM
ScramClientOptions scram_options(Hash hash, const SaslClientOptions& options) {
  ScramClientOptions scram;
  scram.hash = hash;
  scram.username = options.username;
  scram.password = options.password;
  scram.authorization_id = options.authorization_id;
  return scram;
}
#endif

}  // namespace

std::vector<std::string> sasl_mechanisms() {
  return {
      std::string(kPlain),
#ifndef ODRADEK_WITHOUT_SASL_SCRAM
      std::string(kScramSha256),
      std::string(kScramSha512),
#endif
#ifndef ODRADEK_WITHOUT_SASL_OAUTH
      std::string(kOAuthBearer),
#endif
  };
}

Result<std::unique_ptr<SaslClient>> make_sasl_client(const SaslClientOptions& options) {
  ODK_TRY_VOID(check_sasl_text("authorization id", options.authorization_id));
#ifndef ODRADEK_WITHOUT_SASL_OAUTH
  if (options.mechanism == kOAuthBearer) {
    if (options.token.empty()) {
      return Error(Errc::kInvalidArgument, "OAUTHBEARER needs a token");
    }
    return std::make_unique<OAuthBearerClient>(options.token, options.extensions,
                                               options.authorization_id);
  }
#endif
  if (options.mechanism == kPlain) {
    ODK_TRY_VOID(check_password_options(options));
    return std::make_unique<PlainClient>(options.username, options.password,
                                         options.authorization_id);
  }
#ifndef ODRADEK_WITHOUT_SASL_SCRAM
  if (options.mechanism == kScramSha256 || options.mechanism == kScramSha512) {
    ODK_TRY_VOID(check_password_options(options));
    const Hash hash = options.mechanism == kScramSha256 ? Hash::kSha256 : Hash::kSha512;
    return std::make_unique<ScramClient>(scram_options(hash, options));
  }
#endif
  return unknown_mechanism(options.mechanism);
}

Result<std::unique_ptr<SaslServer>> make_sasl_server(std::string_view mechanism,
                                                     const SaslServerOptions& options) {
#ifndef ODRADEK_WITHOUT_SASL_OAUTH
  if (mechanism == kOAuthBearer && options.tokens != nullptr) {
    return std::make_unique<OAuthBearerServer>(options.tokens);
  }
#endif
  if (mechanism == kPlain && options.credentials != nullptr) {
    return std::make_unique<PlainServer>(options.credentials);
  }
#ifndef ODRADEK_WITHOUT_SASL_SCRAM
  if ((mechanism == kScramSha256 || mechanism == kScramSha512) && options.credentials != nullptr) {
    ScramServerOptions scram;
    scram.hash = mechanism == kScramSha256 ? Hash::kSha256 : Hash::kSha512;
    scram.credentials = options.credentials;
    return std::make_unique<ScramServer>(std::move(scram));
  }
#endif
  for (const std::string& known : sasl_mechanisms()) {
    if (known == mechanism) {
      return Error(Errc::kUnsupported,
                   fmt::format("SASL mechanism {} needs {}, and none are given", mechanism,
                               mechanism == kOAuthBearer ? "token keys" : "users"));
    }
  }
  return unknown_mechanism(mechanism);
}

}  // namespace odradek::auth
