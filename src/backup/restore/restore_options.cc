#include "backup/restore/restore_options.h"

#include <nlohmann/json.hpp>

namespace odradek::backup {

std::string fingerprint(const RestoreOptions& o) {
  nlohmann::ordered_json partitions = nlohmann::ordered_json::array();
  for (const auto& [from, to] : o.partition_mapping) partitions.push_back({from, to});
  return nlohmann::ordered_json{{"topics", {o.topics.include(), o.topics.exclude()}},
                                {"topic_mapping", o.topic_mapping},
                                {"partition_mapping", std::move(partitions)},
                                {"source_partitions", o.source_partitions},
                                {"spread", static_cast<int>(o.spread)},
                                {"spread_topics", o.spread_topics},
                                {"window", {o.window.start, o.window.end}},
                                {"time_basis", static_cast<int>(o.time_basis)},
                                {"restore_point", o.restore_point},
                                {"if_exists", static_cast<int>(o.if_exists)},
                                {"expired_data", static_cast<int>(o.expired_data)},
                                {"coalesce", static_cast<int>(o.coalesce)},
                                {"adds_offset_headers", o.adds_offset_headers},
                                {"strips_offset_headers", o.strips_offset_headers},
                                {"keeps_aborted", o.keeps_aborted}}
      .dump();
}

}  // namespace odradek::backup
