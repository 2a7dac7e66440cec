#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

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
inline constexpr Place kAnyBroker{};
inline constexpr Place kController{.kind = Place::Kind::kController};

// Which errors leave a key open on this route; for leaders all that are retriable, else
// is_worth_repeating().
bool (*rule_of(Route route))(const Error&);

io::Task<Result<cluster::Cluster::Connection>> connect(cluster::Cluster& cluster, Place place,
                                                       MonotonicTime deadline);

// Makes sure that the metadata of the topics is known. When that takes too long for some of them,
// what is known of the others counts. Errors: of Cluster::metadata(), when nothing came.
io::Task<Result<void>> learn_leaders(cluster::Cluster& cluster, std::vector<std::string> topics,
                                     MonotonicTime deadline);
// As the metadata says. kServer for a partition without a leader.
Result<Place> leader_of(cluster::Cluster& cluster, const kafka::TopicPartition& id);
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

// For Route::kLeader: the partition a key is about.
// NOLINTNEXTLINE(bugprone-return-const-ref-from-parameter): keys outlive their question
inline const kafka::TopicPartition& partition_of(const kafka::TopicPartition& key) { return key; }
inline const kafka::TopicPartition& partition_of(
    const std::pair<kafka::TopicPartition, int64_t>& key) {
  return key.first;
}

// Whom to ask about `key` where that takes no look-up.
template <class Key>
Result<Place> known_place(Route route, const Key& key) {
  if (route == Route::kAnyBroker) return kAnyBroker;
  if (route == Route::kController) return kController;
  if constexpr (requires { broker_of(key); }) {
    if (route == Route::kBroker) {
      const int32_t broker = broker_of(key);
      if (broker < 0) return kAnyBroker;
      return Place{.kind = Place::Kind::kBroker, .broker = broker};
    }
  }
  return Error(Errc::kInternal, "no route");
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
