#include "proxy/proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "proxy/consistency/settings_topic.h"
#include "proxy/offered_apis.h"
#include "proxy/proxy_metrics.h"
#include "proxy/proxy_service.h"
#include "proxy/security/token_keys.h"

namespace odradek::proxy {
namespace {

// A broker that says nothing for so long makes the proxy not ready.
constexpr int kMissedRefreshesMax = 3;

}  // namespace

class Proxy::Impl {
 public:
  Impl(io::Loop& loop, ProxyOptions options)
      : loop_(loop), options_(std::move(options)), tasks_(loop) {}

  io::Task<Result<void>> start();
  io::Task<Result<void>> reload(ProxyOptions options);
  io::Task<void> drain(Duration at_most);
  io::Task<void> stop();

  io::Loop& loop_;
  ProxyOptions options_;
  ProxyStats stats_;
  std::unique_ptr<MappingRegistry> registry_;
  std::vector<std::unique_ptr<MappingRegistry>> retired_;
  std::optional<ShadowGroups> shadows_;
  std::optional<cluster::Cluster> cluster_;
  std::optional<TopicDirectory> topics_;
  std::optional<Topology> topology_;
  std::optional<TxnTable> transactions_;
  std::optional<TopicPolicies> policies_;
  std::optional<TailReaders> tails_;
  std::optional<ReadAheadBudget> read_ahead_;
  std::optional<ProxyContext> context_;
  std::optional<ProxyService> service_;
  std::optional<rpc::Server> server_;
  io::TaskGroup tasks_;
  std::shared_ptr<ListenerSecuritySlot> security_ = std::make_shared<ListenerSecuritySlot>();
  TokenKeyFetcher keys_{loop_, security_};
  io::HostPort bound_;
  MonotonicTime last_refresh_{};

 private:
  // What the brokers know, together.
  struct Brokers {
    std::vector<std::vector<rpc::ApiRange>> apis;
    rpc::Features features;
  };

