#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "rpc/server.h"

namespace odradek::rpc {

// Counts connections and says who may come in: limits for the whole server, for a listener, for an
// address, and how many may come each second. Source: Kafka's ConnectionQuotas (SocketServer);
// unlike there, a connection above max.connections is closed and does not wait for another to end.
class ConnectionGate {
 public:
  // `limits` must outlive the gate.
  explicit ConnectionGate(const ServerLimits& limits) : limits_(limits) {}

  // Lets a connection in, or says which limit it is above. Each one let in must leave().
  std::optional<std::string_view> enter(const ListenerOptions& listener, std::string_view peer,
                                        MonotonicTime now);
  void leave(std::string_view listener, std::string_view peer);

  // How long the next connection of the listener has to wait because of the rate limits; counts
  // that connection as accepted.
  Duration pace(const ListenerOptions& listener, MonotonicTime now);

 private:
  // Room for one second's connections, which fills up again as time passes.
  struct Bucket {
    double used = 0;
    MonotonicTime at{};
    // Counts one more; how long it has to wait.
    Duration take(double per_second, MonotonicTime now);
    // Counts one more when there is room.
    bool try_take(double per_second, MonotonicTime now);
    void refill(double per_second, MonotonicTime now);
  };
  static constexpr size_t kAddressRatesMax = 10'000;
  bool is_too_fast(std::string_view address, MonotonicTime now);
  bool counts_addresses() const;

  const ServerLimits& limits_;
  size_t count_ = 0;
  std::map<std::string, size_t, std::less<>> by_listener_;
  std::map<std::string, size_t, std::less<>> by_address_;  // only while addresses are limited
  Bucket all_;
  std::map<std::string, Bucket, std::less<>> rates_;
  std::map<std::string, Bucket, std::less<>> address_rates_;
};

}  // namespace odradek::rpc
