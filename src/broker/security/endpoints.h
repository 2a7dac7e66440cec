#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/address.h"

namespace odradek::broker {

enum class SecurityProtocol : uint8_t { kPlaintext, kSsl, kSaslPlaintext, kSaslSsl };

inline bool uses_tls(SecurityProtocol protocol) {
  return protocol == SecurityProtocol::kSsl || protocol == SecurityProtocol::kSaslSsl;
}
inline bool uses_sasl(SecurityProtocol protocol) {
  return protocol == SecurityProtocol::kSaslPlaintext || protocol == SecurityProtocol::kSaslSsl;
}
std::string_view security_protocol_name(SecurityProtocol protocol);
std::optional<SecurityProtocol> security_protocol_of(std::string_view name);

// "NAME://HOST:PORT" of listeners and advertised.listeners.
struct Endpoint {
  std::string name;  // upper case, as Kafka has it; empty: none was given
  io::HostPort address;
};
// "HOST:PORT" alone is fine, too. kConfig says what is wrong; `setting` names it.
Result<Endpoint> parse_endpoint(std::string_view setting, std::string_view text,
                                uint16_t default_port);
// Comma-separated.
Result<std::vector<Endpoint>> parse_endpoints(std::string_view setting, std::string_view text);

// "NAME:PROTOCOL,..." of listener.security.protocol.map.
using ProtocolMap = std::map<std::string, SecurityProtocol, std::less<>>;
Result<ProtocolMap> parse_protocol_map(std::string_view text);
// The protocol of a listener: by the map, else by its own name. kConfig.
Result<SecurityProtocol> protocol_of(const ProtocolMap& map, std::string_view listener);

}  // namespace odradek::broker