  Result<void> prepare();
  io::Task<Result<Brokers>> ask_brokers();
  Result<void> listen(Brokers brokers);
  io::Task<void> refresh_metadata();
  void build_topology();
  Result<MappingRegistry> checked_registry(const ProxyOptions& options) const;
  Result<void> check_security(const ProxyOptions& options) const;
  io::Task<void> keep_keys();
};

Result<void> Proxy::Impl::prepare() {
  ODK_TRY(MappingRegistry registry, MappingRegistry::create(options_.fallback, options_.topics));
  registry_ = std::make_unique<MappingRegistry>(std::move(registry));
  shadows_.emplace(options_.shadow_suffix);
  cluster_.emplace(loop_, options_.kafka);
  topics_.emplace(*cluster_, *registry_, stats_);
  transactions_.emplace(loop_);
  policies_.emplace(*cluster_);
  tails_.emplace(*cluster_, stats_, options_.fetch_cache_bytes);
  read_ahead_.emplace(options_.fetch_read_ahead_bytes);
  return {};
}

io::Task<Result<Proxy::Impl::Brokers>> Proxy::Impl::ask_brokers() {
  const MonotonicTime deadline = loop_.now() + options_.kafka.connection_timeout;
  const auto metadata = co_await cluster_->metadata({}, deadline);
  if (!metadata) co_return metadata.error();
  Brokers brokers;
  Error last(Errc::kNetwork, "the cluster has no brokers");
  for (const cluster::Broker& broker : (*metadata)->brokers) {
    auto connected = co_await cluster_->connection(broker.id, cluster::kGeneralLane, deadline);
    if (!connected) {
      last = connected.error();
      ODK_LOG(warn, "broker not reachable", kv("broker", broker.id), kv("error", last.to_string()));
      continue;
    }
    brokers.apis.push_back((*connected)->peer_apis());
    brokers.features = (*connected)->peer_features();
  }
  if (brokers.apis.empty()) co_return last;
  co_return brokers;
}

void Proxy::Impl::build_topology() {
  std::vector<io::HostPort> advertised = options_.advertised;
  if (advertised.empty()) advertised.push_back(bound_);
  topology_.emplace(std::move(advertised), options_.node_mode);
}

Result<void> Proxy::Impl::listen(Brokers brokers) {
  const std::vector<Handler> handlers = all_handlers();
  rpc::ServerOptions server_options;
  server_options.apis = offered_apis(handlers, brokers.apis, options_.kip848);
  server_options.features = offered_features(std::move(brokers.features), options_.kip848);
  server_options.limits = options_.limits;
  bound_ = options_.listen;
  build_topology();  // with the port asked; again below when that was any
  context_.emplace(ProxyContext{loop_, options_, *cluster_, *topics_, *topology_, *shadows_, stats_,
                                *transactions_, *policies_, options_.access, *tails_,
                                *read_ahead_});
  service_.emplace(*context_);
  server_.emplace(loop_, *service_, std::move(server_options));
  rpc::ListenerOptions listener;
  listener.host = options_.listen.host;
  listener.port = options_.listen.port;
  if (options_.listener_security != nullptr) {
    security_->current = options_.listener_security;
    use_security(listener, security_);
  }
  Result<uint16_t> port = server_->listen(std::move(listener));
  // Told apart from a network error of the cluster's.
  if (!port) return Error(Errc::kAlreadyExists, std::string(port.error().message()));
  bound_.port = *port;
  build_topology();
  return {};
}

// Keeps leaders and partition counts fresh for clients that ask for nothing themselves.
io::Task<void> Proxy::Impl::refresh_metadata() {
  while (true) {
    const Result<void> slept = co_await io::sleep(loop_, options_.kafka.metadata_max_age);
    if (!slept) co_return;
    const auto refreshed = co_await cluster_->refresh({}, cluster_->request_deadline());
    if (refreshed) last_refresh_ = loop_.now();
    if (!refreshed && refreshed.error().code() == Errc::kCancelled) co_return;
    if (!refreshed) {
      ODK_LOG(warn, "metadata not refreshed", kv("error", refreshed.error().to_string()));
    }
  }
}

// The registry of a reload: what was mapped stays as it was.
Result<MappingRegistry> Proxy::Impl::checked_registry(const ProxyOptions& options) const {
  if (options.shadow_suffix != options_.shadow_suffix) {
    return Error(Errc::kConfig,
                 "offsets.shadow_suffix may not change: committed offsets are there");
  }
  ODK_TRY(MappingRegistry registry, MappingRegistry::create(options.fallback, options.topics));
  const auto changed = [](const std::string& what) {
    return Error(Errc::kConfig, "the mapping of " + what + " may not change while it is in use");
  };
  if (options_.fallback && options.fallback != options_.fallback) return changed("other topics");
  for (const TopicRule& rule : options_.topics) {
    const auto again = std::ranges::find(options.topics, rule.pattern, &TopicRule::pattern);
    if (again == options.topics.end() || again->spec != rule.spec) return changed(rule.pattern);
  }
  for (const cluster::Topic& topic : cluster_->cached_metadata()->topics) {
    const auto before = registry_->match(topic.name);
    const auto after = registry.match(topic.name);
    if (before && (!after || after->remapper->spec() != before->remapper->spec())) {
      return changed(topic.name);
    }
  }
  return registry;
}

// The security of a reload: certificates may change, whether there are any may not.
Result<void> Proxy::Impl::check_security(const ProxyOptions& options) const {
  const auto is_secure = [](const ProxyOptions& one) { return one.listener_security != nullptr; };
  const auto& before = options_.listener_security;
  const auto& after = options.listener_security;
  if (is_secure(options) != is_secure(options_) ||
      (after != nullptr && (after->options().has_tls != before->options().has_tls ||
                            after->options().has_sasl != before->options().has_sasl))) {
    return Error(Errc::kConfig, "listen.security.protocol may not change while it is in use");
  }
  return {};
}

io::Task<Result<void>> Proxy::Impl::reload(ProxyOptions options) {
  ODK_CO_TRY(MappingRegistry registry, checked_registry(options));
  ODK_CO_TRY_VOID(check_security(options));
  const auto& after = options.listener_security;
  if (options_.consistency_topic) {
    const Result<void> agreed = co_await agree_on_settings(*cluster_, shared_settings(options));
    if (!agreed) co_return agreed.error();
  }
  if (options_.upstream_security != nullptr && options.upstream_security != nullptr) {
    ODK_CO_TRY_VOID(options_.upstream_security->reload(options.upstream_security->options()));
  }
  if (options.fallback != options_.fallback || options.topics != options_.topics) {
    // Requests under way go on with the mappings they know.
    retired_.push_back(std::move(registry_));
    registry_ = std::make_unique<MappingRegistry>(std::move(registry));
    topics_->use(*registry_);
  }
  options_.fallback = options.fallback;
  options_.topics = options.topics;
  options_.access = options.access;
  options_.listener_security = after;
  security_->current = after;
  keys_.renew();
  co_return Result<void>{};
}

io::Task<void> Proxy::Impl::keep_keys() {
  const Result<void> fetched = co_await keys_.fetch_now();
  if (!fetched) {
    ODK_LOG(warn, "token keys not fetched: no token is accepted until they are",
            kv("error", fetched.error().to_string()));
  }
  tasks_.spawn(keys_.keep_fresh(fetched.has_value()));
}

io::Task<Result<void>> Proxy::Impl::start() {
  ODK_CO_TRY_VOID(prepare());
  Result<Brokers> brokers = co_await ask_brokers();
  if (!brokers) co_return brokers.error();
  if (options_.consistency_topic) {
    const Result<void> agreed = co_await agree_on_settings(*cluster_, shared_settings(options_));
    if (!agreed) co_return agreed.error();
  }
  ODK_CO_TRY_VOID(listen(*std::move(brokers)));
  last_refresh_ = loop_.now();
  tasks_.spawn(refresh_metadata());
  co_await keep_keys();
  ODK_LOG(info, "proxy started", kv("address", bound_.to_string()));
  co_return Result<void>{};
}

io::Task<void> Proxy::Impl::drain(Duration at_most) {
  if (server_) co_await server_->drain(at_most);
  co_await stop();
}

io::Task<void> Proxy::Impl::stop() {
  tasks_.cancel();
  if (server_) co_await server_->stop();
  if (service_) co_await service_->stop();
  if (tails_) {
    tails_->cancel();
    co_await tails_->join();
  }
  co_await tasks_.join();
  if (cluster_) co_await cluster_->stop();
}

Proxy::Proxy(io::Loop& loop, ProxyOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(options))) {}

