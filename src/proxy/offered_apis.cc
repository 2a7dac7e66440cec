#include "proxy/offered_apis.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "proto/api_table.h"

namespace odradek::proxy {
namespace {

constexpr std::array<std::string_view, 4> kHiddenFeatures = {
    "group.version", "share.version", "streams.version", "transaction.version"};

bool is_hidden(std::string_view name) {
  return std::ranges::find(kHiddenFeatures, name) != kHiddenFeatures.end();
}

// Makes `range` what both know; empty (min over max) when that is nothing.
void intersect(rpc::ApiRange& range, int16_t min_version, int16_t max_version) {
  range.min_version = std::max(range.min_version, min_version);
  range.max_version = std::min(range.max_version, max_version);
}

void intersect(rpc::ApiRange& range, const std::vector<rpc::ApiRange>& broker) {
  const auto known = std::ranges::find(broker, range.key, &rpc::ApiRange::key);
  if (known == broker.end()) {
    range.max_version = -1;
    return;
  }
  intersect(range, known->min_version, known->max_version);
}

}  // namespace

std::vector<rpc::ApiRange> offered_apis(std::span<const Handler> handlers,
                                        std::span<const std::vector<rpc::ApiRange>> brokers) {
  std::vector<rpc::ApiRange> offered;
  for (const Handler& handler : handlers) {
    rpc::ApiRange range = {handler.key, handler.min_version, handler.max_version};
    const proto::ApiInfo* info = proto::find_api(handler.key);
    if (info == nullptr) continue;
    intersect(range, info->min_version, info->max_version);
    for (const auto& broker : brokers) {
      if (handler.needs_broker) intersect(range, broker);
    }
    if (range.min_version <= range.max_version) offered.push_back(range);
  }
  return offered;
}

rpc::Features offered_features(rpc::Features features) {
  std::erase_if(features.supported, [](const auto& feature) { return is_hidden(feature.name); });
  std::erase_if(features.finalized, [](const auto& feature) { return is_hidden(feature.name); });
  return features;
}

}  // namespace odradek::proxy
