#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "odradek/admin.h"

// Small pieces of answers as the public types have them.
namespace odradek::client {

inline std::string text_of(std::string_view text) { return std::string(text); }

inline std::optional<std::string> optional_text(std::string_view text) {
  if (is_null(text)) return std::nullopt;
  return std::string(text);
}

// A request's nullable string.
inline std::string_view nullable(const std::optional<std::string>& text) {
  return text ? std::string_view(*text) : std::string_view{};
}

template <class T>
std::vector<T> list_of(std::span<T> items) {
  return {items.begin(), items.end()};
}

inline std::vector<std::string_view> views_of(const std::vector<std::string>& items) {
  return {items.begin(), items.end()};
}

inline kafka::TopicId topic_id(const Uuid& id) { return {.bytes = id.bytes}; }

// The bits of an authorized_operations field; none when it was not asked for.
std::set<kafka::AclOperation> operations_of(int32_t bits);

// The operation of an error_code field, `what` its object.
kafka::Result<void> public_outcome(int16_t code, std::string_view server_message,
                                   std::string_view what);

kafka::ConfigSource config_source(int8_t number);

}  // namespace odradek::client
