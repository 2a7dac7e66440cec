#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cluster/cluster.h"
#include "proto/error_code.h"
#include "proto/messages/find_coordinator_response.h"

namespace odradek::cluster {

// FindCoordinator asks for a list of keys since this version (KIP-699).
inline constexpr int16_t kFirstBatchedFindCoordinator = 4;

// Where a FindCoordinator answer says a coordinator is. The views live as the response does.
struct CoordinatorAnswer {
  proto::ErrorCode error{};
  std::string_view message;
  int32_t broker_id = -1;
  std::string_view host;
  int32_t port = 0;
};

// Reads one key's answer in either layout: fields of the response before version 4, a list since.
// kMalformed when the list lacks the key. Source: FindCoordinatorResponse.json, KIP-699.
Result<CoordinatorAnswer> coordinator_answer(const proto::FindCoordinatorResponse& response,
                                             int16_t version, std::string_view key);

// The coordinators found so far. One loop.
class CoordinatorCache {
 public:
  std::optional<int32_t> find(CoordinatorType type, std::string_view key) const;
  void put(CoordinatorType type, std::string_view key, int32_t broker_id);
  void forget(CoordinatorType type, std::string_view key);
  void forget_all() { brokers_.clear(); }

 private:
  // Groups come and go in long-lived programs: beyond this the cache starts anew.
  static constexpr size_t kEntriesMax = 10'000;

  std::map<std::pair<CoordinatorType, std::string>, int32_t> brokers_;
};

}  // namespace odradek::cluster
