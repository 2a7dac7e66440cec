#include "base/secret.h"

#include <string.h>  // explicit_bzero

#include <cstdlib>

namespace odradek {

void wipe(std::string& text) {
  // Grows to the capacity first, so that bytes of an earlier, longer content go too.
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

Secret Secret::take(std::string& text) {
  Secret secret(text);
  wipe(text);
  return secret;
}

// Moves copy and wipe: a short text lies inside the object, and a moved-from string keeps it.

Secret::Secret(Secret&& other) noexcept {
  text_ = other.text_;
  wipe(other.text_);
}

Secret& Secret::operator=(const Secret& other) {
  if (this == &other) return *this;
  wipe(text_);
  text_ = other.text_;
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe(text_);
  text_ = other.text_;
  wipe(other.text_);
  return *this;
}

bool Secret::equals(std::string_view other) const {
  if (other.size() != text_.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < other.size(); ++i) {
    difference |= static_cast<unsigned char>(text_[i]) ^ static_cast<unsigned char>(other[i]);
  }
  return difference == 0;
}

Result<Secret> secret_from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) {
    return Error(Errc::kNotFound, "environment variable " + name + " is not set");
  }
  return Secret(value);
}

}  // namespace odradek
