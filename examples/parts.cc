// What this build of libodradek can do: a build may leave parts out, and then the options that need
// them fail at construction, with a reason.

#include <cstdio>
#include <vector>

#include "odradek/kafka.h"

namespace ok = odradek::kafka;

namespace {

void tell(const char* part, bool is_there, const char* reason = "") {
  std::printf("%s %s\n", part, is_there ? "yes" : "no");
  if (!is_there) std::fprintf(stderr, "%s: %s\n", part, reason);
}

void tell_client(const char* part, ok::ClientOptions options) {
  options.bootstrap = "localhost:9092";  // nothing connects before it is used
  const ok::Result<ok::Client> client = ok::Client::create(std::move(options));
  tell(part, client.has_value(), client ? "" : client.error().message().c_str());
}

void tell_codec(const char* part, const ok::Client& client, ok::Compression compression) {
  const auto producer = ok::Producer::create(client, {.compression = compression});
  tell(part, producer.has_value(), producer ? "" : producer.error().message().c_str());
}

}  // namespace

int main() {
  tell_client("TLS", {.security = ok::Tls{.verify_peer = false}});
  tell_client("SASL_SCRAM", {.auth = ok::ScramSha256{.user = "u", .password = ok::Secret("p")}});
  tell_client("SASL_OAUTH", {.auth = ok::OAuthBearer{.token = ok::Secret("a.b.c")}});
  const ok::Client client({.bootstrap = "localhost:9092"});
  tell_codec("GZIP", client, ok::Gzip());
  tell_codec("SNAPPY", client, ok::Snappy());
  tell_codec("LZ4", client, ok::Lz4());
  tell_codec("ZSTD", client, ok::Zstd());
  return 0;
}
