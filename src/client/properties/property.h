#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "odradek/properties.h"

namespace odradek::client {

// Options while they are being read: security is put together from several properties.
struct PropertyDraft {
  kafka::PropertyOptions options;
  bool is_tls = false;
  bool is_sasl = false;
  kafka::Tls tls;
  std::string mechanism = "GSSAPI";  // Kafka's default, which has to be changed
  std::string user;
  std::optional<kafka::Secret> password;
  kafka::OidcClientCredentials oidc;
  std::string unsecured_subject;  // of a token without a signature
  std::optional<int> compression_level;
};

// One name and what its value does. Errors say what is wrong with the value, without the value.
struct Property {
  std::string_view name;
  Result<void> (*set)(std::string_view value, PropertyDraft& draft);
};

std::span<const Property> client_properties();
std::span<const Property> security_properties();
std::span<const Property> producer_properties();
std::span<const Property> consumer_properties();
// Known names that do nothing here.
std::span<const std::string_view> properties_without_effect();

// Puts TLS and SASL together. kConfig.
Result<void> finish_security(PropertyDraft& draft);

// Values as property files write them. kInvalidArgument.
Result<bool> property_bool(std::string_view value);
Result<int64_t> property_integer(std::string_view value, int64_t smallest, int64_t largest);
Result<std::chrono::milliseconds> property_milliseconds(std::string_view value);
// As ISO 8601 writes it, in days and smaller: PT1H, P2DT30M, PT0.5S. Not negative.
Result<std::chrono::milliseconds> property_duration(std::string_view value);
std::string lower_case(std::string_view text);

}  // namespace odradek::client
