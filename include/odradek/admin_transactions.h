#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "odradek/admin_result.h"
#include "odradek/types.h"

namespace odradek::kafka {

// Which transactions to list; as it stands, all.
struct TransactionFilter {
  std::vector<std::string> states{};  // "Ongoing", "Empty" and so on
  std::vector<int64_t> producer_ids{};
  std::optional<std::chrono::milliseconds> longer_than{};  // running for
  std::string id_pattern{};  // a regular expression (KIP-1152); empty: any
};

struct TransactionListing {
  std::string transactional_id{};
  int64_t producer_id = -1;
  std::string state{};
  int32_t coordinator = -1;  // broker id
};

struct TransactionDescription {
  std::string state{};
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  std::chrono::milliseconds timeout{0};
  int64_t started_ms = -1;  // -1: none is under way
  std::vector<TopicPartition> partitions{};
  int32_t coordinator = -1;
};

// An open transaction as its partition sees it, to be ended whatever its coordinator thinks
// (KIP-664). The numbers come from describe_producers().
struct TransactionToAbort {
  TopicPartition partition{};
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  int32_t coordinator_epoch = -1;
};

struct FencedProducer {
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
};

// A producer as a partition remembers it.
struct ActiveProducer {
  int64_t producer_id = -1;
  int32_t producer_epoch = -1;
  int32_t last_sequence = -1;
  int64_t last_timestamp_ms = -1;
  int32_t coordinator_epoch = -1;                   // -1: never had a transaction
  std::optional<int64_t> transaction_start_offset{};  // of the one that is open
};

}  // namespace odradek::kafka
