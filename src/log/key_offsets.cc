#include "log/key_offsets.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>

namespace odradek::log {
namespace {

// The state of SipHash-2-4 with 128 bits of output.
class SipState {
 public:
  explicit SipState(const std::array<uint64_t, 2>& secret)
      : v_{0x736f6d6570736575U ^ secret[0], 0x646f72616e646f6dU ^ secret[1] ^ 0xeeU,
           0x6c7967656e657261U ^ secret[0], 0x7465646279746573U ^ secret[1]} {}

  void absorb(uint64_t word) {
    v_[3] ^= word;
    rounds(2);
    v_[0] ^= word;
  }
  uint64_t first() {
    v_[2] ^= 0xeeU;
    rounds(4);
    return v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
  }
  uint64_t second() {
    v_[1] ^= 0xddU;
    rounds(4);
    return v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
  }

 private:
  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v_[0] += v_[1];
      v_[1] = std::rotl(v_[1], 13) ^ v_[0];
      v_[0] = std::rotl(v_[0], 32);
      v_[2] += v_[3];
      v_[3] = std::rotl(v_[3], 16) ^ v_[2];
      v_[0] += v_[3];
      v_[3] = std::rotl(v_[3], 21) ^ v_[0];
      v_[2] += v_[1];
      v_[1] = std::rotl(v_[1], 17) ^ v_[2];
      v_[2] = std::rotl(v_[2], 32);
    }
  }

  std::array<uint64_t, 4> v_;
};

uint64_t random_word() {
  std::random_device device;
  return uint64_t{device()} << 32U | device();
}

}  // namespace

KeyOffsets::KeyOffsets(size_t bytes_max)
    : secret_{random_word(), random_word()},
      size_max_(std::max(bytes_max / sizeof(Entry), kEntriesMin) / 4 * 3),
      entries_(kEntriesMin) {}

KeyOffsets::Hash KeyOffsets::hash_of(Bytes key) const {
  SipState state(secret_);
  const size_t whole = key.size() / 8 * 8;
  for (size_t at = 0; at < whole; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, key.data() + at, sizeof(word));
    state.absorb(word);
  }
  uint64_t last = uint64_t{key.size()} << 56U;
  for (size_t at = whole; at < key.size(); ++at) last |= uint64_t{key[at]} << (8 * (at - whole));
  state.absorb(last);
  const uint64_t high = state.first();
  return {high, state.second()};
}

size_t KeyOffsets::place_of(const std::vector<Entry>& entries, const Hash& hash) {
  const size_t mask = entries.size() - 1;
  size_t place = hash.low & mask;
  while (entries[place].offset >= 0 && entries[place].hash != hash) place = (place + 1) & mask;
  return place;
}

bool KeyOffsets::put(Bytes key, int64_t offset) {
  const Hash hash = hash_of(key);
  size_t place = place_of(entries_, hash);
  if (entries_[place].offset < 0) {
    if (!has_room()) return false;
    if (size_ + 1 > entries_.size() / 4 * 3) {
      grow();
      place = place_of(entries_, hash);
    }
    ++size_;
  }
  entries_[place] = {hash, offset};
  return true;
}

int64_t KeyOffsets::find(Bytes key) const {
  return entries_[place_of(entries_, hash_of(key))].offset;
}

void KeyOffsets::grow() {
  std::vector<Entry> larger(entries_.size() * 2);
  for (const Entry& entry : entries_) {
    if (entry.offset >= 0) larger[place_of(larger, entry.hash)] = entry;
  }
  entries_ = std::move(larger);
}

}  // namespace odradek::log
