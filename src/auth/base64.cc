#include "auth/base64.h"

#include <array>

namespace odradek::auth {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<int8_t, 256> inverse_of(std::string_view alphabet) {
  std::array<int8_t, 256> inverse{};
  inverse.fill(-1);
  for (size_t i = 0; i < alphabet.size(); ++i) {
    inverse[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
  }
  return inverse;
}

constexpr auto kStandardInverse = inverse_of(kStandard);
constexpr auto kUrlSafeInverse = inverse_of(kUrlSafe);

std::string encode(Bytes bytes, std::string_view alphabet) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (const uint8_t byte : bytes) {
    pending = (pending << 8U) | byte;
    pending_bits += 8;
    while (pending_bits >= 6) {
      pending_bits -= 6;
      text += alphabet[(pending >> pending_bits) & 63U];
    }
  }
  if (pending_bits != 0) text += alphabet[(pending << (6 - pending_bits)) & 63U];
  return text;
}

Result<std::vector<uint8_t>> decode(std::string_view digits,
                                    const std::array<int8_t, 256>& inverse) {
  if (digits.size() % 4 == 1) return Error(Errc::kMalformed, "base64 text of impossible length");
  std::vector<uint8_t> bytes;
  bytes.reserve(digits.size() / 4 * 3 + 2);
  uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (const char digit : digits) {
    const int8_t value = inverse[static_cast<uint8_t>(digit)];
    if (value < 0) return Error(Errc::kMalformed, "not a base64 character");
    pending = (pending << 6U) | static_cast<uint8_t>(value);
    pending_bits += 6;
    if (pending_bits >= 8) {
      pending_bits -= 8;
      bytes.push_back(static_cast<uint8_t>(pending >> pending_bits));
    }
  }
  if ((pending & ((1U << pending_bits) - 1U)) != 0) {
    return Error(Errc::kMalformed, "base64 text with bits left over");
  }
  return bytes;
}

}  // namespace

std::string encode_base64(Bytes bytes) {
  std::string text = encode(bytes, kStandard);
  while (text.size() % 4 != 0) text += '=';
  return text;
}

Result<std::vector<uint8_t>> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return Error(Errc::kMalformed, "base64 text without its padding");
  if (text.ends_with('=')) text.remove_suffix(text.ends_with("==") ? 2 : 1);
  return decode(text, kStandardInverse);
}

std::string encode_base64url(Bytes bytes) { return encode(bytes, kUrlSafe); }

Result<std::vector<uint8_t>> decode_base64url(std::string_view text) {
  return decode(text, kUrlSafeInverse);
}

}  // namespace odradek::auth
