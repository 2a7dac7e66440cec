#include "broker/flush_policy.h"

#include <fmt/format.h>

#include <charconv>

namespace odradek::broker {

Result<FlushPolicy> parse_flush_policy(std::string_view text) {
  if (text == "os") return FlushPolicy{};
  if (text == "commit") return FlushPolicy{FlushPolicy::When::kCommit, {}};
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  constexpr int64_t kMost = 86'400'000;
  if (error == std::errc() && number > 0 && number <= kMost && (unit == "ms" || unit == "s")) {
    const int64_t factor = unit == "s" ? 1000 : 1;
    return FlushPolicy{FlushPolicy::When::kInterval, std::chrono::milliseconds(number * factor)};
  }
  return Error(Errc::kConfig,
               fmt::format("flush: \"{}\" is neither os, commit nor a time like 50ms", text));
}

}  // namespace odradek::broker
