#include "client/transaction/transaction_manager.h"

#include <utility>

#include "client/error_map.h"
#include "client/transaction/transaction_errors.h"
#include "proto/error_code.h"

namespace odradek::client {
namespace {

using Outcome = kafka::Result<void>;

// A record's error that tells that the producer itself is refused; any other fails only the
// transaction. A fenced producer learns it from the coordinator, when it aborts.
bool is_fatal_for_producer(const Error& error) {
  switch (error.code()) {
    case Errc::kAuthentication:
    case Errc::kUnsupported:
    case Errc::kClosed: return true;
    case Errc::kServer: break;
    default: return false;
  }
  const proto::ErrorCode code = proto::error_code(error.server_code());
  return code == proto::ErrorCode::kProducerFenced ||
         code == proto::ErrorCode::kClusterAuthorizationFailed ||
         code == proto::ErrorCode::kTransactionalIdAuthorizationFailed;
}

}  // namespace

TransactionManager::TransactionManager(kafka::ClientCore& core, Sender& sender,
                                       SharedAccumulator& shared, TransactionOptions options)
    : loop_(&core.loop()),
      cluster_(&core.cluster()),
      sender_(&sender),
      shared_(&shared),
      options_(std::move(options)),
      turn_over_(core.loop()),
      tasks_(core.loop()) {
  owner_.id = options_.id;
  sender.attach(*this);
}

kafka::KafkaError no_transaction() { return {kafka::ErrorKind::state, "no transaction is open"}; }

// --- one operation at a time

// Ends the turn with the operation.
class TransactionManager::Turn {
 public:
  explicit Turn(TransactionManager& manager) : manager_(&manager) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { manager_->end_turn(); }

