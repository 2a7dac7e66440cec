#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "wire/codec.h"
#include "wire/record_batch.h"

namespace odradek::log {

// What a topic's configuration says about one of its logs. The defaults are Kafka's.
// Source: org.apache.kafka.storage.internals.log.LogConfig.
struct LogConfig {
  int32_t max_message_bytes = 1048588;  // of one batch, header included
  int32_t segment_bytes = 1 << 30;      // no batch may be larger
  int64_t segment_ms = 604'800'000;
  int64_t segment_jitter_ms = 0;
  int32_t index_interval_bytes = 4096;
  int32_t index_bytes_max = 10 << 20;
  int64_t file_delete_delay_ms = 60'000;
  int64_t retention_ms = 604'800'000;  // -1: forever
  int64_t retention_bytes = -1;        // -1: no limit
  bool delete_old = true;              // cleanup.policy contains "delete"
  bool compact = false;                // cleanup.policy contains "compact": keys are required
  wire::TimestampType timestamp_type = wire::TimestampType::kCreateTime;
  int64_t timestamp_before_max_ms = std::numeric_limits<int64_t>::max();
  int64_t timestamp_after_max_ms = 3'600'000;
  double dirty_ratio_min = 0.5;           // of bytes, for compaction to begin
  int64_t compaction_lag_min_ms = 0;      // records stay at least as they are
  int64_t compaction_lag_max_ms = std::numeric_limits<int64_t>::max();
  int64_t delete_retention_ms = 86'400'000;  // tombstones and markers stay for readers to see
  std::optional<wire::Codec> codec;  // empty: as the producer compressed it
  int codec_level = wire::kDefaultLevel;
};

}  // namespace odradek::log
