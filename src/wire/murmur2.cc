#include "wire/murmur2.h"

#include "base/assert.h"
#include "wire/endian.h"

namespace odradek::wire {

uint32_t murmur2(Bytes key) {
  constexpr uint32_t kSeed = 0x9747B28C;
  constexpr uint32_t kMultiplier = 0x5BD1E995;
  constexpr unsigned kRotation = 24;

  uint32_t hash = kSeed ^ static_cast<uint32_t>(key.size());
  while (key.size() >= sizeof(uint32_t)) {
    uint32_t word = load_le<uint32_t>(key.data()) * kMultiplier;
    word ^= word >> kRotation;
    hash = (hash * kMultiplier) ^ (word * kMultiplier);
    key = key.subspan(sizeof(uint32_t));
  }
  if (!key.empty()) {
    for (size_t i = 0; i < key.size(); ++i) hash ^= uint32_t{key[i]} << (8 * i);
    hash *= kMultiplier;
  }
  hash ^= hash >> 13U;
  hash *= kMultiplier;
  return hash ^ (hash >> 15U);
}

int32_t partition_for_key(Bytes key, int32_t partition_count) {
  ODK_ASSERT(partition_count > 0);
  constexpr uint32_t kWithoutSign = 0x7FFFFFFF;
  return static_cast<int32_t>((murmur2(key) & kWithoutSign) %
                              static_cast<uint32_t>(partition_count));
}

}  // namespace odradek::wire