 private:
  TransactionManager* manager_;
};

io::Task<Outcome> TransactionManager::take_turn(MonotonicTime deadline) {
  while (is_busy_) {
    const Result<void> woken = co_await turn_over_.wait(deadline);
    if (!woken) co_return to_public(woken.error());
  }
  if (fatal_) co_return *fatal_;
  is_busy_ = true;
  co_return Outcome{};
}

void TransactionManager::end_turn() {
  is_busy_ = false;
  turn_over_.notify_all();
}

// --- begin

io::Task<Outcome> TransactionManager::init(MonotonicTime deadline) {
  const Outcome taken = co_await take_turn(deadline);
  if (!taken) co_return taken.error();
  const Turn turn(*this);
  if (state_ != State::kNone) co_return Outcome{};
  co_return co_await identify(deadline);
}

io::Task<kafka::Result<uint64_t>> TransactionManager::begin(MonotonicTime deadline) {
  const Outcome taken = co_await take_turn(deadline);
  if (!taken) co_return taken.error();
  const Turn turn(*this);
  if (state_ == State::kOpen) co_return wrong_state("begin");
  if (state_ == State::kCommitting || state_ == State::kAborting) {
    const bool is_commit = state_ == State::kCommitting;
    const Outcome ended = is_commit ? co_await end(true, deadline) : co_await drop_all(deadline);
    if (!ended) co_return ended.error();
  }
  if (state_ == State::kNone || needs_identity_) {
    const Outcome identified = co_await identify(deadline);
    if (!identified) co_return identified.error();
  }
  failure_.reset();
  is_started_ = false;
  added_.clear();
  groups_.clear();
  state_ = State::kOpen;
  refuse_records(std::nullopt);
  co_return ++number_;
}

io::Task<Outcome> TransactionManager::identify(MonotonicTime deadline) {
  auto initialized = co_await init_producer(*cluster_, owner_, options_.timeout, deadline);
  if (!initialized) co_return failed(initialized.error());
  owner_.producer = initialized->producer;
  owner_.is_v2 = initialized->is_v2;
  needs_identity_ = false;
  sender_->set_identity(owner_.producer);
  state_ = State::kReady;
  co_return Outcome{};
}

// --- records

bool TransactionManager::may_send(const std::string& topic, int32_t partition) {
  if (failure_ || fatal_) return false;
  if (state_ != State::kOpen && state_ != State::kCommitting) return false;
  if (owner_.is_v2) {
    is_started_ = true;
    return true;
  }
  kafka::TopicPartition id{topic, partition};
  if (added_.contains(id)) return true;
  wanted_.insert(std::move(id));
  if (!is_adding_) {
    is_adding_ = true;
    tasks_.spawn(add_wanted_partitions());
  }
  return false;
}

io::Task<void> TransactionManager::add_wanted_partitions() {
  while (!wanted_.empty() && !failure_ && !fatal_) {
    const std::set<kafka::TopicPartition> wanted = std::exchange(wanted_, {});
    is_started_ = true;  // also when the answer is lost
    const Result<void> added =
        co_await add_partitions(*cluster_, owner_, {wanted.begin(), wanted.end()},
                                loop_->now() + cluster_->options().request_timeout);
    if (added) {
      added_.insert(wanted.begin(), wanted.end());
    } else if (judge_transaction_error(added.error()) == TransactionVerdict::kUndecided) {
      wanted_.insert(wanted.begin(), wanted.end());
    } else {
      fail_transaction(failed(added.error()), added.error());
    }
  }
  is_adding_ = false;
  turn_over_.notify_all();
  sender_->pump();
}

void TransactionManager::on_failure(const Error& error) {
  if (state_ != State::kOpen || failure_) return;
  if (is_fatal_for_producer(error)) {
    finish(to_public(error).as_fatal(), error);
  } else {
    fail_transaction(to_public(error), error);
  }
}

void TransactionManager::fail_transaction(kafka::KafkaError said, const Error& error) {
  if (state_ != State::kOpen || failure_) return;
  failure_ = std::move(said).as_abortable();
  refuse_records(failure_);
  wanted_.clear();
  sender_->drop_unsent(error.with_context("the transaction has failed"));
}

io::Task<Outcome> TransactionManager::send_offsets(uint64_t number, OffsetMap offsets,
                                                   kafka::GroupMetadata member,
                                                   MonotonicTime deadline) {
  const Outcome taken = co_await take_turn(deadline);
  if (!taken) co_return taken.error();
  const Turn turn(*this);
  if (!is_in(State::kOpen, number)) co_return wrong_state("send_offsets");
  if (failure_) co_return *failure_;
  if (offsets.empty()) co_return Outcome{};
  is_started_ = true;
  if (!owner_.is_v2 && !groups_.contains(member.group)) {
    const Result<void> added = co_await add_group(*cluster_, owner_, member.group, deadline);
    if (!added) co_return failed(added.error());
    groups_.insert(member.group);
  }
  const Result<void> committed = co_await commit_in_transaction(
      *cluster_, owner_, std::move(member), std::move(offsets), deadline);
  if (!committed) co_return failed(committed.error());
  co_return Outcome{};
}

// --- the end

io::Task<Outcome> TransactionManager::commit(uint64_t number, uint64_t up_to,
                                             MonotonicTime deadline) {
  const Outcome taken = co_await take_turn(deadline);
  if (!taken) co_return taken.error();
  const Turn turn(*this);
  if (!is_in(State::kOpen, number) && !is_in(State::kCommitting, number)) {
    co_return wrong_state("commit");
  }
  if (state_ == State::kOpen) {
    const Outcome delivered = co_await wait_for_records(up_to, deadline);
    if (fatal_) co_return *fatal_;
    if (failure_) co_return *failure_;
    if (!delivered) co_return delivered.error();
  }
  co_return co_await end(true, deadline);
}

io::Task<Outcome> TransactionManager::abort(uint64_t number, MonotonicTime deadline) {
  const Outcome taken = co_await take_turn(deadline);
  if (!taken) co_return taken.error();
  const Turn turn(*this);
  if (!is_in(State::kOpen, number) && !is_in(State::kAborting, number)) {
    co_return wrong_state("abort");
  }
  co_return co_await drop_all(deadline);
}

bool TransactionManager::let_go(uint64_t number) {
  if (!is_in(State::kOpen, number)) return false;
  state_ = State::kAborting;
  refuse_records(no_transaction());
  return true;
}

io::Task<Outcome> TransactionManager::drop_all(MonotonicTime deadline) {
  state_ = State::kAborting;
  refuse_records(no_transaction());
  wanted_.clear();
  sender_->drop_unsent(Error(Errc::kCancelled, "the transaction was aborted"));
  const Outcome landed = co_await wait_for_flights(deadline);
  if (!landed) co_return landed.error();
  co_return co_await end(false, deadline);
}

// Tells the coordinator, when it knows of the transaction.
io::Task<Outcome> TransactionManager::end(bool is_commit, MonotonicTime deadline) {
  state_ = is_commit ? State::kCommitting : State::kAborting;
  bool is_epoch_new = false;
  if (is_started_) {
    auto ended = co_await end_transaction(*cluster_, owner_, is_commit, deadline);
    if (ended) {
      is_epoch_new = owner_.is_v2;
      owner_.producer = *ended;
    } else if (!is_commit &&
               judge_transaction_error(ended.error()) == TransactionVerdict::kAbortable) {
      // Nothing of it is left with the coordinator, or a new identity ends it.
      owner_.producer = {};
      needs_identity_ = true;
    } else {
      co_return failed(ended.error());
    }
  }
  const bool has_lost_numbers = sender_->stop_dropping();
  if ((has_lost_numbers || failure_) && !is_epoch_new) needs_identity_ = true;
  if (!needs_identity_) sender_->set_identity(owner_.producer);
  state_ = State::kReady;
  refuse_records(no_transaction());
  co_return Outcome{};
}

io::Task<Outcome> TransactionManager::wait_for_records(uint64_t up_to, MonotonicTime deadline) {
  // Shared with the flush, which may outlast this task.
  struct Waiting {
    explicit Waiting(io::Loop& loop) : done(loop) {}
    io::Event done;
    std::optional<Outcome> outcome;
  };
  const auto waiting = std::make_shared<Waiting>(*loop_);
  Promise<void> promise;
  promise.op().then([waiting](Outcome flushed) {
    waiting->outcome = std::move(flushed);
    waiting->done.notify_all();
  });
  {
    const MutexLock lock(shared_->mutex);
    if (shared_->accumulator.is_done_up_to(up_to)) co_return Outcome{};
    shared_->flushes.push_back(
        {.up_to = up_to, .deadline = deadline, .promise = std::move(promise)});
  }
  sender_->pump();
  while (!waiting->outcome) {
    const Result<void> woken = co_await waiting->done.wait();
    if (!woken) co_return to_public(woken.error());
  }
  co_return *waiting->outcome;
}

io::Task<Outcome> TransactionManager::wait_for_flights(MonotonicTime deadline) {
  while (sender_->has_flights()) {
    const Result<void> landed = co_await sender_->landed().wait(deadline);
    if (!landed) co_return to_public(landed.error());
  }
  while (is_adding_) {
    const Result<void> added = co_await turn_over_.wait(deadline);
    if (!added) co_return to_public(added.error());
  }
  co_return Outcome{};
}

io::Task<void> TransactionManager::stop() {
  tasks_.cancel();
  co_await tasks_.join();
}

// --- bookkeeping

kafka::KafkaError TransactionManager::failed(const Error& error) {
  kafka::KafkaError said = transaction_error(error);
  if (said.is_fatal()) {
    finish(said, error);
  } else if (said.is_abortable()) {
    if (state_ == State::kCommitting) state_ = State::kOpen;  // not committed: abort() may follow
    fail_transaction(said, error);
  }
  return said;
}

void TransactionManager::finish(kafka::KafkaError said, const Error& error) {
  if (state_ == State::kFinished) return;
  state_ = State::kFinished;
  fatal_ = std::move(said);
  wanted_.clear();
  refuse_records(fatal_);
  sender_->give_up(error);
}

kafka::KafkaError TransactionManager::wrong_state(std::string_view what) const {
  std::string reason(what);
  switch (state_) {
    case State::kNone:
    case State::kReady:
    case State::kFinished: reason += ": no transaction is open"; break;
    case State::kOpen: reason += ": another transaction is open"; break;
    case State::kCommitting: reason += ": a commit is not finished, repeat it"; break;
    case State::kAborting: reason += ": an abort is not finished, repeat it"; break;
  }
  return {kafka::ErrorKind::state, std::move(reason)};
}

void TransactionManager::refuse_records(std::optional<kafka::KafkaError> why) {
  const MutexLock lock(shared_->mutex);
  shared_->transaction_refusal = std::move(why);
  shared_->room.notify_all();
}

}  // namespace odradek::client
