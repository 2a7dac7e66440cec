#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The four messages of a SCRAM exchange (RFC 5802 §7). Parsed structs view the message they came
// from. Parse errors are kMalformed. Extensions (Kafka's tokenauth, KIP-48) are skipped; a
// mandatory one ("m=") is an error, as the RFC demands.
namespace odradek::auth {

struct ScramClientFirst {
  std::string_view gs2_header;  // "n,," with the trailing comma
  std::string authorization_id;
  std::string username;
  std::string_view bare;  // what follows the header: part of the signed text
  std::string_view nonce;
};
Result<ScramClientFirst> parse_scram_client_first(std::string_view message);

struct ScramServerFirst {
  std::string_view nonce;
  std::vector<uint8_t> salt;
  int32_t iterations = 0;  // > 0
};
Result<ScramServerFirst> parse_scram_server_first(std::string_view message);

struct ScramClientFinal {
  std::string_view channel_binding;  // base64 text
  std::string_view nonce;
  std::string_view without_proof;  // part of the signed text
  std::vector<uint8_t> proof;
};
Result<ScramClientFinal> parse_scram_client_final(std::string_view message);

struct ScramServerFinal {
  std::string_view error;  // not empty: the server refused
  std::vector<uint8_t> signature;
};
Result<ScramServerFinal> parse_scram_server_final(std::string_view message);

// ',' and '=' in names are written "=2C" and "=3D".
std::string escape_sasl_name(std::string_view name);
Result<std::string> unescape_sasl_name(std::string_view text);

}  // namespace odradek::auth
