#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/loop.h"
#include "obs/metrics.h"
#include "proxy/proxy_options.h"
#include "proxy/proxy_stats.h"
#include "rpc/server.h"

namespace odradek::proxy {

// kafka-partition-proxy inside a process: listens for Kafka clients and serves them from a
// cluster, topics by topics mapped or as they are. What the program runs, and what tests use.
// Belongs to one loop.
//   Proxy proxy(loop, options);
//   ODK_CO_TRY_VOID(co_await proxy.start());
//   connect_to(proxy.bootstrap());
//   co_await proxy.stop();
class Proxy {
 public:
  Proxy(io::Loop& loop, ProxyOptions options);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  // stop() was awaited, or start() never was.
  ~Proxy();

  // Asks every broker what it knows, then listens. Errors: kConfig (mapping), kNetwork, kTimedOut,
  // kAuthentication, kTls (no broker reachable, in words), kAlreadyExists (cannot listen).
  io::Task<Result<void>> start();
  // Takes what may change in a running proxy from other options, which load_proxy_options() made:
  // certificates, users, keys of tokens, the identity at brokers, permissions, and topics that were
  // not mapped before. kConfig, and nothing is taken, when V, P, offset mode or the suffix of
  // shadow groups of something mapped differ: what is stored would mean something else. With a
  // consistency topic also errors of the cluster. One call at a time.
  io::Task<Result<void>> reload(ProxyOptions options);

  // Stops accepting, answers what was asked, at most for `at_most`, and then does what stop() does.
  io::Task<void> drain(Duration at_most);
  // Stops listening, closes every connection, waits for the tasks.
  io::Task<void> stop();

  // What clients connect to: the bound address, and the addresses they are told.
  std::string address() const;
  std::string bootstrap() const;

  // Success while the cluster answers, for /readyz.
  Result<void> check_upstream() const;
  const ProxyStats& stats() const;
  static void declare_metrics(obs::Registry& registry);
  void collect(obs::Collection& into) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace odradek::proxy
