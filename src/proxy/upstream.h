#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "cluster/cluster.h"
#include "proxy/proxy_stats.h"
#include "rpc/client_connection.h"

namespace odradek::proxy {

// What an upstream connection of a client is for. A broker serves one request of a connection
// after the other, so what may wait there (a long poll, a JoinGroup, acks=all) has one of its own.
class Purpose {
 public:
  static constexpr Purpose coordinator() { return Purpose(0); }
  static constexpr Purpose admin() { return Purpose(1); }
  static constexpr Purpose transaction() { return Purpose(2); }
  static constexpr Purpose fetch(uint32_t slot) { return Purpose(0x100 + slot); }
  static constexpr Purpose produce(uint32_t lane) { return Purpose(kFirstProduce + lane); }

  constexpr bool is_produce() const { return id_ >= kFirstProduce; }

  constexpr auto operator<=>(const Purpose&) const = default;

 private:
  static constexpr uint32_t kFirstProduce = 0x200;
  constexpr explicit Purpose(uint32_t id) : id_(id) {}
  uint32_t id_;
};

// The connections to brokers that belong to one client connection: opened when first used, closed
// with it. They carry the client's id. One loop; one caller at a time per broker and purpose.
class Upstream {
 public:
  using Connection = std::shared_ptr<rpc::ClientConnection>;

  // All outlive the object.
  Upstream(cluster::Cluster& cluster, ProxyStats& stats, std::string client_id);
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;
  ~Upstream() { close(); }

  // Open and authenticated. Errors: kNotFound for a broker the cluster does not have, kNetwork,
  // kTls, kAuthentication, kTimedOut; kClosed after close().
  io::Task<Result<Connection>> connection(int32_t broker, Purpose purpose, MonotonicTime deadline);
  // The same if it is open, else null.
  Connection open_connection(int32_t broker, Purpose purpose) const;
  // Closes one connection, if open.
  void drop(int32_t broker, Purpose purpose);
  // The client is gone: closes what only it waited for, and opens nothing but for producing.
  void close_but_produce();
  // Closes all; what is in flight fails with kClosed.
  void close();
  // Until the brokers have taken all that was produced without asking for an
  // answer. Errors: of a connection that broke, kTimedOut.
  io::Task<Result<void>> settle(MonotonicTime deadline);
  // close() once the brokers have what was sent without asking for an answer.
  io::Task<void> finish();

 private:
  io::Task<Result<io::HostPort>> address_of(int32_t broker, MonotonicTime deadline);

  cluster::Cluster* cluster_;
  ProxyStats* stats_;
  std::string client_id_;
  std::map<std::pair<int32_t, Purpose>, Connection> connections_;
  bool is_closed_ = false;
  bool only_produce_ = false;
};

}  // namespace odradek::proxy
