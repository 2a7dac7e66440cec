#include "odradek/client.h"

#include "client/client_core.h"
#include "client/client_options.h"

namespace odradek::kafka {

Result<Client> Client::create(ClientOptions options) {
  auto checked = client::to_cluster_options(options);
  if (!checked) return client::to_public(checked.error());
  return Client(ClientCore::start(*std::move(checked)));
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

void Client::close() {
  if (core_ != nullptr) core_->close();
}

}  // namespace odradek::kafka
