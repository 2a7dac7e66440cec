#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "obs/metrics.h"
#include "proto/api_key.h"

namespace odradek::proxy {

// Counters of one loop, plain numbers that are published when somebody asks for them.
struct ProxyStats {
  std::map<proto::ApiKey, uint64_t> requests;
  std::map<std::pair<proto::ApiKey, int16_t>, uint64_t> errors;  // connection closed: code -1
  obs::Histogram request_seconds;
  uint64_t remapping_operations = 0;  // batches marked, partitions read
  uint64_t fetch_scanned_bytes = 0;
  uint64_t fetch_matched_bytes = 0;
  uint64_t fillers = 0;
  uint64_t cache_hits = 0;  // reads answered from what was read for all
  uint64_t reads_ahead = 0;  // sent before the client asked
  uint64_t reads_ahead_wasted = 0;
  uint64_t mark_errors = 0;
  uint64_t shadow_commits = 0;
  uint64_t topic_mapping_mismatch = 0;
  uint64_t client_broker_connections = 0;  // open now, of clients' own
  uint64_t upstream_reconnects = 0;
  uint64_t transaction_states_lost = 0;
};

}  // namespace odradek::proxy
