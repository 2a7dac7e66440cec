#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "odradek/error.h"
#include "odradek/result.h"
#include "odradek/types.h"

// What the library tells about itself: log entries, requests, numbers.
namespace odradek::kafka {

enum class LogLevel : uint8_t { trace, debug, info, warn, error, off };

struct LogField {
  std::string_view key{};
  std::string_view value{};
};

// The text is the same each time, so that it can be searched for; what varies is in the fields
// ("broker", "correlation_id", "error"). Views are valid during the call.
struct LogEntry {
  LogLevel level = LogLevel::info;
  std::string_view text{};
  std::span<const LogField> fields{};
  std::string_view source{};  // "client/consumer/fetcher.cc:120"
};

// Calls `handler` for each entry of `level` and above, of all clients of the process, on the
// thread where it happens: keep it short. Nothing is logged before. An empty handler ends it.
void set_log_handler(std::function<void(const LogEntry&)> handler, LogLevel level);

// A request to a broker that ended, with an answer or without. Views are valid during the call.
struct RequestEvent {
  std::string_view broker{};  // "host:port"
  std::string_view api{};     // "Fetch"
  int16_t version = 0;
  int32_t correlation_id = 0;
  size_t bytes_sent = 0;
  size_t bytes_received = 0;
  std::chrono::nanoseconds duration{};
  const KafkaError* error = nullptr;  // no answer came: why
};

// Connections to one address, from the beginning on.
struct BrokerMetrics {
  std::string address{};
  uint64_t requests = 0;  // that ended
  uint64_t failures = 0;  // of them without an answer
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  std::chrono::nanoseconds duration_total{};  // of those that were answered
  std::chrono::nanoseconds duration_max{};
};

struct ProducerMetrics {
  std::string transactional_id{};
  uint64_t records_delivered = 0;
  uint64_t records_failed = 0;
  uint64_t batches_delivered = 0;
  uint64_t batch_bytes_delivered = 0;  // as sent: compressed
  uint64_t retries = 0;                // of batches
  size_t buffered_bytes = 0;
};

struct ConsumerMetrics {
  std::string group{};
  uint64_t records = 0;  // handed out
  uint64_t batches = 0;
  uint64_t bytes = 0;       // as fetched: compressed
  uint64_t rebalances = 0;  // assignments that came
  size_t partitions = 0;    // assigned now
  size_t buffered_bytes = 0;
  int64_t lag_total = 0;  // of the partitions whose lag is known
  int64_t lag_max = 0;
};

// A client at one moment.
struct ClientMetrics {
  std::string client_id{};
  size_t connections_open = 0;
  std::vector<BrokerMetrics> brokers{};
  std::vector<ProducerMetrics> producers{};
  std::vector<ConsumerMetrics> consumers{};
};

// In Prometheus' text format, all names beginning with odradek_client_. Producers without a
// transactional id, and consumers of one group, are one series: the sum of them.
std::string to_prometheus(const ClientMetrics& metrics);
// The clients of a process on one page; those with the same client id are added up.
std::string to_prometheus(std::span<const ClientMetrics> clients);

struct Record;
class RecordBatch;
struct RecordMetadata;

// Headers that an interceptor adds to a record.
class HeaderSink {
 public:
  HeaderSink() = default;
  HeaderSink(const HeaderSink&) = delete;
  HeaderSink& operator=(const HeaderSink&) = delete;
  virtual ~HeaderSink() = default;

  // Copies both.
  virtual void add(std::string_view key, std::string_view value) = 0;
};

// Sees records on their way, for tracing: ProducerOptions::interceptor. What it throws is logged
// and swallowed. Costs an allocation per record.
class ProducerInterceptor {
 public:
  ProducerInterceptor() = default;
  ProducerInterceptor(const ProducerInterceptor&) = delete;
  ProducerInterceptor& operator=(const ProducerInterceptor&) = delete;
  virtual ~ProducerInterceptor() = default;

  // In send(), on the program's thread.
  virtual void on_send(const Record& /*record*/, HeaderSink& /*headers*/) {}
  // Before the record's own report; the topic it was sent to.
  virtual void on_delivery(std::string_view /*topic*/, const Result<RecordMetadata>& /*result*/) {}
};

// Sees what a consumer hands out: ConsumerOptions::interceptor.
class ConsumerInterceptor {
 public:
  ConsumerInterceptor() = default;
  ConsumerInterceptor(const ConsumerInterceptor&) = delete;
  ConsumerInterceptor& operator=(const ConsumerInterceptor&) = delete;
  virtual ~ConsumerInterceptor() = default;

  // On the thread that gets the batch: the program's, or the client's when next() had to wait.
  virtual void on_batch(const RecordBatch& /*batch*/) {}
  // On the client's thread.
  virtual void on_commit(const std::vector<CommittedOffset>& /*offsets*/,
                         const Result<void>& /*result*/) {}
};

}  // namespace odradek::kafka
