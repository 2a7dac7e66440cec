#pragma once

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "base/log_limiter.h"
#include "io/task_group.h"
#include "rpc/connection_gate.h"
#include "rpc/server.h"

namespace odradek::rpc {

class ServerConnection;

// What all connections of one server share. Belongs to its loop.
class ServerShared {
 public:
  ServerShared(io::Loop& the_loop, RequestHandler& the_handler, ServerOptions the_options);
  ServerShared(const ServerShared&) = delete;
  ServerShared& operator=(const ServerShared&) = delete;
  ~ServerShared();

  // The versions we serve, or null.
  const ApiRange* find_api(proto::ApiKey key) const;

  // Counts memory held for connections; giving back may wake readers that wait for room.
  void charge(size_t bytes) { buffered_bytes += bytes; }
  void release(size_t bytes);
  bool is_over_budget() const { return buffered_bytes > options.limits.max_buffered_bytes; }
  // Whether `reader` may read although the budget is used up: one connection in the middle of a
  // frame may, so that unfinished frames cannot block each other for ever.
  bool may_pass_budget(const ServerConnection* reader, bool in_frame);
  void end_pass(const ServerConnection* reader);
  // While somebody waits, connections that hold memory and do not move are closed.
  void wait_for_budget(std::weak_ptr<ServerConnection> reader);

  io::Loop& loop;
  RequestHandler& handler;
  const ServerOptions options;
  ServerStats stats;
  ConnectionGate gate;
  size_t buffered_bytes = 0;
  // Ids of the servers that one process has never meet: handlers keep state by them.
  static constexpr uint64_t kFirstInsideId = uint64_t{1} << 62U;
  uint64_t next_connection_id;
  std::map<uint64_t, std::shared_ptr<ServerConnection>> connections;
  io::TaskGroup tasks;
  LogLimiter refused_limiter{std::chrono::seconds(1)};

  // One gathered write in the making: small answers are copied into `out`, `gather` refers to it
  // and to the large ones. In use within one call only.
  static constexpr size_t kOutBytes = 64 * 1024;
  struct alignas(4096) OutBuffer {  // the kernel copies faster from aligned memory
    uint8_t bytes[kOutBytes];
  };
  std::unique_ptr<OutBuffer> out;
  SliceChain gather;

 private:
  void wake_waiting();
  void watch_stalled();
  void close_stalled();

  std::array<const ApiRange*, 128> api_by_key_{};
  std::vector<std::weak_ptr<ServerConnection>> waiting_for_budget_;  // oldest first
  const ServerConnection* passing_ = nullptr;
  io::TimerId stalled_timer_ = 0;
};

}  // namespace odradek::rpc
