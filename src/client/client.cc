#include "odradek/client.h"

#include "client/client_core.h"
#include "client/client_options.h"

namespace odradek::kafka {

Result<Client> Client::create(ClientOptions options) {
  auto checked = client::to_cluster_options(options);
  if (!checked) return client::to_public(checked.error());
  return Client(
      ClientCore::start(*std::move(checked), {.on_request = std::move(options.on_request),
                                              .on_metrics = std::move(options.on_metrics),
                                              .metrics_interval = options.metrics_interval}));
}

Client::Client(ClientOptions options) {
  auto created = create(std::move(options));
  if (!created) throw ConfigError(created.error());
  core_ = std::move(created->core_);
}

Client::Client(std::shared_ptr<ClientCore> core) : core_(std::move(core)) {}
Client::Client(Client&& other) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

Client::~Client() { close(); }

namespace {

io::Task<Result<ClientMetrics>> metrics_of(const ClientCore* core) { co_return core->metrics(); }

}  // namespace

Op<ClientMetrics> Client::metrics() const {
  ClientCore* const core = core_.get();
  return core->run<ClientMetrics>([core] { return metrics_of(core); });
}

void Client::close() {
  if (core_ != nullptr) core_->close();
}

}  // namespace odradek::kafka
