#include "base/ids.h"

#include "base/random.h"

namespace odradek {

std::string Uuid::to_string() const {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  text.reserve(22);
  uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (const uint8_t byte : bytes) {
    pending = (pending << 8U) | byte;
    pending_bits += 8;
    while (pending_bits >= 6) {
      pending_bits -= 6;
      text += kAlphabet[(pending >> pending_bits) & 63U];
    }
  }
  text += kAlphabet[(pending << (6 - pending_bits)) & 63U];
  return text;
}

Uuid Uuid::random() {
  Uuid id;
  do {
    fill_random(id.bytes);
    id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0FU) | 0x40U);
    id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
  } while (id.to_string().front() == '-');
  return id;
}

}  // namespace odradek
