#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "odradek/client.h"
#include "odradek/op.h"
#include "odradek/types.h"

namespace odradek::kafka {

// Who has to have a record before the broker says so.
enum class Acks : int8_t { none = 0, leader = 1, all = -1 };

enum class Codec : uint8_t { none, gzip, snappy, lz4, zstd };

struct Compression {
  Codec codec = Codec::none;
  std::optional<int> level{};  // none: the codec's own default. Kafka's ranges
};
inline Compression Gzip(std::optional<int> level = {}) { return {Codec::gzip, level}; }
inline Compression Snappy() { return {Codec::snappy, {}}; }
inline Compression Lz4(std::optional<int> level = {}) { return {Codec::lz4, level}; }
inline Compression Zstd(std::optional<int> level = {}) { return {Codec::zstd, level}; }

struct ProducerOptions {
  Acks acks = Acks::all;
  // Exactly one copy of each record, in order, also when requests are repeated. Needs Acks::all;
  // not set: on with Acks::all, off otherwise.
  std::optional<bool> idempotent{};
  std::chrono::milliseconds linger{5};  // how long a batch waits for company
  size_t batch_bytes = 1'000'000;       // of one batch, before compression
  Compression compression{};
  size_t buffer_bytes = size_t{64} << 20U;  // all records not yet delivered
  // send() on a full buffer blocks the calling thread this long; zero: fails at once. On a
  // client's own thread (coroutines, callbacks) it never blocks: await room() instead.
  std::chrono::milliseconds block_max{60'000};
  std::chrono::milliseconds delivery_timeout{120'000};  // from send() to the report
  std::chrono::milliseconds request_timeout{30'000};
  size_t request_bytes_max = size_t{4} << 20U;  // batches for several partitions in one request
  int in_flight_max = 5;  // requests to one broker; more than 5 loses the order when idempotent
  // Makes the producer transactional: records are sent inside of transactions only. One id is one
  // producer: a newer one with the same id fences the older. Needs idempotence.
  std::string transactional_id{};
  std::chrono::milliseconds transaction_timeout{60'000};  // then the broker aborts by itself
  std::shared_ptr<ProducerInterceptor> interceptor{};
};

// A record to send. The views are copied before send() returns.
struct Record {
  std::string_view topic{};
  std::optional<std::string_view> key{};
  std::optional<std::string_view> value{};  // none: a tombstone
  std::span<const Header> headers{};
  // None: by the key's murmur2 hash as Java's producer, without a key the batch being filled.
  std::optional<int32_t> partition{};
  std::optional<int64_t> timestamp_ms{};  // none: now
};

struct RecordMetadata {
  int32_t partition = -1;
  int64_t offset = -1;  // -1 with Acks::none, or a repeated request the broker had done
  int64_t timestamp_ms = -1;  // as stored
};

using DeliveryCallback = UniqueFunction<void(const Result<RecordMetadata>&)>;

class ProducerCore;
class Transaction;

// Sends records in batches. Records of one partition are stored in the order of send() calls.
// Any thread; order holds among the calls of one thread. Every record gets exactly one report,
// also when the producer is destroyed with records unsent: then ErrorKind::closed.
class Producer {
 public:
  // Throws ConfigError.
  Producer(const Client& client, ProducerOptions options);
  static Result<Producer> create(const Client& client, ProducerOptions options);

  Producer(Producer&& other) noexcept;
  Producer& operator=(Producer&& other) noexcept;
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;
  // Gives up what is not delivered, with its reports; waits for no broker. close() first.
  ~Producer();

  // The Op ends when the record is delivered or has failed for good.
  Op<RecordMetadata> send(const Record& record);
  // The same with a callback, which runs on the client's thread; allocates nothing per record
  // when the callback is small. An error, and no callback, when the record was not taken:
  // buffer_full, record_too_large, invalid_argument, closed.
  Result<void> send(const Record& record, DeliveryCallback report);

  // Ends when the buffer has room again. For coroutines, after buffer_full.
  Op<void> room();

  // Sends everything now, without linger, and ends when all of it is reported on; the reports
  // tell how. ErrorKind::timeout after `wait`.
  Op<void> flush(std::chrono::milliseconds wait);
  // Flushes, then gives up what is left with its reports. send() fails from now on.
  Op<void> close(std::chrono::milliseconds wait);

  size_t buffered_bytes() const;

  // Transactional producers only. Fences older producers of the same id and waits until what they
  // left open has ended. begin() does it when it was not done before.
  Op<void> init_transactions(std::chrono::milliseconds wait = std::chrono::seconds(60));
  // A new transaction; only one is open at a time, and all records sent meanwhile belong to it.
  // Finishes an earlier commit or abort that ran out of time first. Errors: state, fenced, timeout.
  Op<Transaction> begin(std::chrono::milliseconds wait = std::chrono::seconds(60));

 private:
  explicit Producer(std::shared_ptr<ProducerCore> core);

  std::shared_ptr<ProducerCore> core_;
};

}  // namespace odradek::kafka
