#include "odradek/transaction.h"

#include "client/producer/producer_core.h"
#include "client/promise.h"

namespace odradek::kafka {

Op<void> Producer::init_transactions(std::chrono::milliseconds wait) {
  return core_->init_transactions(wait);
}

Op<Transaction> Producer::begin(std::chrono::milliseconds wait) {
  client::Promise<Transaction> promise;
  Op<Transaction> op = promise.op();
  core_->begin(wait).then(
      [core = core_, promise = std::move(promise)](Result<uint64_t> number) mutable {
        if (!number) {
          promise.set(Result<Transaction>(number.error()));
        } else {
          promise.set(Result<Transaction>(Transaction(std::move(core), *number)));
        }
      });
  return op;
}

Transaction::Transaction(std::shared_ptr<ProducerCore> core, uint64_t number)
    : core_(std::move(core)), number_(number) {}
Transaction::Transaction(Transaction&& other) noexcept = default;

Transaction& Transaction::operator=(Transaction&& other) noexcept {
  std::swap(core_, other.core_);
  std::swap(number_, other.number_);
  return *this;
}

Transaction::~Transaction() {
  if (core_ != nullptr) core_->drop(number_);
}

Op<RecordMetadata> Transaction::send(const Record& record) { return core_->send(record, number_); }

Result<void> Transaction::send(const Record& record, DeliveryCallback report) {
  return core_->send(record, report, number_);
}

Op<void> Transaction::send_offsets(std::vector<CommittedOffset> offsets, GroupMetadata member,
                                   std::chrono::milliseconds wait) {
  return core_->send_offsets(number_, client::offset_map(std::move(offsets)), std::move(member),
                             wait);
}

Op<void> Transaction::commit(std::chrono::milliseconds wait) {
  return core_->commit(number_, wait);
}

Op<void> Transaction::abort(std::chrono::milliseconds wait) { return core_->abort(number_, wait); }

}  // namespace odradek::kafka
