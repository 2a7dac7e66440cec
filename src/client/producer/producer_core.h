#pragma once

#include <memory>

#include "client/client_core.h"
#include "client/producer/sender.h"
#include "client/producer/shared_accumulator.h"
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
  odradek::Result<void> send(const Record& record, DeliveryCallback& report);
  Op<void> room();
  Op<void> flush(std::chrono::milliseconds wait);
  Op<void> close(std::chrono::milliseconds wait);
  // Ends everything at once; returns when all reports were made.
  void abandon();
  size_t buffered_bytes();

  io::Task<void> stop() override;

 private:
  bool wait_for_room(size_t bytes, MonotonicTime deadline);
  void request_pump();
  void finish(const odradek::Error& error);  // on the loop

  std::shared_ptr<ClientCore> client_;
  ProducerOptions options_;
  client::SharedAccumulator shared_;
  std::unique_ptr<client::Sender> sender_;  // on the loop
};

}  // namespace odradek::kafka