Proxy::~Proxy() = default;

io::Task<Result<void>> Proxy::start() { return impl_->start(); }
io::Task<Result<void>> Proxy::reload(ProxyOptions options) {
  return impl_->reload(std::move(options));
}
io::Task<void> Proxy::drain(Duration at_most) { return impl_->drain(at_most); }
io::Task<void> Proxy::stop() { return impl_->stop(); }
std::string Proxy::address() const { return impl_->bound_.to_string(); }

std::string Proxy::bootstrap() const {
  std::string addresses;
  for (const VirtualNode& node : impl_->topology_->nodes()) {
    addresses += (addresses.empty() ? "" : ",") + node.address.to_string();
  }
  return addresses;
}

Result<void> Proxy::check_upstream() const {
  const auto age = impl_->loop_.now() - impl_->last_refresh_;
  if (age > kMissedRefreshesMax * impl_->options_.kafka.metadata_max_age) {
    return Error(Errc::kTimedOut, "the cluster's metadata is old: no broker answers");
  }
  return {};
}

const ProxyStats& Proxy::stats() const { return impl_->stats_; }

void Proxy::declare_metrics(obs::Registry& registry) { registry.declare(proxy_metrics()); }

void Proxy::collect(obs::Collection& into) const {
  if (!impl_->server_) return;
  const ProxyGauges gauges = {.shared_connections = impl_->cluster_->open_connections(),
                              .transaction_states = impl_->transactions_->size()};
  collect_proxy_metrics(impl_->stats_, impl_->server_->stats(), gauges, into);
}

}  // namespace odradek::proxy
