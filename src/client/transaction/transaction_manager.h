#pragma once

#include <optional>
#include <set>
#include <string>

#include "client/client_core.h"
#include "client/producer/sender.h"
#include "client/transaction/transaction_coordinator.h"

namespace odradek::client {

// What a transactional producer answers to records outside of a transaction.
kafka::KafkaError no_transaction();

struct TransactionOptions {
  std::string id;
  Duration timeout{};  // after which the coordinator aborts by itself
};

// The transactions of one producer, one after the other, on the loop: who we are, what takes part,
// how each ends. The records go through the Sender, which asks here what may be sent.
//   kNone -> init -> kReady -> begin -> kOpen -> commit -> kReady
//                                         |-> abort -> kReady   (also after a failure)
// A commit or abort that ran out of time stays kCommitting or kAborting, and may be repeated; any
// state -> kFinished when the producer is fenced or refused.
// Source: KIP-98, KIP-360, KIP-447, KIP-890; TransactionManager of the Java client 4.x.
class TransactionManager final : public SenderTransaction {
 public:
  // The sender and the accumulator outlive the manager's tasks.
  TransactionManager(kafka::ClientCore& core, Sender& sender, SharedAccumulator& shared,
                     TransactionOptions options);

  // Each ends by the deadline. Errors say what they mean for the transaction. begin() first
  // finishes an end that ran out of time.
  io::Task<kafka::Result<void>> init(MonotonicTime deadline);
  // The number of the new transaction, which the other operations name.
  io::Task<kafka::Result<uint64_t>> begin(MonotonicTime deadline);
  io::Task<kafka::Result<void>> send_offsets(uint64_t number, OffsetMap offsets,
                                             kafka::GroupMetadata member, MonotonicTime deadline);
  // `up_to`: the last record of the transaction, as the accumulator counts.
  io::Task<kafka::Result<void>> commit(uint64_t number, uint64_t up_to, MonotonicTime deadline);
  io::Task<kafka::Result<void>> abort(uint64_t number, MonotonicTime deadline);
  // The program let go of it: if still open, it can only be aborted. True then.
  bool let_go(uint64_t number);

  // Cancels what is under way; returns when no task runs any more.
  io::Task<void> stop();

  std::string_view id() const override { return options_.id; }
  bool is_v2() const override { return owner_.is_v2; }
  bool may_send(const std::string& topic, int32_t partition) override;
  void on_failure(const Error& error) override;

 private:
  enum class State : uint8_t { kNone, kReady, kOpen, kCommitting, kAborting, kFinished };

  // One operation at a time; later ones wait.
  class Turn;
  io::Task<kafka::Result<void>> take_turn(MonotonicTime deadline);
  void end_turn();

  io::Task<kafka::Result<void>> identify(MonotonicTime deadline);
  io::Task<kafka::Result<void>> drop_all(MonotonicTime deadline);
  io::Task<kafka::Result<void>> end(bool is_commit, MonotonicTime deadline);
  io::Task<kafka::Result<void>> wait_for_records(uint64_t up_to, MonotonicTime deadline);
  io::Task<kafka::Result<void>> wait_for_flights(MonotonicTime deadline);
  io::Task<void> add_wanted_partitions();
  // Acts on what a coordinator's error means, and gives its public form.
  kafka::KafkaError failed(const Error& error);
  void fail_transaction(kafka::KafkaError said, const Error& error);
  void finish(kafka::KafkaError said, const Error& error);
  kafka::KafkaError wrong_state(std::string_view what) const;
  bool is_in(State state, uint64_t number) const { return state_ == state && number == number_; }
  // What send() answers from now on; none: records are taken.
  void refuse_records(std::optional<kafka::KafkaError> why);

  io::Loop* loop_;
  cluster::Cluster* cluster_;
  Sender* sender_;
  SharedAccumulator* shared_;
  TransactionOptions options_;
  TransactionOwner owner_;
  State state_ = State::kNone;
  uint64_t number_ = 0;
  std::optional<kafka::KafkaError> failure_;  // why the open transaction has to be aborted
  std::optional<kafka::KafkaError> fatal_;
  bool is_started_ = false;  // the coordinator knows of the open transaction
  bool needs_identity_ = false;  // the epoch has to be raised before the next one
  std::set<kafka::TopicPartition> added_;
  std::set<kafka::TopicPartition> wanted_;  // to be added before records can be sent
  std::set<std::string> groups_;
  bool is_adding_ = false;
  bool is_busy_ = false;
  io::Event turn_over_;
  io::TaskGroup tasks_;
};

}  // namespace odradek::client
