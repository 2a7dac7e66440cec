#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/settings.h"

namespace odradek::broker {

// Kafka's properties as one listener sees them: listener.name.NAME.KEY before KEY.
class ListenerProperties {
 public:
  // `settings` must outlive it.
  ListenerProperties(const Settings& settings, std::string_view listener);

  // Given at start, or the default; none when there is neither.
  std::optional<std::string> get(std::string_view key) const;
  // Only when somebody gave it.
  std::optional<std::string> given(std::string_view key) const;
  // For a mechanism: listener.name.NAME.MECHANISM.KEY before MECHANISM.KEY.
  std::optional<std::string> of_mechanism(std::string_view mechanism, std::string_view key) const;

  std::string text(std::string_view key) const { return get(key).value_or(""); }
  int64_t number(std::string_view key) const;
  std::vector<std::string> list(std::string_view key) const;

 private:
  const Settings& settings_;
  std::string prefix_;
};

}  // namespace odradek::broker
