#include "broker/broker.h"

#include <fmt/format.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "base/log.h"
#include "broker/dispatcher.h"
#include "broker/listener_specs.h"
#include "broker/metrics.h"
#include "broker/node.h"
#include "broker/security/security.h"
#include "broker/storage.h"
#include "broker/topic_admin.h"

namespace odradek::broker {
namespace {

// A quarter of the machine's memory.
size_t default_memory_bytes() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || page_bytes <= 0) return size_t{1} << 30U;
  return static_cast<size_t>(pages) / 4 * static_cast<size_t>(page_bytes);
}

}  // namespace

class Broker::Impl {
 public:
  explicit Impl(BrokerOptions options) : options_(std::move(options)) {}
  ~Impl() { stop(); }

  Result<void> start();
  void stop();
  io::Task<void> stop_async();
  void reset() {
    on_loop([this] { reset_now(); });
  }
  Result<void> create_topic(const TopicSpec& spec);

  const BrokerOptions& options() const { return options_; }
  io::Loop* loop() const { return loop_; }
  uint16_t port(size_t listener) const { return ports_.at(listener); }
  std::string bootstrap() const;
  rpc::Server& server() { return *server_; }
  BrokerParts parts() { return {*node_, *dispatcher_, *server_}; }
  Result<void> storage_health() const;
  void collect(obs::Collection& into) const {
    if (server_ != nullptr) collect_broker_metrics(*node_, *dispatcher_, server_->stats(), into);
  }
  const rpc::ListenerOptions& first_listener() const { return listeners_.front().options; }

 private:
  Result<Settings> make_settings() const;
  Result<void> start_on_loop();
  Result<std::unique_ptr<Storage>> open_storage(Settings& settings);
  Result<void> listen();
  Result<void> create_now(const TopicSpec& spec);
  void reset_now();
  void release();

