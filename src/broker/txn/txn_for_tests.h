#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/append_code.h"
#include "broker/txn/txn_coordinator.h"
#include "log/memory_store.h"
#include "log/partition_log.h"

// What the tests of this folder share: the world of a coordinator, made of logs in memory, which
// fails when asked to.
namespace odradek::broker::testing {

using Code = proto::ErrorCode;

class FakeWorld : public TxnWorld {
 public:
  Result<int64_t> new_producer_id() override { return next_producer_id++; }

  ErrorCode write_state(std::string_view /*id*/, Bytes key, Bytes value) override {
    if (fails()) return Code::kNotCoordinator;
    stored.emplace_back(text(key), text(value));
    return Code::kNone;
  }

  ErrorCode write_marker(const TxnPartition& partition, const log::TxnMarker& marker) override {
    if (partition.topic != "t") return Code::kUnknownTopicOrPartition;
    if (fails()) return Code::kKafkaStorageError;
    markers.emplace_back(partition, marker);
    return code_of(log(partition.partition).append_marker(marker, wall_ms).error.fault);
  }

  int32_t coordinator_epoch(std::string_view /*id*/) override { return epoch; }

  log::PartitionLog& log(int32_t partition) {
    auto& log = logs[partition];
    if (!log) {
      log = std::make_unique<log::PartitionLog>(
          std::make_unique<log::MemoryStore>(log::ChunkPool::create()), log::LogConfig{});
    }
    return *log;
  }

  // What another coordinator finds in the log.
  void replay_into(TxnCoordinator& coordinator) const {
    for (const auto& [key, value] : stored) {
      wire::RecordView record;
      record.key = as_bytes(key);
      record.value = value.empty() ? Bytes() : as_bytes(value);
      const Result<void> read = coordinator.replay(record);
      ODK_ASSERT(read.has_value(), "{}", read.error().to_string());
    }
  }

  std::function<bool()> fails = [] { return false; };
  std::vector<std::pair<std::string, std::string>> stored;
  std::vector<std::pair<TxnPartition, log::TxnMarker>> markers;
  std::map<int32_t, std::unique_ptr<log::PartitionLog>> logs;
  int64_t next_producer_id = 1000;
  int32_t epoch = 0;
  TimestampMs wall_ms = 0;

 private:
  static std::string text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

}  // namespace odradek::broker::testing
