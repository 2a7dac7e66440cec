#pragma once

#include <cstdint>
#include <memory>

#include "broker/fetch_read.h"
#include "broker/fetch_session.h"
#include "broker/fetch_wait.h"
#include "io/loop.h"
#include "rpc/request.h"

namespace odradek::broker {

class Node;

// One fetch request from its start to its answer: reads, waits while it is too little, answers.
// Owned by Fetches while it waits. Source: KIP-227; DelayedFetch of Kafka 4.
class PendingFetch final : public FetchWait {
 public:
  struct Options {
    FetchLimits limits;
    Duration wait_max{};
    std::shared_ptr<FetchSession> session;  // null: none
    bool incremental = false;               // the answer holds only what is new
    FetchSession::Partitions partitions;    // without a session
  };
  PendingFetch(Node& node, rpc::Request request, Options options);
  ~PendingFetch() override;

  // Reads and answers, or starts to wait and gives itself to the node's Fetches.
  static void start(std::unique_ptr<PendingFetch> fetch);
  // Something arrived: answers (true), or waits on.
  bool try_complete();
  // Answers with what there is.
  void complete();

  uint64_t connection_id() const { return request_.connection->id; }

 private:
  FetchSession::Partitions& partitions();
  bool is_enough(const FetchRead& read) const;
  void wait(const FetchRead& read);
  void answer(FetchRead& read);
  Duration throttle_for(size_t bytes);
  void answer_throttled(Duration throttle);

  Node& node_;
  rpc::Request request_;
  Options options_;
  int32_t session_epoch_ = 0;
  MonotonicTime begun_;
  bool waited_ = false;
  io::TimerId timer_ = 0;
};

}  // namespace odradek::broker
