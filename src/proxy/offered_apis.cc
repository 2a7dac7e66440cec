#include "proxy/offered_apis.h"

#include <algorithm>
#include <string_view>

#include "proto/api_table.h"

namespace odradek::proxy {
namespace {

bool is_hidden(std::string_view feature, Kip848Mode kip848) {
  if (feature == "group.version") return kip848 == Kip848Mode::kHide;
  return feature == "share.version" || feature == "streams.version";
}

bool is_hidden(proto::ApiKey key, Kip848Mode kip848) {
  const bool is_kip848 =
      key == proto::ApiKey::kConsumerGroupHeartbeat || key == proto::ApiKey::kConsumerGroupDescribe;
  return is_kip848 && kip848 == Kip848Mode::kHide;
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
                                        std::span<const std::vector<rpc::ApiRange>> brokers,
                                        Kip848Mode kip848) {
  std::vector<rpc::ApiRange> offered;
  for (const Handler& handler : handlers) {
    rpc::ApiRange range = {handler.key, handler.min_version, handler.max_version};
    const proto::ApiInfo* info = proto::find_api(handler.key);
    if (info == nullptr || is_hidden(handler.key, kip848)) continue;
    intersect(range, info->min_version, info->max_version);
    for (const auto& broker : brokers) {
      if (handler.needs_broker) intersect(range, broker);
    }
    if (range.min_version <= range.max_version) offered.push_back(range);
  }
  return offered;
}

rpc::Features offered_features(rpc::Features features, Kip848Mode kip848) {
  const auto hidden = [kip848](const auto& feature) { return is_hidden(feature.name, kip848); };
  std::erase_if(features.supported, hidden);
  std::erase_if(features.finalized, hidden);
  return features;
}

}  // namespace odradek::proxy
