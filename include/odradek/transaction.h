#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "odradek/consumer.h"
#include "odradek/producer.h"

namespace odradek::kafka {

// Records and consumer positions that become visible together, or not at all, to readers with
// Isolation::read_committed. Made by Producer::begin(); the producer must outlive it. One thread
// at a time. Errors tell what to do: is_abortable() means abort() and begin again, is_fatal() that
// the producer is finished (ErrorKind::fenced: another one has its transactional id), anything
// else that the same call may be made again. Source: KIP-98, KIP-447, KIP-890.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&& other) noexcept;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  // Aborts in the background unless committed or aborted.
  ~Transaction();

  // As Producer::send().
  Op<RecordMetadata> send(const Record& record);
  Result<void> send(const Record& record, DeliveryCallback report);

  // Positions of a consumer group that are committed with the transaction: of
  // Consumer::positions(), and Consumer::group_metadata() so that a member that lost its partitions
  // cannot commit them.
  Op<void> send_offsets(std::vector<CommittedOffset> offsets, GroupMetadata member,
                        std::chrono::milliseconds wait = std::chrono::seconds(60));

  // Waits for all records, then commits. After a timeout the outcome is open: commit() again.
  Op<void> commit(std::chrono::milliseconds wait = std::chrono::seconds(60));
  // Gives up what is not sent, with reports (ErrorKind::cancelled), then aborts.
  Op<void> abort(std::chrono::milliseconds wait = std::chrono::seconds(60));

 private:
  friend class Producer;
  Transaction(std::shared_ptr<ProducerCore> core, uint64_t number);

  std::shared_ptr<ProducerCore> core_;
  uint64_t number_ = 0;  // of the producer's transactions
};

}  // namespace odradek::kafka
