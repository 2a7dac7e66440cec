#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "broker/security/quota_meter.h"
#include "broker/security/quota_store.h"

namespace odradek::rpc {
struct Request;
}

namespace odradek::broker {

// Keeps clients to their quotas: says how long a client has to be silent after its answer
// (KIP-219). Which quota counts is chosen as in Kafka: the user with its client id before the user,
// named before default, and those of client ids alone last; clients that share the entity share the
// quota. The process itself has none. Source: ClientQuotaManager, ClientRequestQuotaManager,
// ControllerMutationQuotaManager of Kafka 4. One loop.
class Quotas {
 public:
  explicit Quotas(QuotaWindow window) : window_(window) {}

  QuotaStore& store() { return store_; }
  const QuotaStore& store() const { return store_; }
  // Is there any quota of this kind? Asked on the hot path.
  bool limits(QuotaKey key) const { return store_.limits(key); }

  // Counts bytes or the share of request time in percent; gives the time to throttle.
  Duration record(QuotaKey key, const rpc::Request& client, double value, MonotonicTime now);
  // Takes back what was recorded for an answer that is not sent.
  void unrecord(QuotaKey key, const rpc::Request& client, double value, MonotonicTime now);
  // The most a client may get in one window; infinite without a quota.
  double most_in_window(QuotaKey key, const rpc::Request& client) const;

  // Partitions created or deleted. `strict`: refused (false) while there are debts; else counted
  // in any case. `throttle` grows to the time to wait.
  bool mutate(const rpc::Request& client, double partitions, bool strict, MonotonicTime now,
              Duration& throttle);

  // Connections an address may make each second; 0: as many as it wants.
  double connection_rate_of(std::string_view address) const;

  void clear();

 private:
  // Whose use is counted together, and how much they may use.
  struct Share {
    std::pair<std::string, std::string> who;  // user and client id, either may be empty
    double limit = 0;
  };
  struct Meter {
    RateMeter rate;
    TokenMeter tokens;
    MonotonicTime used_at{};
  };
  using Meters = std::map<std::pair<std::string, std::string>, Meter>;

  std::optional<Share> share_of(QuotaKey key, const rpc::Request& client) const;
  Meter& meter_of(QuotaKey key, const Share& share, MonotonicTime now);

  QuotaWindow window_;
  QuotaStore store_;
  std::array<Meters, kQuotaKeyCount> meters_;
};

}  // namespace odradek::broker
