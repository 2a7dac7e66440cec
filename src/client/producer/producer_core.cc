#include "client/producer/producer_core.h"

#include "client/producer/producer_options.h"

namespace odradek::kafka {

using odradek::Errc;
using odradek::Error;

namespace {

// What a record may take at most in the buffer.
size_t most_bytes(const Record& record) {
  constexpr size_t kOverheadMax = 512;  // lengths, batch header, what a topic not known yet costs
  size_t bytes = kOverheadMax + record.key.value_or("").size() + record.value.value_or("").size();
  for (const Header& header : record.headers) {
    bytes += sizeof(header) + header.key.size() + header.value.value_or("").size();
  }
  return bytes;
}

}  // namespace

ProducerCore::ProducerCore(std::shared_ptr<ClientCore> client, const ProducerOptions& options)
    : client_(std::move(client)),
      options_(options),
      shared_(client::accumulator_options(options), reinterpret_cast<uintptr_t>(this) >> 4U) {
  if (options.transactional_id.empty()) return;
  const MutexLock lock(shared_.mutex);
  shared_.transaction_refusal = client::no_transaction();
}

void ProducerCore::start() {
  const bool is_open = client_->post([self = shared_from_this()] {
    self->sender_ = std::make_unique<client::Sender>(*self->client_, self->shared_,
                                                     client::sender_options(self->options_));
    if (!self->options_.transactional_id.empty()) {
      self->transactions_ = std::make_unique<client::TransactionManager>(
          *self->client_, *self->sender_, self->shared_,
          client::TransactionOptions{.id = self->options_.transactional_id,
                                     .timeout = self->options_.transaction_timeout});
    }
    self->client_->add(self);
    self->sender_->pump();
  });
  const MutexLock lock(shared_.mutex);
  if (!is_open) shared_.refusal = Error(Errc::kClosed, "the client is closed");
}

void ProducerCore::request_pump() {
  if (shared_.is_pump_posted.exchange(true)) return;
  client_->post([self = shared_from_this()] {
    if (self->sender_ != nullptr) self->sender_->pump();
  });
}

Op<RecordMetadata> ProducerCore::send(const Record& record, std::optional<uint64_t> transaction) {
  client::Promise<RecordMetadata> promise;
  Op<RecordMetadata> op = promise.op();
  DeliveryCallback report =
      [promise = std::move(promise)](const Result<RecordMetadata>& delivered) mutable {
        promise.set(delivered);
      };
  const Result<void> sent = send(record, report, transaction);
  if (!sent) report(Result<RecordMetadata>(sent.error()));
  return op;
}

Result<void> ProducerCore::send(const Record& record, DeliveryCallback& report,
                                std::optional<uint64_t> transaction) {
  if (options_.interceptor != nullptr) return intercept(record, report, transaction);
  return append(record, report, transaction);
}

Result<void> ProducerCore::append(const Record& record, DeliveryCallback& report,
                                  std::optional<uint64_t> transaction) {
  if (transaction && *transaction != open_transaction_.load()) return client::no_transaction();
  const odradek::Clock& clock = client_->loop().clock();
  const MonotonicTime now = clock.now();
  const int64_t timestamp_ms = record.timestamp_ms ? *record.timestamp_ms : clock.wall_ms();
  const bool may_block = options_.block_max.count() > 0 && !on_client_thread();
  while (true) {
    odradek::Result<bool> appended(Errc::kInternal);
    {
      const MutexLock lock(shared_.mutex);
      if (shared_.transaction_refusal) return *shared_.transaction_refusal;
      if (shared_.refusal) return client::to_public(*shared_.refusal);
      appended = shared_.accumulator.append(record, timestamp_ms, now, report);
    }
    if (appended) {
      if (*appended) request_pump();
      return {};
    }
    const bool is_full = appended.error().code() == Errc::kPrecondition;
    if (!is_full) return client::to_public(appended.error());
    const KafkaError full(ErrorKind::buffer_full, std::string(appended.error().message()));
    if (!may_block) return full;
    request_pump();
    if (!wait_for_room(most_bytes(record), now + options_.block_max)) return full;
  }
}

bool ProducerCore::wait_for_room(size_t bytes, MonotonicTime deadline) {
  const MutexLock lock(shared_.mutex);
  ++shared_.blocked_senders;
  bool is_in_time = true;
  while (is_in_time && !shared_.accumulator.has_room(bytes) && !shared_.refusal &&
         !shared_.transaction_refusal) {
    is_in_time = shared_.room.wait_until(shared_.mutex, deadline);
  }
  --shared_.blocked_senders;
  return is_in_time;
}

Op<void> ProducerCore::room() {
  const MutexLock lock(shared_.mutex);
  if (shared_.refusal) return Op<void>::ready(client::to_public(*shared_.refusal));
  if (shared_.accumulator.has_much_room()) return Op<void>::ready(Result<void>{});
  return shared_.room_waiters.emplace_back().op();
}

Op<void> ProducerCore::flush(std::chrono::milliseconds wait) {
  client::Promise<void> promise;
  Op<void> op = promise.op();
  {
    const MutexLock lock(shared_.mutex);
    const uint64_t up_to = shared_.accumulator.last_id();
    if (shared_.accumulator.is_done_up_to(up_to)) {
      return Op<void>::ready(Result<void>{});
    }
    shared_.flushes.push_back(
        {.up_to = up_to, .deadline = client_->loop().now() + wait, .promise = std::move(promise)});
  }
  request_pump();
  return op;
}

Op<void> ProducerCore::close(std::chrono::milliseconds wait) {
  {
    const MutexLock lock(shared_.mutex);
    if (!shared_.refusal) shared_.refusal = Error(Errc::kClosed, "the producer is closed");
    shared_.room.notify_all();
  }
  client::Promise<void> promise;
  Op<void> op = promise.op();
  flush(wait).then(
      [self = shared_from_this(), promise = std::move(promise)](Result<void> flushed) mutable {
        ClientCore& client = *self->client_;
        client.post([self = std::move(self), promise = std::move(promise),
                     flushed = std::move(flushed)]() mutable {
          self->finish(Error(Errc::kClosed, "the producer is closed"));
          promise.set(std::move(flushed));
        });
      });
  return op;
}

void ProducerCore::finish(const Error& error) {
  if (sender_ != nullptr) sender_->give_up(error);
  client_->remove(shared_from_this());
}

void ProducerCore::abandon() {
  const Error error(Errc::kClosed, "the producer was destroyed");
  {
    const MutexLock lock(shared_.mutex);
    if (!shared_.refusal) shared_.refusal = error;
    shared_.room.notify_all();
  }
  if (client_->loop().is_current()) {
    finish(error);
    return;
  }
  client::Promise<void> promise;
  Op<void> op = promise.op();
  client_->post([self = shared_from_this(), promise = std::move(promise), error]() mutable {
    self->finish(error);
    promise.set(odradek::Result<void>{});
  });
  (void)op.get();
}

void ProducerCore::add_metrics(ClientMetrics& metrics) {
  ProducerMetrics& own = metrics.producers.emplace_back(sender_->counts());
  own.transactional_id = options_.transactional_id;
  own.buffered_bytes = buffered_bytes();
}

size_t ProducerCore::buffered_bytes() {
  const MutexLock lock(shared_.mutex);
  return shared_.accumulator.used_bytes();
}

io::Task<void> ProducerCore::stop() {
  co_await sender_->stop();
  if (transactions_ != nullptr) co_await transactions_->stop();
  std::vector<client::Promise<void>> waiting;
  {
    const MutexLock lock(shared_.mutex);
    waiting = std::move(shared_.room_waiters);
    shared_.room.notify_all();
  }
}

}  // namespace odradek::kafka
