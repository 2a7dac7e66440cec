#include "broker/txn_service.h"

#include <array>

#include "base/log.h"
#include "broker/append_code.h"
#include "broker/flusher.h"
#include "broker/node.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;

// Source: TransactionStateManager.appendTransactionToLog of Kafka 4.
ErrorCode code_for_clients(ErrorCode stored) {
  switch (stored) {
    case ErrorCode::kNone: return ErrorCode::kNone;
    case ErrorCode::kCoordinatorNotAvailable: return ErrorCode::kCoordinatorNotAvailable;
    case ErrorCode::kKafkaStorageError: return ErrorCode::kNotCoordinator;
    default: return ErrorCode::kUnknownServerError;
  }
}

// What a producer is told in place of the coordinator's own code.
ErrorCode code_for_writers(ErrorCode error, TxnJoin how) {
  switch (error) {
    case ErrorCode::kProducerFenced: return ErrorCode::kInvalidProducerEpoch;
    case ErrorCode::kTransactionAbortable:
      return how == TxnJoin::kVerifyOld ? ErrorCode::kInvalidTxnState : error;
    case ErrorCode::kConcurrentTransactions:
      return how == TxnJoin::kAdd ? error : ErrorCode::kNotEnoughReplicas;
    case ErrorCode::kCoordinatorNotAvailable:
    case ErrorCode::kNotCoordinator: return ErrorCode::kNotEnoughReplicas;
    default: return error;
  }
}

class Replay final : public StateReader {
 public:
  explicit Replay(TxnCoordinator& coordinator) : coordinator_(coordinator) {}
  Result<void> on_record(int32_t /*partition*/, StateProducer /*producer*/,
                         const wire::RecordView& record) override {
    return coordinator_.replay(record);
  }

 private:
  TxnCoordinator& coordinator_;
};

}  // namespace

TxnConfig txn_config(const Settings& settings) {
  TxnConfig config;
  config.timeout_max_ms = static_cast<int32_t>(settings.get_long("transaction.max.timeout.ms"));
  config.id_expiration_ms = settings.get_long("transactional.id.expiration.ms");
  return config;
}

TxnService::TxnService(Node& node, const TxnConfig& config)
    : node_(node), coordinator_(*this, config) {}

TxnService::~TxnService() {
  if (timer_ != 0) node_.loop().cancel(timer_);
}

TxnCoordinator::Now TxnService::now() const { return {node_.loop().now(), node_.wall_ms()}; }

TxnCoordinator::Answer TxnService::init(const TxnProducer& producer, int32_t timeout_ms) {
  const TxnCoordinator::Answer answer = coordinator_.init(producer, timeout_ms, now());
  arm();
  return answer;
}

ErrorCode TxnService::add(const TxnProducer& producer, std::span<const TxnPartition> partitions,
                          int16_t client_version) {
  const ErrorCode error = coordinator_.add(producer, partitions, client_version, now());
  arm();
  return error;
}

TxnCoordinator::Answer TxnService::end(const TxnProducer& producer, bool commit,
                                       int16_t client_version) {
  const TxnCoordinator::Answer answer = coordinator_.end(producer, commit, client_version, now());
  arm();
  return answer;
}

ErrorCode TxnService::join(const TxnProducer& producer, const TxnPartition& partition,
                           const log::PartitionLog& log, TxnJoin how, log::TxnProof& proof) {
  if (log.producers().has_open_txn(producer.producer_id, producer.epoch)) return ErrorCode::kNone;
  if (how != TxnJoin::kAdd &&
      !node_.settings().get_bool("transaction.partition.verification.enable")) {
    proof = log::TxnProof::kVerified;
    return ErrorCode::kNone;
  }
  const ErrorCode error = how == TxnJoin::kAdd ? add(producer, {&partition, 1}, kEpochPerTxn)
                                               : coordinator_.verify(producer, partition);
  if (error != ErrorCode::kNone) return code_for_writers(error, how);
  proof = how == TxnJoin::kAdd ? log::TxnProof::kAddedImplicitly : log::TxnProof::kVerified;
  return ErrorCode::kNone;
}

ErrorCode TxnService::write_marker(const TxnPartition& partition, const log::TxnMarker& marker) {
  const Topic* topic = node_.topics().find(partition.topic);
  Partition* target = topic == nullptr ? nullptr : topic->partition(partition.partition);
  if (target == nullptr) return ErrorCode::kUnknownTopicOrPartition;
  const log::AppendOutcome outcome = target->log.append_marker(marker, node_.wall_ms());
  if (!outcome.error.ok()) {
    ODK_LOG(warn, "the end of a transaction was not written", kv("topic", partition.topic),
            kv("partition", partition.partition), kv("producer_id", marker.producer_id),
            kv("error", outcome.error.message));
    return code_of(outcome.error.fault);
  }
  markers_are_safe_ = false;
  if (partition.topic == kOffsetsTopic) {
    node_.groups().groups().end_transaction(partition.partition, marker.producer_id,
                                            marker.end.committed);
  }
  // More than the marker can be read now: all that it decides.
  target->waiters.wake_all(node_.fetches().ready());
  node_.records_appended(*target, outcome.bytes);
  return ErrorCode::kNone;
}

Result<void> TxnService::load() {
  Replay reader(coordinator_);
  ODK_TRY_VOID(node_.transactions_log().replay(reader));
  coordinator_.resume(now());
  arm();
  return {};
}

void TxnService::clear() {
  coordinator_.clear();
  arm();
}

Result<int64_t> TxnService::new_producer_id() { return node_.next_producer_id(); }

// A decision is safe before its markers are written, and they before the end of the transaction
// is: else a crash of the machine could leave half of them.
ErrorCode TxnService::write_state(std::string_view id, Bytes key, Bytes value) {
  const auto flush = [this]() {
    const bool safe = node_.flusher() == nullptr || node_.flusher()->flush_here().has_value();
    return safe ? ErrorCode::kNone : ErrorCode::kNotCoordinator;
  };
  if (!markers_are_safe_) {
    const ErrorCode error = flush();
    if (error != ErrorCode::kNone) return error;
    markers_are_safe_ = true;
  }
  const std::array records{StateRecord{key, value}};
  const ErrorCode error = code_for_clients(node_.transactions_log().append(id, records));
  return error == ErrorCode::kNone ? flush() : error;
}

int32_t TxnService::coordinator_epoch(std::string_view id) {
  const StateLog& log = node_.transactions_log();
  const Topic* topic = node_.topics().find(log.topic());
  return topic == nullptr ? 0 : topic->partition(log.partition_of(id))->log.leader_epoch();
}

void TxnService::arm() {
  const std::optional<MonotonicTime> wake = coordinator_.wake_at();
  if (timer_ != 0 && wake && timer_at_ == *wake) return;
  if (timer_ != 0) node_.loop().cancel(timer_);
  timer_ = 0;
  if (!wake) return;
  timer_at_ = *wake;
  timer_ = node_.loop().call_at(*wake, [this] {
    timer_ = 0;
    coordinator_.tick(now());
    arm();
  });
}

}  // namespace odradek::broker
