#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/ids.h"
#include "proto/error_code.h"
#include "proto/messages/fetch_request.h"

namespace odradek::broker {

// One partition of a fetch: what is asked for, and what the client was last told.
struct FetchPartition {
  std::string topic;  // up to v12; empty from v13 on
  Uuid topic_id;      // from v13 on
  int32_t partition = 0;
  int64_t fetch_offset = 0;
  int32_t max_bytes = 0;
  int32_t current_leader_epoch = -1;
  int32_t last_fetched_epoch = -1;
  int64_t told_high_watermark = -1;
  int64_t told_log_start = -1;
};

// A client's fetch session: the partitions it fetches, so that its requests need to name only
// what changed, and the answers hold only what is new. Source: KIP-227, FetchSession of Kafka 4.
class FetchSession {
 public:
  using Partitions = std::list<FetchPartition>;

  FetchSession(int32_t id, bool uses_topic_ids) : id_(id), uses_topic_ids_(uses_topic_ids) {}

  // Adds, changes and removes partitions as the request says.
  void update(const proto::FetchRequest& request);

  // In the order they are to be read. Those that gave data go to the end, so that one busy
  // partition does not starve the others.
  Partitions& partitions() { return partitions_; }
  void move_to_end(Partitions::iterator partition) {
    partitions_.splice(partitions_.end(), partitions_, partition);
  }
  size_t size() const { return partitions_.size(); }

  int32_t id() const { return id_; }
  int32_t next_epoch() const { return epoch_; }  // the epoch the next request must have
  void advance_epoch() { epoch_ = epoch_ == 2'147'483'647 ? 1 : epoch_ + 1; }
  bool uses_topic_ids() const { return uses_topic_ids_; }

 private:
  void put(const proto::FetchRequest::FetchTopic& topic,
           const proto::FetchRequest::FetchPartition& partition);

  int32_t id_;
  bool uses_topic_ids_;
  int32_t epoch_ = 1;
  Partitions partitions_;
  std::unordered_map<std::string, Partitions::iterator> by_key_;
};

// The partitions a request without a session names.
FetchSession::Partitions fetch_partitions(const proto::FetchRequest& request);

// The sessions of all clients, at most so many. A new one takes the place of one that was not
// used for two minutes, else of a smaller one, else there is none. One loop.
class FetchSessions {
 public:
  explicit FetchSessions(size_t sessions_max) : sessions_max_(sessions_max) {}

  struct Lookup {
    proto::ErrorCode error = proto::ErrorCode::kNone;
    std::shared_ptr<FetchSession> session;
  };
  // The session an incremental request goes on with, updated, its epoch advanced. Null without an
  // error: the request emptied and thereby ended it.
  Lookup resume(const proto::FetchRequest& request, int16_t version, MonotonicTime now);

  // A new session for a full request; null when there is no room.
  std::shared_ptr<FetchSession> create(const proto::FetchRequest& request, int16_t version,
                                       MonotonicTime now);
  void remove(int32_t session_id);
  void clear() { sessions_.clear(); }
  size_t size() const { return sessions_.size(); }

 private:
  struct Entry {
    std::shared_ptr<FetchSession> session;
    MonotonicTime last_used;
    MonotonicTime created;
  };
  bool make_room(size_t size, MonotonicTime now);

  size_t sessions_max_;
  std::map<int32_t, Entry> sessions_;
};

}  // namespace odradek::broker
