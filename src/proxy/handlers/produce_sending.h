#pragma once

#include <vector>

#include "proto/messages/produce_response.h"
#include "proxy/handlers/handler.h"
#include "proxy/produce_plan.h"

namespace odradek::proxy {

// A Produce request's way to the brokers and back.
struct ProduceSending {
  Session& session;
  ProducePlan& plan;
  int16_t version = 0;
  MonotonicTime deadline;
  std::vector<TopicRef> refs;

  // What the plan views until the response is written.
  std::vector<rpc::Decoded<proto::ProduceResponse>> answers{};
  std::vector<ResolvedTopics> metadata{};
};

// What becomes of batches whose connection breaks before the answer: stored or not, nobody knows.
enum class WhenLost : uint8_t {
  kClose,  // an error: the client is disconnected and sends again; brokers drop the repetition
  kRetry  // NOT_LEADER_OR_FOLLOWER after one more try, where the number of the batch is ours to
          // keep
};

// Sends what the plan has to send and waits for all answers; what moved to another leader is sent
// once more after a look at the metadata. Errors close the client's connection.
io::Task<Result<void>> send_produce(ProduceSending& sending, WhenLost when_lost);

// The same for acks=0.
io::Task<Result<void>> send_produce_without_answers(ProduceSending& sending);

// Numbers the transactional batches of the plan and sends them, one a physical partition at a time
// (txn_sequence.h). Afterwards each has its answer. Errors as send_produce().
io::Task<Result<void>> send_transactional(ProduceSending& sending);

}  // namespace odradek::proxy
