#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/slice.h"

namespace odradek::backup {

static_assert(std::endian::native == std::endian::little,
              "the archive's numbers are copied as they are");

template <class T>
void put_little_endian(Buffer& out, T value) {
  static_assert(std::is_integral_v<T>);
  std::memcpy(out.extend(sizeof value), &value, sizeof value);
}

// Reads fields one after another; past the end gives zero and makes ok() false.
class LittleEndianReader {
 public:
  explicit LittleEndianReader(Bytes bytes) : bytes_(bytes) {}

  template <class T>
  T take() {
    static_assert(std::is_integral_v<T>);
    T value{};
    const Bytes raw = take_bytes(sizeof value);
    if (raw.size() == sizeof value) std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }
  Bytes take_bytes(size_t count) {
    if (count > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const Bytes taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }
  bool ok() const { return ok_; }
  size_t remaining() const { return bytes_.size(); }

 private:
  Bytes bytes_;
  bool ok_ = true;
};

}  // namespace odradek::backup
