#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/gather.h"
#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// How long to look for a group's coordinator before the client is told that there is none.
inline constexpr Duration kCoordinatorSearchMax = std::chrono::seconds(5);

// Questions of one request that are under way together.
inline constexpr size_t kAskedAtOnce = 256;

// True for answers that mean the coordinator is elsewhere by now.
inline bool is_moved_coordinator(int16_t code) {
  const proto::ErrorCode error = proto::error_code(code);
  return error == proto::ErrorCode::kNotCoordinator ||
         error == proto::ErrorCode::kCoordinatorNotAvailable;
}

using cluster::CoordinatorType;

// This client's connection to the coordinator of a group or a transactional id.
io::Task<Result<Upstream::Connection>> coordinator_of(
    Session& session, std::string key, MonotonicTime deadline,
    CoordinatorType type = CoordinatorType::kGroup);

// Looks the coordinator up anew next time.
void forget_coordinator(Session& session, std::string_view key,
                        CoordinatorType type = CoordinatorType::kGroup);

// One question to the coordinator of one group or transactional id.
template <class Req>
struct GroupQuestion {
  std::string group;
  Req request;
  CoordinatorType type = CoordinatorType::kGroup;
};

template <class Req>
using GroupAnswer = Result<rpc::Decoded<proto::ResponseOf<Req>>>;

// Asks all questions, each at its coordinator, at the same time. Those for which
// `has_moved(answer)` or whose connection broke are asked a second time after a fresh look-up. At
// most `version_max`. The questions outlive the call.
template <class Req, class HasMoved>
io::Task<std::vector<GroupAnswer<Req>>> ask_coordinators(
    Session& session, const std::vector<GroupQuestion<Req>>& questions, int16_t version_max,
    HasMoved has_moved, MonotonicTime deadline);

template <class Req, class HasMoved>
io::Task<GroupAnswer<Req>> ask_coordinator(Session& session, std::string group, Req request,
                                           int16_t version_max, HasMoved has_moved,
                                           MonotonicTime deadline,
                                           CoordinatorType type = CoordinatorType::kGroup);

// A request of a group member or a transactional producer, passed on as it came: its answer goes
// to the client as it comes. Without a coordinator the client gets COORDINATOR_NOT_AVAILABLE.
template <class Req>
io::Task<Result<void>> pass_to_coordinator(Session& session, rpc::Request& request, std::string key,
                                           MonotonicTime deadline,
                                           CoordinatorType type = CoordinatorType::kGroup);

}  // namespace odradek::proxy

#include "proxy/handlers/coordinator_inl.h"
