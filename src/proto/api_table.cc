#include "proto/api_table.h"

#include <algorithm>

#include "proto/message_base.h"

namespace odradek::proto {
namespace {

constexpr ApiInfo kApis[] = {
#include "proto/api_rows.inc"
};
static_assert(std::ranges::is_sorted(kApis, {}, &ApiInfo::key));

}  // namespace

std::span<const ApiInfo> all_apis() { return kApis; }

const ApiInfo* find_api(int16_t key) {
  const auto* found = std::ranges::lower_bound(kApis, ApiKey{key}, {}, &ApiInfo::key);
  return found != std::end(kApis) && found->key == ApiKey{key} ? found : nullptr;
}

std::string_view api_name(ApiKey key) {
  const ApiInfo* api = find_api(key);
  return api == nullptr ? "unknown API" : api->name;
}

int16_t request_header_version(ApiKey key, int16_t version) {
  if (key == ApiKey::kControlledShutdown && version == 0) return 0;
  const ApiInfo* api = find_api(key);
  return api != nullptr && version >= api->first_flexible_request ? 2 : 1;
}

int16_t response_header_version(ApiKey key, int16_t version) {
  if (key == ApiKey::kApiVersions) return 0;
  const ApiInfo* api = find_api(key);
  return api != nullptr && version >= api->first_flexible_response ? 1 : 0;
}

}  // namespace odradek::proto
