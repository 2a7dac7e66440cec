#include "backup/archive/seal.h"

#include <fmt/format.h>

#include "backup/archive/archive_json.h"
#include "backup/archive/sha256.h"

namespace odradek::backup {
namespace {

constexpr std::string_view kBegin = ",\n \"seal\": \"";
constexpr std::string_view kEnd = "\"\n}\n";
constexpr size_t kHexBytes = 64;
constexpr size_t kSealBytes = kBegin.size() + kHexBytes + kEnd.size();

std::string sum_of(std::string_view text) { return to_hex(Bytes(sha256_of(as_bytes(text)))); }

}  // namespace

std::string seal(std::string json) {
  const size_t end = json.rfind('}');
  ODK_ASSERT(end != std::string::npos);
  json.resize(end);
  while (!json.empty() && (json.back() == '\n' || json.back() == ' ')) json.pop_back();
  return fmt::format("{}{}{}{}", json, kBegin, sum_of(json), kEnd);
}

Result<std::string> unseal(std::string_view text) {
  if (text.size() < kSealBytes || !text.ends_with(kEnd)) {
    return Error(Errc::kChecksum, "the seal is missing: the object is damaged or cut");
  }
  const std::string_view content = text.substr(0, text.size() - kSealBytes);
  const std::string_view mark = text.substr(content.size());
  if (!mark.starts_with(kBegin) || mark.substr(kBegin.size(), kHexBytes) != sum_of(content)) {
    return Error(Errc::kChecksum, "the content differs from its seal");
  }
  return fmt::format("{}\n}}", content);
}

}  // namespace odradek::backup
