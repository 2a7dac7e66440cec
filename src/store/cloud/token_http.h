#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "config/yaml.h"
#include "store/cloud/credential_cache.h"
#include "store/cloud/text.h"
#include "web/http_client.h"

// Asking the services that hand out credentials.
namespace odradek::store::cloud {

// What sources of credentials work with. Cheap to copy.
struct TokenContext {
  std::shared_ptr<const Clock> clock{};
  config::Environment environment{};
  std::shared_ptr<web::HttpClient> http{};

  std::optional<std::string> variable(const std::string& name) const;  // nothing when empty, too
  Result<std::string> required(const std::string& name) const;         // kConfig without
};

TokenContext make_token_context(std::shared_ptr<const Clock> clock, config::Environment environment,
                                const web::HttpClientOptions& options);

struct TokenQuestion {
  std::string what{};  // "the token of Azure's managed identity", for errors
  std::string method = "GET";
  std::string url{};
  std::vector<web::Header> headers{};
  std::optional<Query> form{};  // sent by POST
  std::optional<std::string> body{};
  bool is_local = false;  // a service of this machine: no proxy, no long waits
};

// Three attempts, with a second's timeout for local services and ten for others. A status other
// than 2xx is kAuthentication (kNetwork for 5xx) with status and the service's error word, never
// a body: bodies hold secrets.
Result<std::string> ask_for_token(const TokenContext& context, const TokenQuestion& question);
// The same; an answer that is no JSON object is kMalformed.
Result<nlohmann::json> ask_for_json(const TokenContext& context, const TokenQuestion& question);

// Errors: kMalformed, kLimitExceeded (nested too deeply).
Result<nlohmann::json> parse_json(std::string_view text, std::string_view what);
// A text field; kMalformed when it is missing or no text.
Result<std::string> text_field(const nlohmann::json& object, const char* name,
                               std::string_view what);
std::string text_field_or(const nlohmann::json& object, const char* name, std::string fallback);

using BearerCache = CredentialCache<Secret>;
// An OAuth answer {"access_token", "expires_in" or "expires_on"}; numbers may be texts.
Result<Expiring<Secret>> read_oauth_answer(const nlohmann::json& json, std::string_view what,
                                           TimestampMs now);

// A small file with a secret, without blanks around it.
Result<std::string> read_secret_file(const std::string& path, std::string_view what);

}  // namespace odradek::store::cloud
