#pragma once

#include <utility>
#include <vector>

#include "proxy/handlers/handler.h"
#include "proxy/leader_fan_out.h"

namespace odradek::proxy {

// Which connection a question takes: one that all clients share when it is answered at once, the
// client's own when it may wait at the broker.
enum class Via : uint8_t { kShared, kOwn };

inline io::Task<Result<Upstream::Connection>> leader_connection(Session& session, int32_t broker,
                                                                Via via, MonotonicTime deadline) {
  if (via == Via::kOwn) {
    co_return co_await session.upstream.connection(broker, Purpose::admin(), deadline);
  }
  co_return co_await session.context.cluster.connection(broker, kQueryLane, deadline);
}

// Asks the leader of each batch: `make(batch, arena)` builds the request, `take(batch, response)`
// reads the answer, `fail(batch, code)` when there is none; requests go in `version`, one after
// the other.
template <class Req, class Make, class Take, class Fail>
io::Task<Result<void>> ask_leaders(Session& session, const LeaderFanOut& fan_out, Via via,
                                   int16_t version, MonotonicTime deadline, Make make, Take take,
                                   Fail fail) {
  for (const LeaderFanOut::Batch& batch : fan_out.batches()) {
    Result<Upstream::Connection> connected =
        co_await leader_connection(session, batch.leader, via, deadline);
    if (connected) {
      Arena arena;
      const Req upstream = make(batch, arena);
      auto answer = co_await (*connected)->call(upstream, version, deadline);
      if (session.is_closed) co_return Errc::kClosed;
      if (answer) {
        take(batch, answer->message);
        continue;
      }
    }
    if (session.is_closed) co_return Errc::kClosed;
    // Retriable: the client looks up the leader again.
    session.context.cluster.expire_metadata();
    fail(batch, proto::ErrorCode::kNotLeaderOrFollower);
  }
  co_return Result<void>{};
}

// After an answer that says the partition is led elsewhere, the metadata is old.
inline void note_moved_leader(Session& session, int16_t code) {
  const proto::ErrorCode error = proto::error_code(code);
  if (error == proto::ErrorCode::kNotLeaderOrFollower ||
      error == proto::ErrorCode::kUnknownTopicOrPartition ||
      error == proto::ErrorCode::kFencedLeaderEpoch) {
    session.context.cluster.expire_metadata();
  }
}

// The topics of a request by name.
template <class Topics, class Name>
std::vector<TopicRef> refs_by_name(const Topics& topics, Name name) {
  std::vector<TopicRef> refs;
  for (const auto& topic : topics) refs.push_back({std::string(topic.*name), Uuid{}});
  return refs;
}

}  // namespace odradek::proxy
