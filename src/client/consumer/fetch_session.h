#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/ids.h"
#include "odradek/types.h"
#include "proto/error_code.h"

namespace odradek::client {

// What a broker remembers of our fetches, so that a request names only what changed (KIP-227). One
// for each broker. No I/O. Source: FetchSessionHandler of the Java client.
class FetchSession {
 public:
  // What a request says of a partition; one that is unchanged need not be said again.
  struct Part {
    int64_t offset = 0;
    int32_t leader_epoch = -1;
    int32_t last_fetched_epoch = -1;
    Uuid topic_id{};  // zero where topics go by name

    bool operator==(const Part&) const = default;
  };
  using Parts = std::map<kafka::TopicPartition, Part>;

  struct Request {
    int32_t session_id = 0;
    int32_t session_epoch = 0;
    std::vector<kafka::TopicPartition> named;      // to be fetched, and said
    std::vector<kafka::TopicPartition> forgotten;  // in the session, not wanted now
  };
  // The next request, which wants exactly `wanted`.
  Request next(Parts wanted);

  // The broker answered; `session_id` is 0 where it keeps no session.
  void on_answer(int32_t session_id);
  // The whole answer was an error. True when asking again at once, with everything, helps.
  bool on_error(proto::ErrorCode code);
  // No answer came: what the broker remembers is not known.
  void on_loss();

 private:
  static constexpr int32_t kFull = 0;  // epoch of a request that names everything

  int32_t id_ = 0;
  int32_t epoch_ = kFull;  // of the next request
  Parts known_;

  bool has_new_topic(const Parts& wanted) const;
};

}  // namespace odradek::client
