#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace odradek {

// Overwrites the text's memory (all of its capacity) in a way the compiler keeps, and empties it.
void wipe(std::string& text);

// A password, key or token: formats as "****", and its memory is overwritten when it goes away.
// Copying copies the secret; moving leaves the source empty. One thread.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  // Takes the text over and wipes the original.
  static Secret take(std::string& text);

  Secret(const Secret& other) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(text_); }

  // The only way to the text. Valid until the Secret changes.
  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  size_t size() const { return text_.size(); }

  // Takes the same time wherever the first difference lies. Lengths are not hidden.
  bool equals(std::string_view other) const;

 private:
  std::string text_;
};

// The environment variable `name`. kNotFound when it is not set.
Result<Secret> secret_from_environment(const std::string& name);

}  // namespace odradek

template <>
struct fmt::formatter<odradek::Secret> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const odradek::Secret& /*secret*/, Context& context) const {
    return fmt::formatter<std::string_view>::format("****", context);
  }
};
