#include "proxy/security/upstream_security.h"

#include <fmt/format.h>

#include <utility>

#include "base/read_file.h"

namespace odradek::proxy {
namespace {

constexpr size_t kTokenBytesMax = 64 * 1024;

Result<std::unique_ptr<auth::SaslClient>> start_with_token(auth::SaslClientOptions sasl,
                                                           const std::string& file) {
  Result<std::string> text = read_file(file, kTokenBytesMax);
  if (!text) {
    return Error(Errc::kConfig, fmt::format("kafka.sasl.token_path: {}", text.error().message()));
  }
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  sasl.token = Secret::take(*text);
  return auth::make_sasl_client(sasl);
}

Result<rpc::ClientSecurity> load(const UpstreamSecurity::Options& options) {
  cluster::SecurityOptions cluster = options.cluster;
  if (options.token_file.empty()) return cluster::make_client_security(cluster);
  ODK_TRY_VOID(start_with_token(cluster.sasl, options.token_file));
  cluster.sasl.token = Secret("read for each login");
  ODK_TRY(rpc::ClientSecurity security, cluster::make_client_security(cluster));
  security.start_sasl = [sasl = options.cluster.sasl, file = options.token_file] {
    return start_with_token(sasl, file);
  };
  return security;
}

}  // namespace

Result<std::shared_ptr<UpstreamSecurity>> UpstreamSecurity::create(Options options) {
  auto made = std::make_shared<UpstreamSecurity>();
  ODK_TRY_VOID(made->reload(std::move(options)));
  return made;
}

Result<void> UpstreamSecurity::reload(Options options) {
  ODK_TRY(current_, load(options));
  options_ = std::move(options);
  return {};
}

rpc::ClientSecurity UpstreamSecurity::client_security(std::shared_ptr<UpstreamSecurity> security) {
  rpc::ClientSecurity asking;
  asking.mechanism = security->current_.mechanism;
  if (security->current_.tls) asking.tls = [security] { return security->current_.tls(); };
  if (security->current_.start_sasl) {
    asking.start_sasl = [security] { return security->current_.start_sasl(); };
  }
  return asking;
}

}  // namespace odradek::proxy
