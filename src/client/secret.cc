#include "odradek/secret.h"

#include <cstdlib>

#include "base/secret.h"
#include "odradek/error.h"

namespace odradek::kafka {

Secret Secret::from_env(const std::string& name) {
  const auto found = secret_from_environment(name);
  if (!found) {
    throw ConfigError(
        KafkaError(ErrorKind::config, "environment variable " + name + " is not set"));
  }
  return Secret(found->reveal());
}

// NOLINTNEXTLINE(performance-move-constructor-init): a moved short string keeps its bytes
Secret::Secret(Secret&& other) noexcept : text_(other.text_) { wipe(other.text_); }

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe(text_);
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(text_);
    text_ = other.text_;
    wipe(other.text_);
  }
  return *this;
}

Secret::~Secret() { wipe(text_); }

}  // namespace odradek::kafka