  // Runs `work` where the broker lives and waits for it.
  template <class Work>
  void on_loop(Work&& work) {
    if (!thread_.joinable() || loop_->is_current()) {
      work();
      return;
    }
    std::promise<void> done;
    loop_->post([&work, &done] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  BrokerOptions options_;
  std::vector<ListenerSpec> listeners_;
  std::unique_ptr<io::Loop> own_loop_;
  io::Loop* loop_ = nullptr;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<rpc::Server> server_;
  std::vector<uint16_t> ports_;
  std::thread thread_;
};

Result<Settings> Broker::Impl::make_settings() const {
  Settings settings(options_.profile);
  for (const auto& [name, value] : options_.properties) {
    ODK_TRY_VOID(settings.set_static(name, value));
  }
  settings.set_fact("node.id", std::to_string(options_.node_id));
  settings.set_fact("broker.id", std::to_string(options_.node_id));
  return settings;
}

Result<void> Broker::Impl::start() {
  if (server_ != nullptr) {
    return Error(Errc::kPrecondition, "the broker was started and not stopped");
  }
  loop_ = options_.loop;
  if (loop_ == nullptr) {
    own_loop_ = std::make_unique<io::Loop>();
    loop_ = own_loop_.get();
  }
  Result<void> started = start_on_loop();
  if (!started) {
    if (server_ != nullptr && !loop_->is_current()) loop_->block_on(stop_async());
    return started;
  }
  if (own_loop_ != nullptr) thread_ = std::thread([this] { own_loop_->run(); });
  return {};
}

Result<void> Broker::Impl::start_on_loop() {
  NodeOptions node;
  node.node_id = options_.node_id;
  ODK_TRY(node.settings, make_settings());
  ODK_TRY(node.storage, open_storage(node.settings));
  node.flush_threads = options_.flush_threads;
  node.cluster_id = options_.cluster_id;
  node.memory_bytes_max =
      options_.memory_bytes_max > 0 ? options_.memory_bytes_max : default_memory_bytes();
  node.refuse_when_full = options_.refuse_when_full;
  node.accept_any_replication_factor = options_.accept_any_replication_factor;
  ODK_TRY(listeners_, resolve_listeners(node.settings, options_.listeners));
  ODK_TRY(node.security, Security::create(loop_->clock(), node.settings, options_.security));
  rpc::ServerOptions server = server_options(node.settings);
  server.limits.max_connection_rate_of_ip = [security = node.security.get()](auto address) {
    return security->quotas().connection_rate_of(address);
  };
  node_ = std::make_unique<Node>(*loop_, std::move(node));
  dispatcher_ = std::make_unique<Dispatcher>(*node_);
  server_ = std::make_unique<rpc::Server>(*loop_, *dispatcher_, std::move(server));
  ODK_TRY_VOID(node_->load());
  for (const TopicSpec& topic : options_.topics) {
    if (node_->topics().find(topic.name) == nullptr) ODK_TRY_VOID(create_now(topic));
  }
  ODK_TRY_VOID(listen());
  node_->start_housekeeping();
  return {};
}

// Kafka's own names for the data directory count too.
Result<std::unique_ptr<Storage>> Broker::Impl::open_storage(Settings& settings) {
  StorageOptions storage;
  storage.directory = options_.data_directory;
  for (const std::string_view name : {"log.dirs", "log.dir"}) {
    if (storage.directory.empty()) storage.directory = settings.given(name).value_or("");
  }
  if (storage.directory.empty()) {
    if (options_.cluster_id.empty()) options_.cluster_id = Uuid::random().to_string();
    return std::unique_ptr<Storage>();
  }
  if (storage.directory.find(',') != std::string::npos) {
    return Error(Errc::kConfig, "log.dirs: one directory, not several");
  }
  settings.set_fact("log.dirs", storage.directory);
  ODK_TRY(storage.flush, parse_flush_policy(options_.flush));
  storage.files = options_.files;
  return Storage::open(storage, options_.node_id, options_.cluster_id);
}

Result<void> Broker::Impl::listen() {
  std::string bound;
  std::string told;
  for (ListenerSpec& spec : listeners_) {
    const std::string& name = spec.options.name;
    const std::string& host = spec.options.host;
    if (spec.security) {
      ODK_TRY_VOID(node_->security().secure(spec.options, *spec.security, node_->settings()));
    }
    ODK_TRY(const uint16_t port, server_->listen(spec.options));
    ports_.push_back(port);
    node_->addresses().add(name, {host, port}, spec.advertise.value_or(io::HostPort{}));
    const io::HostPort address = node_->addresses().of_listener(name);
    const std::string_view comma = bound.empty() ? "" : ",";
    bound += fmt::format("{}{}://{}:{}", comma, name, host, port);
    told += fmt::format("{}{}://{}:{}", comma, name, address.host, address.port);
  }
  node_->settings().set_fact("listeners", bound);
  node_->settings().set_fact("advertised.listeners", told);
  ODK_LOG(info, "broker is ready", kv("listeners", bound), kv("advertised", told),
          kv("cluster", options_.cluster_id));
  return {};
}

Result<void> Broker::Impl::create_now(const TopicSpec& spec) {
  NewTopic topic;
  topic.name = spec.name;
  topic.partitions = spec.partitions;
  for (const auto& [name, value] : spec.configs) topic.configs.emplace_back(name, value);
  const NewTopicResult result = odradek::broker::create_topic(*node_, topic, false);
  if (result.error.ok()) return {};
  const bool exists = result.error.code == proto::ErrorCode::kTopicAlreadyExists;
  return Error(exists ? Errc::kAlreadyExists : Errc::kConfig,
               fmt::format("topic {}: {}", spec.name, result.error.message));
}

Result<void> Broker::Impl::create_topic(const TopicSpec& spec) {
  Result<void> result;
  on_loop([&] { result = create_now(spec); });
  return result;
}

void Broker::Impl::reset_now() {
  node_->reset();
  for (const TopicSpec& topic : options_.topics) {
    const Result<void> created = create_now(topic);
    ODK_ASSERT(created.has_value(), "{}", created.error().to_string());
  }
}

io::Task<void> Broker::Impl::stop_async() {
  if (server_ == nullptr) co_return;
  co_await server_->stop();
  co_await node_->stop();
  release();
}

void Broker::Impl::stop() {
  if (server_ == nullptr) return;
  if (thread_.joinable()) {
    own_loop_->stop();
    thread_.join();
  }
  loop_->block_on(stop_async());
  own_loop_.reset();
  loop_ = options_.loop;
}

void Broker::Impl::release() {
  server_.reset();
  node_->close();
  dispatcher_.reset();
  node_.reset();
  ports_.clear();
}

std::string Broker::Impl::bootstrap() const {
  std::string all;
  for (const ListenerSpec& listener : listeners_) {
    const io::HostPort address = node_->addresses().of_listener(listener.options.name);
    all += (all.empty() ? "" : ",") + address.to_string();
  }
  return all;
}

Result<void> Broker::Impl::storage_health() const {
  if (node_ == nullptr) return {};
  if (node_->storage() != nullptr && node_->storage()->fault()) return *node_->storage()->fault();
  for (const auto& [name, topic] : node_->topics().all()) {
    for (const auto& partition : topic->partitions) {
      const std::optional<Error>& fault = partition->log.fault();
      if (fault) return fault->with_context(fmt::format("{}-{}", name, partition->index));
    }
  }
  return {};
}

Broker::Broker(BrokerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Broker::~Broker() = default;

Result<void> Broker::start() { return impl_->start(); }
void Broker::stop() { impl_->stop(); }
Result<void> Broker::storage_health() const { return impl_->storage_health(); }
io::Task<void> Broker::stop_async() { return impl_->stop_async(); }
void Broker::reset() { impl_->reset(); }
Result<void> Broker::create_topic(const TopicSpec& topic) { return impl_->create_topic(topic); }

std::string Broker::bootstrap() const { return impl_->bootstrap(); }
uint16_t Broker::port(size_t listener) const { return impl_->port(listener); }
std::string Broker::cluster_id() const { return impl_->options().cluster_id; }
io::Loop* Broker::loop() { return impl_->loop(); }
const rpc::ServerStats& Broker::connection_stats() const { return impl_->server().stats(); }
BrokerParts Broker::parts() { return impl_->parts(); }

void Broker::declare_metrics(obs::Registry& registry) { registry.declare(broker_metrics()); }
void Broker::collect(obs::Collection& into) const { impl_->collect(into); }

void Broker::serve(std::unique_ptr<io::Stream> stream) {
  impl_->server().serve(std::move(stream), impl_->first_listener());
}

}  // namespace odradek::broker
