#pragma once

#include <string>
#include <string_view>

namespace odradek::kafka {

// A password or token: overwritten when it goes away, and never printed. Made from text, or read
// from the environment so that it stands in no source file.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  // The environment variable `name`. Throws ConfigError when it is not set.
  static Secret from_env(const std::string& name);

  Secret(const Secret& other) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  // The only way to the text. Valid until the Secret changes.
  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

}  // namespace odradek::kafka
