#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/arena.h"
#include "base/assert.h"
#include "base/ids.h"
#include "proto/testing/visit_messages.h"
#include "proto/unknown_tags.h"
#include "wire/records.h"
#include "wire/writer.h"

namespace odradek::proto::testing {

// The ways of filling a message; numbers as in the golden file. Rules: tests/golden/README.md.
enum class FillKind : uint8_t { kDefaults, kFull, kNulls, kMixed, kLong };

// The versions that have a field, those where it may be null, and its tag or -1.
struct FieldFacts {
  int16_t low, high;
  int16_t null_low, null_high;
  int32_t tag;
};

// Gives every field of a message a value that depends on its place in the schema only, exactly as
// tests/golden's Java program does. The values live in the arena.
class Filler {
 public:
  Filler(FillKind kind, int16_t version, Arena& arena)
      : kind_(kind), version_(version), arena_(arena) {}

  template <class T>
  void field(const char* /*name*/, T& value, FieldFacts facts) {
    if (version_ < facts.low || version_ > facts.high) return;
    ++counter_;
    const bool nullable = version_ >= facts.null_low && version_ <= facts.null_high;
    if (nullable &&
        (kind_ == FillKind::kNulls || (kind_ == FillKind::kMixed && counter_ % 2 == 0))) {
      value = T{};
      return;
    }
    set(value);
  }

  void unknown_tags(UnknownTags& tags, int16_t first_flexible);

 private:
  template <class T>
  void set(std::span<T>& items) {
    constexpr bool kPlain = is_leaf<T>;
    size_t count = 1;
    if (kind_ == FillKind::kFull) count = 2;
    if (kind_ == FillKind::kMixed) count = counter_ % 3;
    if (kind_ == FillKind::kLong && kPlain) count = kLongArray;
    items = arena_.array<T>(count);
    for (T& item : items) {
      if (kPlain) ++counter_;
      set(item);
    }
  }
  template <class T>
  void set(T*& pointer) {
    pointer = arena_.create<T>();
    visit(*this, *pointer);
  }
  template <class T>
    requires std::is_integral_v<T>
  void set(T& value) {
    const int64_t sign = counter_ % 5 == 0 ? -1 : 1;
    const auto n = static_cast<int64_t>(counter_);
    if constexpr (std::is_same_v<T, bool>) {
      value = n % 2 == 1;
    } else if constexpr (std::is_same_v<T, int8_t>) {
      value = static_cast<int8_t>(1 + n % 120);
    } else if constexpr (std::is_same_v<T, int16_t>) {
      value = static_cast<int16_t>(sign * (1000 + n % 30000));
    } else if constexpr (std::is_same_v<T, uint16_t>) {
      value = static_cast<uint16_t>(60000 + n % 5000);
    } else if constexpr (std::is_same_v<T, int32_t>) {
      value = static_cast<int32_t>(sign * (100000 + n));
    } else if constexpr (std::is_same_v<T, uint32_t>) {
      value = static_cast<uint32_t>(3000000000 + n);
    } else {
      value = sign * ((int64_t{1} << 40) + n);
    }
  }
  void set(double& value) { value = static_cast<double>(counter_) + 0.25; }
  void set(Uuid& id) {
    for (size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<uint8_t>(counter_ + i);
  }
  void set(std::string_view& value) { value = text('s'); }
  void set(Bytes& value) { value = as_bytes(text('b')); }
  void set(wire::Records& value) { value.bytes = as_bytes(text('r')); }
  template <class T>
    requires std::is_class_v<T>
  void set(T& value) {
    visit(*this, value);
  }

  // Structs count their fields, not themselves.
  template <class T>
  static constexpr bool is_leaf = !std::is_class_v<T> || std::is_same_v<T, Uuid> ||
                                  std::is_same_v<T, std::string_view> || std::is_same_v<T, Bytes>;

  std::string_view text(char prefix);

  // Lengths that need two bytes as a varint.
  static constexpr size_t kLongText = 200;
  static constexpr size_t kLongArray = 130;

  FillKind kind_;
  int16_t version_;
  Arena& arena_;
  size_t counter_ = 0;
};

inline void Filler::unknown_tags(UnknownTags& tags, int16_t first_flexible) {
  if (version_ < first_flexible) return;
  ++counter_;
  size_t count = 0;
  if (kind_ == FillKind::kFull || kind_ == FillKind::kLong) count = 1;
  if (kind_ == FillKind::kMixed) count = counter_ % 3;
  wire::Writer raw;
  for (size_t i = 0; i < count; ++i) {
    raw.uvarint(static_cast<uint32_t>(100 + 5000 * i));
    raw.uvarint(static_cast<uint32_t>(i + 1));
    for (size_t zeros = 0; zeros < i; ++zeros) raw.i8(0);
    raw.i8(static_cast<int8_t>(counter_ + i));
  }
  const Slice encoded = raw.take().flatten();
  const Bytes kept = as_bytes(arena_.copy(encoded.text()));
  tags = {kept.data(), static_cast<uint32_t>(kept.size()), static_cast<uint32_t>(count)};
}

inline std::string_view Filler::text(char prefix) {
  std::string text = prefix + std::to_string(counter_);
  if (kind_ == FillKind::kLong && text.size() < kLongText) text.resize(kLongText, 'x');
  return arena_.copy(text);
}

}  // namespace odradek::proto::testing
