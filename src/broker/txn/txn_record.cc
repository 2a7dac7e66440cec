#include "broker/txn/txn_record.h"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "base/arena.h"
#include "base/assert.h"
#include "proto/messages/transaction_log_key.h"
#include "proto/messages/transaction_log_value.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace odradek::broker {
namespace {

using proto::TransactionLogKey;
using proto::TransactionLogValue;

constexpr int16_t kKeyVersion = 0;
constexpr int16_t kValueVersion = 1;
constexpr size_t kDecodedBytesMax = size_t{16} << 20U;

template <class T>
Slice with_version(int16_t version, const T& message) {
  wire::Writer writer(128);
  writer.i16(version);
  encode(writer, version, message);
  const Result<SliceChain> bytes = writer.finish();
  ODK_ASSERT(bytes.has_value(), "{}", bytes.error().to_string());
  return bytes->flatten();
}

template <class T>
Result<T> read_version(Bytes bytes, int16_t version_max, Arena& arena) {
  wire::Reader reader(bytes, arena);
  const int16_t version = reader.i16();
  ODK_TRY_VOID(reader.status());
  if (version < 0 || version > version_max) {
    return Error(Errc::kUnsupported, fmt::format("{} of version {}", T::kName, version));
  }
  T message;
  decode(reader, version, message);
  ODK_TRY_VOID(reader.finish());
  return message;
}

bool is_stored(int8_t status) {
  return status >= static_cast<int8_t>(TxnState::kEmpty) &&
         status <= static_cast<int8_t>(TxnState::kCompleteAbort);
}

}  // namespace

Slice txn_key(std::string_view transactional_id) {
  TransactionLogKey key;
  key.transactional_id = transactional_id;
  return with_version(kKeyVersion, key);
}

Slice txn_value(const Txn& txn) {
  TransactionLogValue value;
  value.producer_id = txn.producer_id;
  value.previous_producer_id = txn.previous_producer_id;
  value.next_producer_id = txn.next_producer_id;
  value.producer_epoch = txn.epoch;
  value.transaction_timeout_ms = txn.timeout_ms;
  value.transaction_status = static_cast<int8_t>(txn.state);
  value.transaction_last_update_timestamp_ms = txn.updated_ms;
  value.transaction_start_timestamp_ms = txn.start_ms;
  value.client_transaction_version = txn.client_version;
  std::map<std::string_view, std::vector<int32_t>> by_topic;
  for (const TxnPartition& each : txn.partitions) by_topic[each.topic].push_back(each.partition);
  std::vector<TransactionLogValue::PartitionsSchema> topics;
  topics.reserve(by_topic.size());
  for (auto& [topic, partitions] : by_topic) topics.push_back({topic, partitions, {}});
  value.transaction_partitions = {};
  if (txn.state != TxnState::kEmpty) value.transaction_partitions = proto::array_of(topics);
  return with_version(kValueVersion, value);
}

Result<TxnRecord> read_txn_record(const wire::RecordView& record) {
  Arena arena(kDecodedBytesMax);
  ODK_TRY(const TransactionLogKey key,
          read_version<TransactionLogKey>(record.key, kKeyVersion, arena));
  TxnRecord read;
  read.txn.id = key.transactional_id;
  if (is_null(record.value)) {
    read.forgotten = true;
    return read;
  }
  ODK_TRY(const TransactionLogValue value,
          read_version<TransactionLogValue>(record.value, kValueVersion, arena));
  if (!is_stored(value.transaction_status)) {
    return Error(Errc::kMalformed, fmt::format("transaction status {}", value.transaction_status));
  }
  Txn& txn = read.txn;
  txn.producer_id = value.producer_id;
  txn.previous_producer_id = value.previous_producer_id;
  txn.next_producer_id = value.next_producer_id;
  txn.epoch = value.producer_epoch;
  txn.timeout_ms = value.transaction_timeout_ms;
  txn.state = static_cast<TxnState>(value.transaction_status);
  txn.updated_ms = value.transaction_last_update_timestamp_ms;
  txn.start_ms = value.transaction_start_timestamp_ms;
  txn.client_version = value.client_transaction_version;
  for (const auto& topic : value.transaction_partitions) {
    for (const int32_t partition : topic.partition_ids) {
      txn.partitions.insert({std::string(topic.topic), partition});
    }
  }
  return read;
}

}  // namespace odradek::broker
