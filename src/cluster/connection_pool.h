#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/backoff.h"
#include "cluster/cluster.h"
#include "io/event.h"
#include "io/task_group.h"

namespace odradek::cluster {

// The connections of a Cluster, by address and lane. An attempt to connect runs by itself, with
// its own time limit, so that a caller in a hurry does not end it for the others; after a failure
// the address rests for a while, so nobody spins on a dead broker. One loop.
class ConnectionPool {
 public:
  using Connection = Cluster::Connection;

  ConnectionPool(io::Loop& loop, const ClusterOptions& options);

  // The open connection, or the outcome of the attempt that is or gets under way. Waits out the
  // rest of a failed address. Errors: kNetwork, kTls, kAuthentication, kTimedOut, kClosed.
  io::Task<Result<Connection>> get(io::HostPort address, Lane lane, MonotonicTime deadline);

  // Open right now, or null.
  Connection find_open(const io::HostPort& address, Lane lane) const;
  // When the address may be tried again; the beginning of time when it may now.
  MonotonicTime rests_until(const io::HostPort& address) const;
  // No lane to the address is open, and the last attempt at one did not get through. A broker that
  // refuses us is reachable.
  bool is_unreachable(const io::HostPort& address) const;
  size_t open_count() const;
  // Closes the connections of a lane nobody will use again.
  void close_lane(Lane lane);
  void close_all();

  io::Task<void> stop();

 private:
  struct Entry {
    explicit Entry(io::Loop& loop) : changed(loop) {}
    Connection connection;
    io::Event changed;
    bool is_connecting = false;
    uint64_t attempts = 0;  // finished ones
    int failures = 0;  // in a row
    MonotonicTime rests_until{};
    Error last_error{Errc::kClosed};
  };
  using Key = std::pair<std::pair<std::string, uint16_t>, Lane>;

  static Key key_of(const io::HostPort& address, Lane lane) {
    return {{address.host, address.port}, lane};
  }
  io::Task<void> attempt(std::shared_ptr<Entry> entry, io::HostPort address);
  rpc::ConnectOptions connect_options(const Entry& entry, const io::HostPort& address);
  void watch_idle();
  void close_idle();

  io::Loop* loop_;
  const ClusterOptions* options_;
  Backoff backoff_;
  Backoff setup_timeout_;
  io::TimerId idle_timer_ = 0;
  io::TaskGroup attempts_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
  bool is_stopped_ = false;
};

}  // namespace odradek::cluster
