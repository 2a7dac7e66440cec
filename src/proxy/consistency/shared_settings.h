#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proxy/proxy_options.h"

namespace odradek::proxy {

// What all instances in front of one cluster have to agree on, because what is stored means
// something else otherwise. Sans I/O. Text: docs/formats/proxy-settings.md.
struct SharedSettings {
  std::string shadow_suffix;
  std::optional<MappingSpec> fallback;
  std::vector<TopicRule> topics;

  bool operator==(const SharedSettings&) const = default;
};

SharedSettings shared_settings(const ProxyOptions& options);

std::string to_text(const SharedSettings& settings);
// kMalformed, with the line, for anything to_text() does not write.
Result<SharedSettings> parse_shared_settings(std::string_view text);

// Success when an instance with `own` settings may serve beside those that `others` is of: all of
// theirs are its own too, and it may have rules for more topics. Else kConfig, with what differs.
Result<void> check_shared(const SharedSettings& own, const SharedSettings& others);

}  // namespace odradek::proxy
