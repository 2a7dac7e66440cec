// Properties of TLS and SASL. How they fit together is looked at when all are known:
// finish_security().
#include <fmt/format.h>

#include "auth/jaas.h"
#include "client/properties/property.h"
#include "client/security/unsecured_token.h"

namespace odradek::client {
namespace {

using Value = std::string_view;
using Tls = kafka::Tls;

template <std::string kafka::Tls::* field>
Result<void> tls_file(Value value, PropertyDraft& draft) {
  draft.tls.*field = value;
  return {};
}

// Java's key store of type PEM is one file with the chain and the key.
Result<void> pem_key_store(Value value, PropertyDraft& draft) {
  draft.tls.certificate_file = value;
  draft.tls.key_file = value;
  return {};
}

Result<void> store_type(Value value, PropertyDraft& /*draft*/) {
  if (lower_case(value) == "pem") return {};
  return Error(Errc::kUnsupported, "only PEM stores can be read; convert the key store to PEM");
}

Result<void> key_password(Value value, PropertyDraft& draft) {
  draft.tls.key_password = kafka::Secret(value);
  return {};
}

Result<void> endpoint_identification(Value value, PropertyDraft& draft) {
  const std::string algorithm = lower_case(value);
  if (algorithm == "https") return {};
  if (!algorithm.empty() && algorithm != "none") {
    return Error(Errc::kInvalidArgument, "is neither https nor none");
  }
  draft.tls.verify_peer = false;
  return {};
}

Result<void> verify_certificate(Value value, PropertyDraft& draft) {
  ODK_TRY(draft.tls.verify_peer, property_bool(value));
  return {};
}

Result<void> security_protocol(Value value, PropertyDraft& draft) {
  const std::string protocol = lower_case(value);
  draft.is_tls = protocol == "ssl" || protocol == "sasl_ssl";
  draft.is_sasl = protocol == "sasl_plaintext" || protocol == "sasl_ssl";
  if (draft.is_tls || draft.is_sasl || protocol == "plaintext") return {};
  return Error(Errc::kInvalidArgument, "is none of plaintext, ssl, sasl_plaintext, sasl_ssl");
}

Result<void> mechanism(Value value, PropertyDraft& draft) {
  draft.mechanism = value;
  return {};
}

Result<void> user(Value value, PropertyDraft& draft) {
  draft.user = value;
  return {};
}

Result<void> password(Value value, PropertyDraft& draft) {
  draft.password = kafka::Secret(value);
  return {};
}

template <std::string kafka::OidcClientCredentials::* field>
Result<void> oidc_text(Value value, PropertyDraft& draft) {
  draft.oidc.*field = value;
  return {};
}

Result<void> oidc_secret(Value value, PropertyDraft& draft) {
  draft.oidc.client_secret = kafka::Secret(value);
  return {};
}

Result<void> oidc_ca_file(Value value, PropertyDraft& draft) {
  draft.oidc.ca_file = value;
  return {};
}

// "name=value,name=value"
Result<void> oidc_extensions(Value value, PropertyDraft& draft) {
  while (!value.empty()) {
    const size_t comma = value.find(',');
    const Value pair = value.substr(0, comma);
    const size_t equals = pair.find('=');
    if (equals == Value::npos || equals == 0) {
      return Error(Errc::kInvalidArgument, "is not a list of name=value");
    }
    draft.oidc.extensions[std::string(pair.substr(0, equals))] = pair.substr(equals + 1);
    value = comma == Value::npos ? Value() : value.substr(comma + 1);
  }
  return {};
}

Result<void> oauth_method(Value value, PropertyDraft& /*draft*/) {
  if (lower_case(value) == "oidc") return {};
  return Error(Errc::kUnsupported,
               "only oidc can be had by a property; ClientOptions::auth takes a token_provider");
}

// Java's way to say who we are, whatever the mechanism.
Result<void> jaas_config(Value value, PropertyDraft& draft) {
  ODK_TRY(const auth::JaasEntry entry, auth::parse_jaas(value));
  const std::string& module = entry.module;
  if (module == "PlainLoginModule" || module == "ScramLoginModule") {
    draft.user = entry.option("username").reveal();
    draft.password = kafka::Secret(entry.option("password").reveal());
    return {};
  }
  if (module != "OAuthBearerLoginModule") {
    return Error(Errc::kUnsupported, fmt::format("login module {} cannot be had", module));
  }
  draft.unsecured_subject = entry.option("unsecuredLoginStringClaim_sub").reveal();
  draft.oidc.client_id = entry.option("clientId").reveal();
  draft.oidc.client_secret = kafka::Secret(entry.option("clientSecret").reveal());
  draft.oidc.scope = entry.option("scope").reveal();
  constexpr Value kExtension = "extension_";
  for (const auto& [name, option] : entry.options) {
    if (!name.starts_with(kExtension)) continue;
    draft.oidc.extensions[name.substr(kExtension.size())] = option.reveal();
  }
  return {};
}

template <std::string kafka::Tls::* field>
Result<void> pem_text(Value value, PropertyDraft& draft) {
  draft.tls.*field = value;
  return {};
}

Result<void> key_pem(Value value, PropertyDraft& draft) {
  draft.tls.key_pem = kafka::Secret(value);
  return {};
}

using Oidc = kafka::OidcClientCredentials;

constexpr Property kProperties[] = {
    {"security.protocol", security_protocol},
    {"ssl.ca.location", tls_file<&Tls::ca_file>},
    {"ssl.certificate.location", tls_file<&Tls::certificate_file>},
    {"ssl.key.location", tls_file<&Tls::key_file>},
    {"ssl.key.password", key_password},
    {"ssl.truststore.location", tls_file<&Tls::ca_file>},
    {"ssl.truststore.type", store_type},
    {"ssl.keystore.location", pem_key_store},
    {"ssl.keystore.type", store_type},
    {"ssl.endpoint.identification.algorithm", endpoint_identification},
    {"enable.ssl.certificate.verification", verify_certificate},
    {"sasl.mechanism", mechanism},
    {"sasl.mechanisms", mechanism},
    {"sasl.username", user},
    {"sasl.password", password},
    {"sasl.jaas.config", jaas_config},
    {"sasl.oauthbearer.method", oauth_method},
    {"sasl.oauthbearer.token.endpoint.url", oidc_text<&Oidc::token_endpoint>},
    {"sasl.oauthbearer.client.id", oidc_text<&Oidc::client_id>},
    {"sasl.oauthbearer.client.credentials.client.id", oidc_text<&Oidc::client_id>},
    {"sasl.oauthbearer.client.secret", oidc_secret},
    {"sasl.oauthbearer.client.credentials.client.secret", oidc_secret},
    {"sasl.oauthbearer.scope", oidc_text<&Oidc::scope>},
    {"sasl.oauthbearer.extensions", oidc_extensions},
    {"https.ca.location", oidc_ca_file},
    {"ssl.ca.pem", pem_text<&Tls::ca_pem>},
    {"ssl.truststore.certificates", pem_text<&Tls::ca_pem>},
    {"ssl.certificate.pem", pem_text<&Tls::certificate_pem>},
    {"ssl.keystore.certificate.chain", pem_text<&Tls::certificate_pem>},
    {"ssl.key.pem", key_pem},
    {"ssl.keystore.key", key_pem},
};

Error config_error(std::string_view reason) { return {Errc::kConfig, std::string(reason)}; }

Result<void> finish_sasl(PropertyDraft& draft) {
  kafka::Authentication& auth = draft.options.client.auth;
  if (draft.mechanism == "OAUTHBEARER" && !draft.unsecured_subject.empty()) {
    kafka::OAuthBearer bearer;
    bearer.token_provider = [subject = draft.unsecured_subject] {
      constexpr std::chrono::hours kLife(1);
      return kafka::Result<kafka::BearerToken>(
          unsecured_token(subject, kLife, std::chrono::system_clock::now()));
    };
    auth = std::move(bearer);
    return {};
  }
  if (draft.mechanism == "OAUTHBEARER") {
    if (draft.oidc.token_endpoint.empty() || draft.oidc.client_id.empty()) {
      return config_error(
          "OAUTHBEARER needs sasl.oauthbearer.token.endpoint.url and a client id, or "
          "a token_provider in ClientOptions::auth");
    }
    auth = std::move(draft.oidc);
    return {};
  }
  if (draft.mechanism == "GSSAPI") {
    return config_error(
        "property sasl.mechanism: GSSAPI cannot be had; PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, "
        "OAUTHBEARER");
  }
  if (draft.user.empty() || !draft.password) {
    return config_error("SASL needs sasl.username and sasl.password, or sasl.jaas.config");
  }
  if (draft.mechanism == "PLAIN") {
    auth = kafka::Plain{.user = draft.user, .password = *draft.password};
  } else if (draft.mechanism == "SCRAM-SHA-256") {
    auth = kafka::ScramSha256{.user = draft.user, .password = *draft.password};
  } else if (draft.mechanism == "SCRAM-SHA-512") {
    auth = kafka::ScramSha512{.user = draft.user, .password = *draft.password};
  } else {
    return config_error(
        "property sasl.mechanism: is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER");
  }
  return {};
}

}  // namespace

std::span<const Property> security_properties() { return kProperties; }

Result<void> finish_security(PropertyDraft& draft) {
  if (draft.is_tls) draft.options.client.security = std::move(draft.tls);
  if (!draft.is_sasl) return {};
  return finish_sasl(draft);
}

}  // namespace odradek::client
