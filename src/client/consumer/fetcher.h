#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/client_core.h"
#include "client/consumer/consumer_state.h"
#include "client/consumer/epoch_end.h"
#include "client/consumer/fetch_session.h"
#include "cluster/backoff.h"
#include "proto/messages/fetch_response.h"

namespace odradek::client {

// The loop's half of reading: finds out where partitions begin, keeps one long-polling fetch under
// way to each leader, and puts what comes into the ConsumerState. What is ahead of the program is
// bounded by prefetch_bytes. Everything happens in pump(): called when the assignment or a
// position changed, the program made room, an answer came, a timer fired. Client's loop.
class Fetcher {
 public:
  // `on_change` is called after chunks were put or positions found.
  Fetcher(kafka::ClientCore& core, ConsumerState& state, std::function<void()> on_change);
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  void pump();
  io::Task<void> stop();

 private:
  struct BrokerState {
    cluster::Cluster::Connection connection;
    FetchSession session;
    bool is_connecting = false;
    bool is_fetching = false;
  };
  // One partition of a fetch request.
  struct Wanted {
    kafka::TopicPartition id;
    Uuid topic_id;
    uint64_t epoch = 0;
    int64_t offset = 0;
    int32_t leader_epoch = -1;
    int32_t last_fetched_epoch = -1;
  };
  using Plan = std::map<int32_t, std::vector<Wanted>>;  // by broker
  struct Flight {
    int32_t broker_id = -1;
    int16_t version = 0;
    std::vector<Wanted> wanted;
  };

  // fetcher.cc: what to fetch
  Plan make_plan(MonotonicTime now);
  struct Limits {
    size_t bytes = 0;
    Duration wait{};
  };
  void fetch_from(int32_t broker_id, std::vector<Wanted> wanted);
  Limits next_limits();
  Result<SliceChain> encode_request(const std::vector<Wanted>& wanted, FetchSession& session,
                                    const Limits& limits, int16_t version) const;
  void ensure_connection(int32_t broker_id);
  io::Task<void> connect(int32_t broker_id);
  void need_metadata();
  void need_leaders();
  void update_metadata_when_due();
  io::Task<void> update_metadata();
  void report_topics(const cluster::Metadata& metadata, const std::set<std::string>& names);
  void wake_at(MonotonicTime when);

  // fetcher_answer.cc: what came
  void on_answer(Flight flight, Result<rpc::RawResponse> raw);
  void on_response(const Flight& flight, const Slice& frame, const proto::FetchResponse& response);
  bool leave_read_replica(const Wanted& wanted);
  void on_partition(const Wanted& wanted, const Slice& frame,
                    const proto::FetchResponse::PartitionData& data);
  void on_partition_error(const Wanted& wanted, proto::ErrorCode error);
  void on_out_of_range(const Wanted& wanted);
  void on_diverging(const Wanted& wanted, int32_t leader_epoch, int64_t end_offset);
  void land(const Flight& flight, const Error* failure);

  // position_finder.cc: where to begin
  // A partition without a position, as it was when somebody was asked about it.
  struct Pending {
    kafka::TopicPartition id;
    uint64_t epoch = 0;
    PositionNeed need = PositionNeed::kNothing;
    int32_t fetch_epoch = -1;
    int32_t leader_epoch = -1;  // of the leader, as we know it
  };
  // Each broker is asked by itself, so that one that does not answer holds up nobody else.
  enum class Question : uint8_t { kCommitted, kOffsets, kEpochEnds };
  struct Inquiry {
    bool is_under_way = false;
    MonotonicTime rests_until{};  // after a failure
  };
  using Inquiries = std::map<std::pair<Question, int32_t>, std::vector<Pending>>;  // by broker
  void ensure_positions();
  Inquiries open_questions();
  static Question question_of(PositionNeed need);
  void ask(Question question, int32_t broker_id, std::vector<Pending> items);
  void on_asked(Question question, int32_t broker_id, const Result<void>& outcome);
  io::Task<void> find_committed(std::vector<Pending> items);
  io::Task<void> find_by_time(int32_t broker_id, std::vector<Pending> items);
  void set_position(const Pending& item, int64_t offset, int32_t leader_epoch = -1);
  int64_t timestamp_of(PositionNeed need) const;
  void go_to_end(const Pending& item);
  void no_committed_offset(const Pending& item);
  AssignedPartition* find(const Pending& item)
      ODK_THREAD_ANNOTATION(requires_capability(state_->mutex));

  // truncation.cc: whether the log still has what was read
  static bool needs_check(AssignedPartition& entry, int32_t leader_epoch);
  io::Task<void> check_positions(int32_t broker_id, std::vector<Pending> items);
  void on_epoch_end(const EpochEnd& end, const Pending& item);
  bool truncate(AssignedPartition& entry, const EpochEnd& end, int32_t leader_epoch)
      ODK_THREAD_ANNOTATION(requires_capability(state_->mutex));
  void on_truncated(const EpochEnd& end, bool is_lost);

  kafka::ClientCore* core_;
  io::Loop* loop_;
  cluster::Cluster* cluster_;
  ConsumerState* state_;
  std::function<void()> on_change_;
  cluster::Lane lane_;
  io::TaskGroup tasks_;
  io::Event landed_;
  std::map<int32_t, BrokerState> brokers_;
  std::map<std::pair<Question, int32_t>, Inquiry> inquiries_;
  io::TimerId timer_ = 0;
  MonotonicTime timer_at_{};
  MonotonicTime next_metadata_check_{};
  cluster::Backoff metadata_backoff_;
  int vain_updates_ = 0;  // of metadata, since every partition had a leader
  bool is_leader_missing_ = false;
  Duration idle_wait_{};  // of fetches that leave out partitions with enough buffered
  size_t flights_ = 0;
  bool is_updating_metadata_ = false;
  bool is_stopped_ = false;
};

}  // namespace odradek::client
