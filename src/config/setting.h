#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/value.h"

namespace odradek::config {

class Binder;

// One row of a Binder's table.
class Setting {
 public:
  Setting(std::string key, std::string doc) : key_(std::move(key)), doc_(std::move(doc)) {}
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;
  virtual ~Setting() = default;

  const std::string& key() const { return key_; }
  const std::string& doc() const { return doc_; }
  // The default as one would write it; empty when there is none, or it is too much for a table.
  const std::string& default_text() const { return default_text_; }
  bool is_required() const { return required_; }
  bool is_set() const { return !where_.origin.empty(); }

  Setting& required() {
    required_ = true;
    return *this;
  }

  virtual std::string type_name() const = 0;
  virtual std::string show() const = 0;
  // Can one text, from the environment or a flag, give the value?
  virtual bool is_text() const { return true; }
  // Declares what is inside one element, for the documentation.
  virtual void describe_inner(Binder& /*binder*/) {}

 private:
  friend class Binder;
  virtual Result<void> read(const ConfigNode& node, const Where& where) = 0;

  std::string key_;
  std::string doc_;
  std::string default_text_;
  bool required_ = false;
  Where where_;  // where it was set; the origin is empty before
  int line_ = 0;
};

template <class T>
class TypedSetting final : public Setting {
 public:
  // Gives a reason, or nothing when the value is fine.
  using Check = std::function<std::string(const T&)>;

  TypedSetting(std::string key, std::string doc, T& target)
      : Setting(std::move(key), std::move(doc)), target_(target) {}

  // NOLINTNEXTLINE(bugprone-derived-method-shadowing-base-method): the same, its type kept
  TypedSetting& required() {
    Setting::required();
    return *this;
  }
  TypedSetting& check(Check check) {
    checks_.push_back(std::move(check));
    return *this;
  }
  // Both ends included.
  TypedSetting& range(T smallest, T largest) {
    return check([smallest, largest](const T& value) {
      if (!(value < smallest) && !(largest < value)) return std::string{};
      return fmt::format("{} is not between {} and {}", TypeInfo<T>::show(value),
                         TypeInfo<T>::show(smallest), TypeInfo<T>::show(largest));
    });
  }

  std::string type_name() const override { return TypeInfo<T>::name(); }
  std::string show() const override { return TypeInfo<T>::show(target_); }

 private:
  Result<void> read(const ConfigNode& node, const Where& where) override {
    T value{};
    ODK_TRY_VOID(read_value(node, where, value));
    for (const Check& check : checks_) {
      if (const std::string reason = check(value); !reason.empty()) {
        return where.error(node, reason);
      }
    }
    target_ = std::move(value);
    return {};
  }

  T& target_;
  std::vector<Check> checks_;
};

template <class T>
class ChoiceSetting final : public Setting {
 public:
  ChoiceSetting(std::string key, std::string doc, T& target,
                std::vector<std::pair<std::string, T>> words)
      : Setting(std::move(key), std::move(doc)), target_(target), words_(std::move(words)) {}

  std::string type_name() const override {
    std::string names;
    for (const auto& [word, value] : words_) names += (names.empty() ? "" : " or ") + word;
    return names;
  }
  std::string show() const override {
    for (const auto& [word, value] : words_) {
      if (value == target_) return word;
    }
    return {};
  }

 private:
  Result<void> read(const ConfigNode& node, const Where& where) override {
    std::string text;
    ODK_TRY_VOID(read_value(node, where, text));
    for (const auto& [word, value] : words_) {
      if (word == text) {
        target_ = value;
        return {};
      }
    }
    return where.error(node, fmt::format("expected {}, found \"{}\"", type_name(), text));
  }

  T& target_;
  std::vector<std::pair<std::string, T>> words_;
};

}  // namespace odradek::config
