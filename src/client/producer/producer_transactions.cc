// The transactions of a producer: from the program's threads to the manager on the loop.
#include "client/producer/producer_core.h"

namespace odradek::kafka {
namespace {

// Keeps the producer alive as long as the operation runs.
template <class T>
io::Task<Result<T>> hold(std::shared_ptr<ProducerCore> /*core*/, io::Task<Result<T>> operation) {
  Result<T> result = co_await std::move(operation);
  co_return result;
}

template <class T>
io::Task<Result<T>> answer(KafkaError error) {
  co_return error;
}

}  // namespace

// `make` gives the manager's task; it runs on the loop.
template <class T, class Make>
Op<T> ProducerCore::run_transaction(Make make) {
  if (options_.transactional_id.empty()) {
    return Op<T>::ready(
        KafkaError(ErrorKind::state, "transactions need ProducerOptions::transactional_id"));
  }
  return client_->run<T>([self = shared_from_this(), make = std::move(make)]() mutable {
    if (self->transactions_ == nullptr) {
      return answer<T>(KafkaError(ErrorKind::closed, "the producer is closed"));
    }
    return hold<T>(self, make(*self->transactions_));
  });
}

Op<void> ProducerCore::init_transactions(std::chrono::milliseconds wait) {
  return run_transaction<void>([deadline = client_->loop().now() + wait](auto& transactions) {
    return transactions.init(deadline);
  });
}

Op<uint64_t> ProducerCore::begin(std::chrono::milliseconds wait) {
  const MonotonicTime deadline = client_->loop().now() + wait;
  return run_transaction<uint64_t>(
      [this, deadline](auto& transactions) { return begin_on_loop(transactions, deadline); });
}

io::Task<Result<uint64_t>> ProducerCore::begin_on_loop(client::TransactionManager& transactions,
                                                       MonotonicTime deadline) {
  Result<uint64_t> number = co_await transactions.begin(deadline);
  if (number) open_transaction_.store(*number);
  co_return number;
}

Op<void> ProducerCore::send_offsets(uint64_t number, client::OffsetMap offsets,
                                    GroupMetadata member, std::chrono::milliseconds wait) {
  return run_transaction<void>(
      [number, offsets = std::move(offsets), member = std::move(member),
       deadline = client_->loop().now() + wait](auto& transactions) mutable {
        return transactions.send_offsets(number, std::move(offsets), std::move(member), deadline);
      });
}

Op<void> ProducerCore::commit(uint64_t number, std::chrono::milliseconds wait) {
  uint64_t up_to = 0;
  {
    const MutexLock lock(shared_.mutex);
    up_to = shared_.accumulator.last_id();
    // Records sent from here on have missed this transaction.
    if (!shared_.transaction_refusal && number == open_transaction_.load()) {
      shared_.transaction_refusal = client::no_transaction();
    }
  }
  return run_transaction<void>(
      [number, up_to, deadline = client_->loop().now() + wait](auto& transactions) {
        return transactions.commit(number, up_to, deadline);
      });
}

Op<void> ProducerCore::abort(uint64_t number, std::chrono::milliseconds wait) {
  return run_transaction<void>(
      [number, deadline = client_->loop().now() + wait](auto& transactions) {
        return transactions.abort(number, deadline);
      });
}

void ProducerCore::drop(uint64_t number) {
  client_->post([self = shared_from_this(), number] {
    if (self->transactions_ == nullptr || !self->transactions_->let_go(number)) return;
    constexpr std::chrono::seconds kAbortTime(60);
    (void)self->abort(number, kAbortTime);
  });
}

}  // namespace odradek::kafka
