#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace odradek::kafka {

// What kind of thing went wrong; the message says where.
enum class ErrorKind : uint8_t {
  network,            // resolve, connect, reset; tried again inside until a deadline
  timeout,            // a deadline passed; what was asked for may still have happened
  server,             // a broker answered with a Kafka error code: KafkaError::code()
  authentication,     // SASL refused
  tls,                // handshake or certificate
  protocol,           // bytes that do not follow the protocol, or fail their checksum
  unsupported,        // the broker is too old or new for what was asked
  invalid_argument,   // a parameter that can never work
  config,             // an option that can never work
  state,              // not possible now: no subscription, blocking on the client's own thread
  buffer_full,        // the producer's buffer is full and waiting was not allowed or too long
  record_too_large,
  fenced,             // another producer or group member took over
  no_offset,          // nothing committed, or out of range, and the reset policy is `none`
  log_truncated,      // records that were read are gone from the log, and the policy is `none`
  closed,             // the object was closed or destroyed
  cancelled,
  internal,
};

// "server", "buffer_full" and so on.
std::string_view to_string(ErrorKind kind);

// Kafka error codes programs like to tell apart. Any other number may come, too.
enum class ServerCode : int16_t {
  none = 0,
  offset_out_of_range = 1,
  unknown_topic_or_partition = 3,
  leader_not_available = 5,
  not_leader_or_follower = 6,
  request_timed_out = 7,
  message_too_large = 10,
  coordinator_not_available = 15,
  not_coordinator = 16,
  invalid_topic = 17,
  not_enough_replicas = 19,
  illegal_generation = 22,
  unknown_member_id = 25,
  rebalance_in_progress = 27,
  topic_authorization_failed = 29,
  group_authorization_failed = 30,
  cluster_authorization_failed = 31,
  unsupported_version = 35,
  topic_already_exists = 36,
  invalid_partitions = 37,
  invalid_replication_factor = 38,
  invalid_config = 40,
  invalid_request = 42,
  policy_violation = 44,
  out_of_order_sequence_number = 45,
  invalid_producer_epoch = 47,
  unknown_producer_id = 59,
  non_empty_group = 68,
  group_id_not_found = 69,
  invalid_txn_state = 48,
  invalid_producer_id_mapping = 49,
  concurrent_transactions = 51,
  transactional_id_authorization_failed = 53,
  fenced_instance_id = 82,
  group_subscribed_to_topic = 86,
  producer_fenced = 90,
  fenced_member_epoch = 110,
  stale_member_epoch = 113,
  transaction_abortable = 120,
};

// A failure. Copies are cheap enough for error paths; holds neither payloads nor secrets.
class [[nodiscard]] KafkaError {
 public:
  KafkaError(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}
  // A Kafka error code a broker answered with.
  KafkaError(ServerCode code, std::string message)
      : kind_(ErrorKind::server), code_(code), message_(std::move(message)) {}

  ErrorKind kind() const { return kind_; }
  // ServerCode::none unless kind() is server.
  ServerCode code() const { return code_; }
  // Kafka's name of the code, "TOPIC_ALREADY_EXISTS"; empty without one.
  std::string_view code_name() const;
  const std::string& message() const { return message_; }

  // The same call may succeed later. (What can be tried again inside a call's deadline was.)
  bool is_retriable() const;
  // This object will not work again: wrong credentials, fenced, closed.
  bool is_fatal() const;
  // The transaction it happened in can only be aborted; after that a new one may begin.
  bool is_abortable() const { return meaning_ == Meaning::abortable; }

  // The same error with a meaning for the transaction it happened in. For the library.
  KafkaError as_abortable() && { return std::move(*this).with(Meaning::abortable); }
  KafkaError as_fatal() && { return std::move(*this).with(Meaning::fatal); }

  // "server: create topic orders: TOPIC_ALREADY_EXISTS (36): ..." for logs and people.
  std::string to_string() const;

 private:
  enum class Meaning : uint8_t { plain, abortable, fatal };

  KafkaError with(Meaning meaning) && {
    meaning_ = meaning;
    return std::move(*this);
  }

  ErrorKind kind_;
  Meaning meaning_ = Meaning::plain;
  ServerCode code_ = ServerCode::none;
  std::string message_;
};

// Thrown by constructors, and by nothing else of this library, for options that can never work.
class ConfigError : public std::runtime_error {
 public:
  explicit ConfigError(KafkaError error)
      : std::runtime_error(error.to_string()), error_(std::move(error)) {}
  const KafkaError& error() const { return error_; }

 private:
  KafkaError error_;
};

// Thrown when a program takes the value out of a Result that holds an error.
class BadResultAccess : public std::logic_error {
 public:
  explicit BadResultAccess(const KafkaError& error) : std::logic_error(error.to_string()) {}
};

}  // namespace odradek::kafka
