#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "base/log.h"
#include "proto/messages/describe_producers_request.h"
#include "proto/messages/describe_producers_response.h"
#include "proxy/handlers/leaders.h"
#include "proxy/handlers/produce_sending.h"

namespace odradek::proxy {
namespace {

using proto::DescribeProducersRequest;
using proto::ErrorCode;
using Verdict = TxnSequence::Verdict;

// The marker that ends a transaction is written after EndTxn was answered.
constexpr Duration kMarkerWaitMax = std::chrono::milliseconds(500);
constexpr Duration kMarkerWaitStep = std::chrono::milliseconds(20);
// A producer that was quiet for so long may have written through another instance meanwhile, and
// come back on the same connection.
constexpr Duration kUncheckedMax = std::chrono::milliseconds(100);
// How long the batch in doubt may keep others waiting before the transaction is given up.
constexpr Duration kDoubtMax = std::chrono::seconds(30);

// The batches of one request for one producer and physical partition, in the order they are sent.
struct Strand {
  TxnTable::Hold hold;
  TxnKey key;
  std::deque<size_t> waiting;
  std::optional<size_t> sent;
  int32_t sequence = -1;

  TxnSequence& numbers() const { return hold.entry().sequence; }
};

// Whether the broker says with this code that it did not append the batch. Other errors may come
// after the append: of a leader that lost its followers, or its place.
bool is_surely_refused(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCorruptMessage:
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kMessageTooLarge:
    case ErrorCode::kInvalidTopicException:
    case ErrorCode::kRecordListTooLarge:
    case ErrorCode::kNotEnoughReplicas:
    case ErrorCode::kInvalidRequiredAcks:
    case ErrorCode::kTopicAuthorizationFailed:
    case ErrorCode::kClusterAuthorizationFailed:
    case ErrorCode::kInvalidTimestamp:
    case ErrorCode::kUnsupportedForMessageFormat:
    case ErrorCode::kPolicyViolation:
    case ErrorCode::kOutOfOrderSequenceNumber:
    case ErrorCode::kInvalidProducerEpoch:
    case ErrorCode::kInvalidTxnState:
    case ErrorCode::kInvalidProducerIdMapping:
    case ErrorCode::kConcurrentTransactions:
    case ErrorCode::kTransactionalIdAuthorizationFailed:
    case ErrorCode::kUnknownProducerId:
    case ErrorCode::kUnsupportedCompressionType:
    case ErrorCode::kInvalidRecord:
    case ErrorCode::kProducerFenced:
    case ErrorCode::kUnknownTopicId:
    case ErrorCode::kTransactionAbortable:
    case ErrorCode::kThrottlingQuotaExceeded: return true;
    default: return false;
  }
}

// What the leader knows of the producer; an error when it could not be asked.
io::Task<Result<std::optional<ProducerTrace>>> ask_producer(Session& session, const TxnKey& key,
                                                            int32_t leader,
                                                            MonotonicTime deadline) {
  Result<Upstream::Connection> connected =
      co_await leader_connection(session, leader, Via::kShared, deadline);
  if (!connected) co_return connected.error();
  int32_t partitions[] = {key.partition};
  DescribeProducersRequest::TopicRequest topic;
  topic.name = key.topic;
  topic.partition_indexes = partitions;
  DescribeProducersRequest request;
  request.topics = {&topic, 1};
  const auto answer = co_await session.context.cluster.call(*connected, request, deadline);
  if (!answer) co_return answer.error();
  const auto& topics = answer->message.topics;
  if (topics.empty() || topics[0].partitions.empty()) co_return Errc::kMalformed;
  const auto& described = topics[0].partitions[0];
  if (described.error_code != 0) co_return Errc::kServer;
  for (const auto& producer : described.active_producers) {
    if (producer.producer_id != key.producer_id || producer.producer_epoch != key.epoch) continue;
    co_return ProducerTrace{.epoch = key.epoch,
                            .last_sequence = producer.last_sequence,
                            .is_open = producer.current_txn_start_offset >= 0};
  }
  co_return std::nullopt;
}

// Makes the strand's numbers fit the broker's. kNone, or the answer for all its batches.
io::Task<ErrorCode> recover(Session& session, Strand& strand, int32_t leader,
                            MonotonicTime deadline) {
  const MonotonicTime give_up = session.context.loop.now() + kMarkerWaitMax;
  while (true) {
    const auto trace = co_await ask_producer(session, strand.key, leader, deadline);
    if (!trace) {
      session.context.cluster.expire_metadata();
      co_return ErrorCode::kNotLeaderOrFollower;
    }
    if (strand.numbers().recover(*trace)) break;
    if (session.context.loop.now() >= give_up) {
      ++session.context.stats.transaction_states_lost;
      ODK_LOG(warn, "open transaction not known here", kv("topic", strand.key.topic),
              kv("partition", strand.key.partition), kv("producer", strand.key.producer_id));
      co_return ErrorCode::kTransactionAbortable;
    }
    const Result<void> slept = co_await io::sleep(session.context.loop, kMarkerWaitStep);
    if (!slept) co_return ErrorCode::kNotLeaderOrFollower;
  }
  co_return ErrorCode{};
}

// Answers what is left of the strand. Where the client may send it again, nothing of its virtual
// partitions may come before it.
void refuse_rest(ProducePlan& plan, Strand& strand, ErrorCode code) {
  for (const size_t entry : strand.waiting) {
    plan.refuse(entry, code);
    if (code != ErrorCode::kTransactionAbortable) {
      strand.numbers().skipped(plan.transactional(entry).batch);
    }
  }
  strand.waiting.clear();
}

// The batch in doubt comes before the others, whatever their order in the request.
void bring_forward_pending(const ProducePlan& plan, Strand& strand) {
  const auto pending = std::ranges::find_if(strand.waiting, [&](size_t entry) {
    return strand.numbers().is_pending(plan.transactional(entry).batch);
  });
  if (pending == strand.waiting.end()) return;
  const size_t entry = *pending;
  strand.waiting.erase(pending);
  strand.waiting.push_front(entry);
}

// Numbers the strand's next batch, or answers all that is left of it.
io::Task<void> number_next(ProduceSending& sending, Strand& strand) {
  Session& session = sending.session;
  ProducePlan& plan = sending.plan;
  bring_forward_pending(plan, strand);
  const size_t entry = strand.waiting.front();
  const TxnSequence::Batch& batch = plan.transactional(entry).batch;
  TxnSequence& numbers = strand.numbers();
  if (std::exchange(strand.hold.entry().session, session.id) != session.id) {
    numbers.begin_connection();
  }
  // Numbers that another instance went on with would be taken for repetitions, and be lost.
  const bool was_idle = std::exchange(strand.hold.entry().idle_for, Duration(0)) > kUncheckedMax;
  if (was_idle) numbers.check_again();
  const bool is_blocked = numbers.is_in_doubt() && !numbers.is_pending(batch);
  if (!numbers.is_known() || is_blocked) {
    const ErrorCode code =
        co_await recover(session, strand, plan.leader_of(entry), sending.deadline);
    if (code != ErrorCode{}) co_return refuse_rest(plan, strand, code);
  }
  const TxnSequence::Decision decision = numbers.place(batch);
  if (decision.verdict == Verdict::kOutOfOrder) {
    co_return refuse_rest(plan, strand, ErrorCode::kOutOfOrderSequenceNumber);
  }
  if (decision.verdict == Verdict::kInDoubt) {
    const bool is_given_up = session.context.loop.now() - numbers.in_doubt_since() > kDoubtMax;
    if (is_given_up) numbers.forget();
    co_return refuse_rest(
        plan, strand,
        is_given_up ? ErrorCode::kTransactionAbortable : ErrorCode::kNotLeaderOrFollower);
  }
  strand.waiting.pop_front();
  strand.sent = entry;
  strand.sequence = decision.sequence;
  numbers.sending(batch, decision.sequence, session.context.loop.now());
  plan.set_sequence(entry, decision.sequence);
}

void take_outcome(ProduceSending& sending, Strand& strand) {
  if (!strand.sent) return;
  const size_t entry = *std::exchange(strand.sent, std::nullopt);
  ProducePlan& plan = sending.plan;
  const TxnSequence::Batch& batch = plan.transactional(entry).batch;
  const ErrorCode code = plan.code_of(entry);
  if (code == ErrorCode{}) {
    strand.numbers().stored(batch, strand.sequence);
    sending.session.context.transactions.drop_earlier_epochs(strand.key);
    return;
  }
  if (is_surely_refused(code)) strand.numbers().refused(batch);
  if (code == ErrorCode::kOutOfOrderSequenceNumber) {
    // The number was ours: the client has done nothing wrong, and can only begin anew.
    strand.numbers().forget();
    ++sending.session.context.stats.transaction_states_lost;
    plan.refuse(entry, ErrorCode::kTransactionAbortable);
  }
  refuse_rest(plan, strand, plan.code_of(entry));
}

// Marks in attributes are lost in topics whose settings make the broker write batches anew.
io::Task<void> refuse_unmarkable(ProduceSending& sending) {
  for (const size_t entry : sending.plan.transactional_entries()) {
    const ProducePlan::Transactional& txn = sending.plan.transactional(entry);
    if (txn.group == GroupIndex(0)) continue;
    const auto policy =
        co_await sending.session.context.policies.keeps_marks(txn.key.topic, sending.deadline);
    if (policy && policy->keeps_marks) continue;
    if (!policy) {
      sending.plan.refuse(entry, ErrorCode::kNotLeaderOrFollower);
    } else {
      sending.plan.refuse(entry, ErrorCode::kPolicyViolation,
                          "transactions on this virtual partition need a topic with "
                          "message.timestamp.type=CreateTime, compression.type=producer and "
                          "cleanup.policy=delete, but " +
                              policy->why);
    }
  }
}

io::Task<Result<std::vector<Strand>>> take_strands(ProduceSending& sending) {
  std::map<TxnKey, std::deque<size_t>> by_key;
  for (const size_t entry : sending.plan.transactional_entries()) {
    by_key[sending.plan.transactional(entry).key].push_back(entry);
  }
  std::vector<Strand> strands;
  for (auto& [key, entries] : by_key) {
    auto hold = co_await sending.session.context.transactions.acquire(key, sending.deadline);
    if (!hold) co_return hold.error();
    strands.push_back({*std::move(hold), key, std::move(entries), std::nullopt, -1});
  }
  co_return strands;
}

}  // namespace

io::Task<Result<void>> send_transactional(ProduceSending& sending) {
  if (!sending.plan.has_transactional()) co_return Result<void>{};
  co_await refuse_unmarkable(sending);
  Result<std::vector<Strand>> taken = co_await take_strands(sending);
  if (!taken) co_return taken.error();
  std::vector<Strand>& strands = *taken;
  const auto has_waiting = [](const Strand& strand) { return !strand.waiting.empty(); };
  while (std::ranges::any_of(strands, has_waiting)) {
    for (Strand& strand : strands) {
      if (!strand.waiting.empty()) co_await number_next(sending, strand);
    }
    const Result<void> sent = co_await send_produce(sending, WhenLost::kRetry);
    if (!sent) co_return sent.error();
    for (Strand& strand : strands) take_outcome(sending, strand);
  }
  co_return Result<void>{};
}

}  // namespace odradek::proxy
