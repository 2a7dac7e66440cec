// SASL messages in both directions, tokens and their keys, salted passwords, certificate names,
// PEM. The first byte chooses; the rest is the hostile input. Multi-message exchanges are cut at
// 0xFF.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "auth/credentials.h"
#include "auth/jwt.h"
#include "auth/oauthbearer.h"
#include "auth/pem.h"
#include "auth/plain.h"
#include "auth/scram.h"
#include "auth/tls_principal.h"

namespace {

using namespace odradek;
using namespace odradek::auth;

constexpr TimestampMs kNow = 1'700'000'000'000;

struct World {
  std::shared_ptr<MemoryCredentialStore> users = std::make_shared<MemoryCredentialStore>();
  std::shared_ptr<const JwtVerifier> tokens;
  PrincipalMapper mapper = PrincipalMapper::parse(
                               "RULE:^CN=(.*?),OU=(.*?),O=(.*?)$/$1@$2/L,"
                               "RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/U,DEFAULT")
                               .value();

  World() {
    const bool has_user = users->set_password("user", Secret("pencil")).has_value();
    JwtOptions options;
    options.allow_unsecured = true;
    tokens = JwtVerifier::create(options).value();
    if (!has_user) __builtin_trap();
  }
};

const World& world() {
  static const World instance;
  return instance;
}

Bytes take_message(Bytes& input) {
  size_t end = 0;
  while (end < input.size() && input[end] != 0xFF) ++end;
  const Bytes message = input.first(end);
  input = input.subspan(end == input.size() ? end : end + 1);
  return message;
}

void drive_server(SaslServer& server, Bytes input) {
  for (int round = 0; round < 4 && !input.empty(); ++round) {
    const Result<SaslStep> step = server.on_message(take_message(input), kNow);
    // Nobody gets in without a valid proof, password or token; tokens here need none.
    if (step && step->done && server.mechanism() != kOAuthBearer &&
        step->principal != "User:user") {
      __builtin_trap();
    }
    if (!step) return;
  }
}

void drive_client(SaslClient& client, Bytes input) {
  if (!client.first()) return;
  for (int round = 0; round < 4 && !input.empty(); ++round) {
    if (!client.next(take_message(input))) return;
    // A SCRAM server that does not know the password cannot finish.
    if (client.done() && client.mechanism().starts_with("SCRAM")) __builtin_trap();
  }
}

ScramClient scram_client() {
  ScramClientOptions options;
  options.username = "user";
  options.password = Secret("pencil");
  options.nonce = "nonce";
  options.max_iterations = kMinScramIterations;  // more would only slow the fuzzer down
  return ScramClient(std::move(options));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Bytes input(data + 1, size - 1);
  switch (data[0] % 10) {
    case 0: {
      PlainServer server(world().users);
      drive_server(server, input);
      break;
    }
    case 1: {
      ScramServer server({Hash::kSha256, world().users, "server"});
      drive_server(server, input);
      break;
    }
    case 2: {
      OAuthBearerServer server(world().tokens);
      drive_server(server, input);
      break;
    }
    case 3: {
      ScramClient client = scram_client();
      drive_client(client, input);
      break;
    }
    case 4: {
      OAuthBearerClient client(Secret("token"), {}, "");
      drive_client(client, input);
      break;
    }
    case 5: static_cast<void>(world().tokens->verify(as_text(input), kNow)); break;
    case 6: static_cast<void>(JwtKeySet::from_jwks(as_text(input))); break;
    case 7: static_cast<void>(parse_scram_credential(as_text(input))); break;
    case 8: static_cast<void>(world().mapper.map(as_text(input))); break;
    default: {
      PemSource source;
      source.text = as_text(input);
      static_cast<void>(read_certificates("certificate", source));
      static_cast<void>(read_private_key(source, Secret()));
      static_cast<void>(JwtKeySet::from_pem(as_text(input)));
    }
  }
  return 0;
}
