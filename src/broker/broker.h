#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "broker/broker_parts.h"
#include "broker/profile.h"
#include "broker/security/endpoints.h"
#include "broker/security/security_options.h"
#include "io/address.h"
#include "io/loop.h"
#include "io/stream.h"
#include "rpc/server.h"

namespace odradek::obs {
class Collection;
class Registry;
}  // namespace odradek::obs

namespace odradek::log {
class FileSystem;
}  // namespace odradek::log

namespace odradek::broker {

// One address to listen on, and what clients that reach it are told to connect to.
struct ListenerSpec {
  rpc::ListenerOptions options;  // default: plaintext on 127.0.0.1, a free port
  // Fills the options' TLS and SASL from properties and BrokerOptions::security. None: they are
  // complete as they are.
  std::optional<SecurityProtocol> security;
  std::optional<io::HostPort> advertise;  // port 0: the bound port. Empty: the address reached
};

// A topic to create at start (and again by reset()).
struct TopicSpec {
  std::string name;
  int32_t partitions = -1;  // -1: num.partitions
  std::vector<std::pair<std::string, std::string>> configs;
};

struct BrokerOptions {
  std::vector<ListenerSpec> listeners = std::vector<ListenerSpec>(1);
  std::vector<TopicSpec> topics;
  // Kafka broker properties by their own names; unknown ones make start() fail with kConfig.
  // `listeners` among them replaces the list above.
  std::map<std::string, std::string> properties;
  SecurityOptions security;
  std::string data_directory;  // in Kafka's format; empty: everything in memory
  std::string flush = "os";    // or "commit", or a time like "50ms": see FlushPolicy
  size_t flush_threads = 4;    // from the first flush on; none: the loop does it
  std::shared_ptr<log::FileSystem> files = {};  // none: the system's
  int32_t node_id = 1;
  std::string cluster_id;       // 22 characters of base64url; empty: a random one
  size_t memory_bytes_max = 0;  // records kept; 0: a quarter of the machine's memory
  bool refuse_when_full = false;  // else the oldest records make room
  // Topics may ask for more replicas than the one there is, and get one.
  bool accept_any_replication_factor = false;
  Profile profile = Profile::kDev;
  // The loop to live on. Null: an own thread with an own loop and the system's clock.
  io::Loop* loop = nullptr;
};

// A whole single-node Kafka-compatible broker inside this process: what odradek-broker
// runs, and what tests of clients use. Several may live in one process; no globals.
//   Broker broker;                       // 127.0.0.1, a free port
//   ODK_TRY_VOID(broker.start());        // ready when it returns
//   connect_to(broker.bootstrap());
// Without BrokerOptions::loop every call but serve() may come from any one thread; with it, from
// the loop's thread (or while the loop does not run).
class Broker {
 public:
  explicit Broker(BrokerOptions options = {});
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  // Stops. With a borrowed loop stop_async() must have been awaited, or the loop must not run.
  ~Broker();

  // Binds and serves. Errors: kConfig (properties, topics), kNetwork (a port in use).
  Result<void> start();

  // "127.0.0.1:43127": the advertised addresses of all listeners, comma-separated.
  std::string bootstrap() const;
  // The bound port of the listener with this index.
  uint16_t port(size_t listener = 0) const;
  std::string cluster_id() const;

  // Forgets everything: topics, records, groups, offsets, producers. Waiting requests are
  // answered with errors, connections stay. The topics of the options are created again.
  void reset();

  // Creates a topic; kAlreadyExists, kInvalidArgument.
  Result<void> create_topic(const TopicSpec& topic);

  // Closes every connection. After it start() may be called again: what is not in a data directory
  // is forgotten.
  void stop();
  io::Task<void> stop_async();

  // Serves a stream that is connected already. On the loop's thread.
  void serve(std::unique_ptr<io::Stream> stream);

  // Success, or why some of what is stored cannot be served. On the loop's thread.
  Result<void> storage_health() const;

  // The loop the broker lives on; null before start() without a borrowed loop.
  io::Loop* loop();
  // Counters of the connections. On the loop's thread.
  const rpc::ServerStats& connection_stats() const;
  // What a dashboard looks into. After start(), on the loop's thread.
  BrokerParts parts();
  // Declares the broker's metrics; collect() publishes them, on the loop's thread.
  static void declare_metrics(obs::Registry& registry);
  void collect(obs::Collection& into) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace odradek::broker
