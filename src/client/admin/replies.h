#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "client/admin/admin_call.h"
#include "client/error_map.h"
#include "odradek/admin_configs.h"
#include "odradek/admin_result.h"

namespace odradek::client {

// A key as messages name it.
inline std::string key_text(const std::string& name) { return name; }
inline std::string key_text(const kafka::TopicPartition& id) {
  return fmt::format("{}-{}", id.topic, id.partition);
}
inline std::string key_text(const std::pair<kafka::TopicPartition, int64_t>& offset) {
  return key_text(offset.first);
}
inline std::string key_text(int32_t broker) { return fmt::format("broker {}", broker); }
inline std::string key_text(const std::pair<int32_t, kafka::TopicPartition>& at) {
  return fmt::format("{} at broker {}", key_text(at.second), at.first);
}
inline std::string key_text(const kafka::Resource& resource) { return resource.name; }
inline std::string key_text(size_t index) { return fmt::format("number {}", index + 1); }

// kInvalidArgument when a key stands there twice: brokers refuse that, and two different wishes
// for one thing have no answer.
template <class Key>
Result<void> refuse_doubles(const std::vector<Key>& keys, std::string_view doing) {
  std::set<Key> known;
  for (const Key& key : keys) {
    if (known.insert(key).second) continue;
    return Error(Errc::kInvalidArgument, fmt::format("{} {}: named twice", doing, key_text(key)));
  }
  return {};
}

// The public type that tells the outcome for one key.
template <class Key, class Value>
struct ItemOf {
  using Type = std::pair<Key, kafka::Result<Value>>;
};
template <class Value>
struct ItemOf<std::string, Value> {
  using Type = kafka::Named<Value>;
};
template <class Value>
struct ItemOf<kafka::TopicPartition, Value> {
  using Type = kafka::OfPartition<Value>;
};
template <class Value>
struct ItemOf<int32_t, Value> {
  using Type = kafka::OfBroker<Value>;
};

// What is known so far of each thing a call asks about. Keys are open until they have a value or
// an error that repeating does not mend; open ones remember why they are. No I/O, no clock.
template <class Key, class Value>
class Replies {
 public:
  using Repeats = bool (*)(const Error&);
  using Stored = std::conditional_t<std::is_void_v<Value>, std::monostate, Value>;

  // `repeats`: which errors leave a key open. `doing` (static text) begins every error's message.
  Replies(std::vector<Key> keys, std::string_view doing, Repeats repeats)
      : keys_(std::move(keys)), doing_(doing), repeats_(repeats) {
    for (const Key& key : keys_) states_[key];
  }

  // Not answered yet, in order, each once.
  std::vector<Key> open() const {
    std::vector<Key> open;
    for (const auto& [key, state] : states_) {
      if (state.is_open) open.push_back(key);
    }
    return open;
  }
  bool knows(const Key& key) const { return states_.contains(key); }
  bool is_open(const Key& key) const {
    const auto found = states_.find(key);
    return found != states_.end() && found->second.is_open;
  }

  // A broker answered for one key. Answers for keys nobody asked about are ignored.
  void set(const Key& key, Stored value = {}) {
    State* const state = find_open(key);
    if (state == nullptr) return;
    state->value = std::move(value);
    state->is_open = false;
    state->is_named = true;
    is_answered_ = true;
  }
  void fail(const Key& key, const Error& error) {
    is_answered_ = true;
    keep(key, error);
  }
  // The same, as an answer's error fields say.
  void fail(const Key& key, int16_t code, std::string_view server_message = {}) {
    fail(key, proto::to_error(proto::error_code(code), key_text(key), server_message));
  }
  // Done or failed, as they say.
  void settle(const Key& key, int16_t code, std::string_view server_message = {})
    requires std::is_void_v<Value>
  {
    if (code == 0) {
      set(key);
    } else {
      fail(key, code, server_message);
    }
  }

  // A request about these leaves; expect() afterwards fails those its answer did not name.
  void begin(const std::vector<Key>& keys) {
    for (const Key& key : keys) states_.at(key).is_named = false;
  }
  void expect(const std::vector<Key>& keys) {
    for (const Key& key : keys) {
      if (!states_.at(key).is_named) keep(key, Error(Errc::kMalformed, "the answer leaves it out"));
    }
  }

  // Nobody answered for these, or the request failed as a whole.
  void fail_all(const std::vector<Key>& keys, const Error& error) {
    for (const Key& key : keys) keep(key, error);
  }
  // Those still open stay as they are for good.
  void give_up(const Error& why) {
    for (auto& [key, state] : states_) {
      if (!state.is_open) continue;
      state.is_open = false;
      if (!state.why) state.why = why;
    }
  }

  // Why some key is open, if one is.
  std::optional<Error> reason() const {
    for (const auto& [key, state] : states_) {
      if (state.is_open && state.why) return state.why;
    }
    return std::nullopt;
  }

  // The outcome of every key in the order asked; or one error when no broker answered for any.
  using Item = typename ItemOf<Key, Value>::Type;
  Result<std::vector<Item>> items() && {
    std::vector<Item> items;
    const Result<void> whole = std::move(*this).each(
        [&](const Key& key, kafka::Result<Value> r) { items.push_back(Item{key, std::move(r)}); });
    if (!whole) return whole.error();
    return items;
  }

  // The same, one after another, as each(key, public result).
  template <class Each>
  Result<void> each(Each each) && {
    if (!is_answered_ && !keys_.empty()) {
      const std::optional<Error>& why = states_.at(keys_.front()).why;
      return (why ? *why : Error(Errc::kTimedOut)).with_context(doing_);
    }
    for (const Key& key : keys_) each(key, result(states_.at(key)));
    return {};
  }

  // Values that are lists as one list, or the first error.
  Result<Stored> joined() && {
    Stored all;
    for (const Key& key : keys_) {
      State& state = states_.at(key);
      if (!state.value)
        return (state.why ? *state.why : Error(Errc::kTimedOut)).with_context(doing_);
      std::ranges::move(*state.value, std::back_inserter(all));
    }
    return all;
  }

 private:
  struct State {
    bool is_open = true;
    bool is_named = false;
    std::optional<Stored> value{};
    std::optional<Error> why{};
  };

  State* find_open(const Key& key) {
    const auto found = states_.find(key);
    return found == states_.end() || !found->second.is_open ? nullptr : &found->second;
  }
  void keep(const Key& key, const Error& error) {
    State* const state = find_open(key);
    if (state == nullptr) return;
    // That the time is up says less than what a broker answered before.
    const bool says_less =
        state->why && state->why->code() == Errc::kServer && error.code() == Errc::kTimedOut;
    if (!says_less) state->why = error;
    state->is_named = true;
    state->is_open = repeats_(error);
  }
  kafka::Result<Value> result(const State& state) const {
    if (state.value) {
      if constexpr (std::is_void_v<Value>) {
        return {};
      } else {
        return *state.value;
      }
    }
    return to_public((state.why ? *state.why : Error(Errc::kTimedOut)).with_context(doing_));
  }

  std::vector<Key> keys_;
  std::string_view doing_;
  Repeats repeats_;
  std::map<Key, State> states_;
  bool is_answered_ = false;
};

}  // namespace odradek::client
