#include "broker/dashboard/partition_choice.h"

#include <fmt/format.h>

#include <algorithm>

namespace odradek::broker::dashboard {

Result<std::vector<const Partition*>> choose_partitions(const Topic& topic,
                                                        std::string_view query) {
  std::vector<const Partition*> chosen;
  if (query.empty()) {
    for (const auto& partition : topic.partitions) chosen.push_back(partition.get());
    return chosen;
  }
  while (!query.empty()) {
    const size_t comma = std::min(query.find(','), query.size());
    ODK_TRY(const int64_t number,
            parse_number(query.substr(0, comma), "partition", {0, INT32_MAX}));
    const Partition* partition = topic.partition(static_cast<int32_t>(number));
    if (partition == nullptr) {
      return Error::server(proto::to_number(proto::ErrorCode::kUnknownTopicOrPartition),
                           fmt::format("{} has no partition {}", topic.name, number));
    }
    if (std::ranges::find(chosen, partition) == chosen.end()) chosen.push_back(partition);
    query.remove_prefix(std::min(comma + 1, query.size()));
  }
  return chosen;
}

Result<MessageFilter> read_filter(const ApiCall& call) {
  MessageFilter filter;
  filter.key = call.query("key");
  filter.value = call.query("value");
  filter.header = call.query("header");
  const std::string isolation = call.query("isolation");
  filter.only_committed = isolation == "committed";
  if (!isolation.empty() && isolation != "committed" && isolation != "all") {
    return Error(Errc::kInvalidArgument, "isolation: all or committed");
  }
  return filter;
}

}  // namespace odradek::broker::dashboard
