#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "client/client_core.h"
#include "client/producer/sender.h"
#include "client/producer/shared_accumulator.h"
#include "client/transaction/transaction_manager.h"
#include "odradek/producer.h"

namespace odradek::kafka {

// What a Producer owns: the accumulator its threads write to, and the sender on the client's loop.
// Public functions: any thread.
class ProducerCore final : public client::Service,
                           public std::enable_shared_from_this<ProducerCore> {
 public:
  ProducerCore(std::shared_ptr<ClientCore> client, const ProducerOptions& options);

  // Creates the sender on the loop.
  void start();
  // `report` is taken only on success. With a number: in that transaction only.
  Result<void> send(const Record& record, DeliveryCallback& report,
                    std::optional<uint64_t> transaction = {});
  Op<RecordMetadata> send(const Record& record, std::optional<uint64_t> transaction = {});
  Op<void> room();
  Op<void> flush(std::chrono::milliseconds wait);
  Op<void> close(std::chrono::milliseconds wait);
  // Ends everything at once; returns when all reports were made.
  void abandon();
  size_t buffered_bytes();

  // Transactions: producer_transactions.cc
  Op<void> init_transactions(std::chrono::milliseconds wait);
  Op<uint64_t> begin(std::chrono::milliseconds wait);
  Op<void> send_offsets(uint64_t number, client::OffsetMap offsets, GroupMetadata member,
                        std::chrono::milliseconds wait);
  Op<void> commit(uint64_t number, std::chrono::milliseconds wait);
  Op<void> abort(uint64_t number, std::chrono::milliseconds wait);
  // The program let go of the transaction: aborts it in the background, if it is open.
  void drop(uint64_t number);

  io::Task<void> stop() override;
  void add_metrics(ClientMetrics& metrics) override;

 private:
  Result<void> append(const Record& record, DeliveryCallback& report,
                      std::optional<uint64_t> transaction);
  Result<void> intercept(const Record& record, DeliveryCallback& report,
                         std::optional<uint64_t> transaction);
  bool wait_for_room(size_t bytes, MonotonicTime deadline);
  void request_pump();
  void finish(const odradek::Error& error);  // on the loop
  template <class T, class Make>
  Op<T> run_transaction(Make make);
  io::Task<Result<uint64_t>> begin_on_loop(client::TransactionManager& transactions,
                                           MonotonicTime deadline);

  std::shared_ptr<ClientCore> client_;
  ProducerOptions options_;
  client::SharedAccumulator shared_;
  std::unique_ptr<client::Sender> sender_;  // on the loop, as is
  std::unique_ptr<client::TransactionManager> transactions_;  // null unless transactional
  std::atomic<uint64_t> open_transaction_{0};
};

}  // namespace odradek::kafka
