#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace odradek {

// An integer that does not mix with others: PartitionId is not an Offset.
template <class Rep, class Tag>
class StrongId {
 public:
  using Representation = Rep;
  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;

 private:
  Rep value_{};
};

using PartitionId = StrongId<int32_t, struct PartitionIdTag>;
using VirtualPartitionId = StrongId<int32_t, struct VirtualPartitionIdTag>;
using BrokerId = StrongId<int32_t, struct BrokerIdTag>;
using Offset = StrongId<int64_t, struct OffsetTag>;
using LeaderEpoch = StrongId<int32_t, struct LeaderEpochTag>;
using ProducerId = StrongId<int64_t, struct ProducerIdTag>;
using CorrelationId = StrongId<int32_t, struct CorrelationIdTag>;

// 16 bytes, as Kafka's topic ids. All zero means none.
struct Uuid {
  std::array<uint8_t, 16> bytes{};

  constexpr auto operator<=>(const Uuid&) const = default;
  constexpr bool is_zero() const { return *this == Uuid{}; }

  // 22 characters of unpadded URL-safe base64, as Kafka prints ids.
  std::string to_string() const;
  // A random version 4 id whose text does not begin with '-', as Kafka makes them.
  static Uuid random();
};

}  // namespace odradek

template <class Rep, class Tag>
struct std::hash<odradek::StrongId<Rep, Tag>> {
  size_t operator()(odradek::StrongId<Rep, Tag> id) const noexcept {
    return std::hash<Rep>{}(id.value());
  }
};

template <>
struct std::hash<odradek::Uuid> {
  size_t operator()(const odradek::Uuid& id) const noexcept {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  }
};
