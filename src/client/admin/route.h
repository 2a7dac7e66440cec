#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "cluster/cluster.h"
#include "odradek/admin_configs.h"
#include "odradek/types.h"

// Which broker answers for what.
namespace odradek::client {

enum class Route : uint8_t {
  kAnyBroker,
  kController,
  kLeader,                 // keys are partitions
  kGroupCoordinator,       // keys are groups
  kTransactionCoordinator, // keys are transactional ids
  kBroker,                 // keys say which
};

// One broker, by id, or whichever fits.
struct Place {
  enum class Kind : uint8_t { kAnyBroker, kController, kBroker };
  Kind kind = Kind::kAnyBroker;
  int32_t broker = -1;

  auto operator<=>(const Place&) const = default;
};

// Which errors leave a key open on this route; for leaders all that are retriable, else
// is_worth_repeating().
bool (*rule_of(Route route))(const Error&);

io::Task<Result<cluster::Cluster::Connection>> connect(cluster::Cluster& cluster, Place place,
                                                       MonotonicTime deadline);

io::Task<Result<Place>> find_leader(cluster::Cluster& cluster, kafka::TopicPartition id,
                                    MonotonicTime deadline);
io::Task<Result<Place>> find_coordinator(cluster::Cluster& cluster, Route route, std::string key,
                                         MonotonicTime deadline);
void forget_coordinator(cluster::Cluster& cluster, Route route, const std::string& key);

// For Route::kBroker: the broker a key names; -1 when any will do.
inline int32_t broker_of(std::same_as<int32_t> auto key) { return key; }
template <class Rest>
int32_t broker_of(const std::pair<int32_t, Rest>& key) {
  return key.first;
}
// A broker answers for its own configuration; anything else any broker knows.
int32_t broker_of(const kafka::Resource& resource);

// Where to ask about `key`. Errors: of the look-up; kServer for a partition without a leader.
template <class Key>
io::Task<Result<Place>> find_place(cluster::Cluster& cluster, Route route, Key key,
                                   MonotonicTime deadline) {
  switch (route) {
    case Route::kAnyBroker: co_return Place{};
    case Route::kController: co_return Place{.kind = Place::Kind::kController};
    case Route::kLeader:
      if constexpr (std::is_same_v<Key, kafka::TopicPartition>) {
        co_return co_await find_leader(cluster, std::move(key), deadline);
      }
      break;
    case Route::kGroupCoordinator:
    case Route::kTransactionCoordinator:
      if constexpr (std::is_same_v<Key, std::string>) {
        co_return co_await find_coordinator(cluster, route, std::move(key), deadline);
      }
      break;
    case Route::kBroker:
      if constexpr (requires { broker_of(key); }) {
        const int32_t broker = broker_of(key);
        if (broker < 0) co_return Place{};
        co_return Place{.kind = Place::Kind::kBroker, .broker = broker};
      }
      break;
  }
  co_return Error(Errc::kInternal, "no route");
}

// The answer about `key` was that another one knows.
template <class Key>
void forget_place(cluster::Cluster& cluster, Route route, const Key& key) {
  if constexpr (std::is_same_v<Key, std::string>) {
    if (route == Route::kGroupCoordinator || route == Route::kTransactionCoordinator) {
      forget_coordinator(cluster, route, key);
      return;
    }
  }
  cluster.expire_metadata();
}

}  // namespace odradek::client
