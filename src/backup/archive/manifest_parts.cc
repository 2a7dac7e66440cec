#include "backup/archive/manifest_parts.h"

#include "backup/archive/json_fields.h"
#include "backup/format/zstd_frame.h"

namespace odradek::backup {
namespace {

constexpr uint64_t kPartBytesMax = 2ULL << 30U;
constexpr int kZstdLevel = 3;

bool may_have_parts(std::string_view text) { return text.find("\"parts\"") != text.npos; }

Result<Json> read_part(store::ObjectStore& store, const Json& part) {
  const auto key = take<std::string>(part, "key");
  Result<Slice> stored = store.get(key);
  if (!stored) return stored.error();
  const auto sum = take_hex<32>(part, "sha256");
  if (sha256_of(stored->bytes()) != sum) {
    return Error(Errc::kChecksum, fmt::format("object {} is not what the manifest says", key));
  }
  Result<Slice> text = unpack_zstd(stored->bytes(), kPartBytesMax);
  if (!text) return text.error().with_context("object " + key);
  return Json::parse(text->text());
}

// What the JSON library throws becomes an Error.
template <class T, class Work>
Result<T> with_json(Work work) {
  try {
    return work();
  } catch (const std::exception& failure) {
    return Error(Errc::kMalformed, fmt::format("odradek-backup: {}", failure.what()));
  }
}

}  // namespace

Result<SplitManifest> split_manifest(std::string text, const ArchiveKeys& keys, size_t bytes_max) {
  if (text.size() <= bytes_max) return SplitManifest{std::move(text), {}};
  return with_json<SplitManifest>([&]() -> Result<SplitManifest> {
    Json manifest = Json::parse(text);
    SplitManifest split;
    Json parts = Json::array();
    for (const Json& topic : manifest.at("topics")) {
      ODK_TRY(Slice content, pack_zstd(as_bytes(topic.dump()), kZstdLevel));
      const std::string sum = hex(sha256_of(content.bytes()));
      parts.push_back({{"name", topic.at("name")},
                       {"incarnation", topic.at("incarnation")},
                       {"key", keys.manifest_part(sum)},
                       {"sha256", sum}});
      split.parts.push_back({keys.manifest_part(sum), std::move(content)});
    }
    manifest["topics"] = Json::array();
    manifest["parts"] = std::move(parts);
    split.text = manifest.dump(1);
    return split;
  });
}

Result<std::string> join_manifest(store::ObjectStore& store, std::string text) {
  if (!may_have_parts(text)) return text;
  return with_json<std::string>([&]() -> Result<std::string> {
    Json manifest = Json::parse(text);
    const auto parts = manifest.find("parts");
    if (parts == manifest.end()) return std::move(text);
    const Json list = std::move(*parts);
    manifest.erase("parts");
    for (const Json& part : list) {
      ODK_TRY(Json topic, read_part(store, part));
      manifest["topics"].push_back(std::move(topic));
    }
    return manifest.dump(1);
  });
}

std::vector<std::string> part_keys(std::string_view manifest) {
  std::vector<std::string> keys;
  if (!may_have_parts(manifest)) return keys;
  const Json object = Json::parse(manifest, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object.contains("parts")) return keys;
  for (const Json& part : object["parts"]) {
    if (part.is_object() && part.contains("key") && part["key"].is_string()) {
      keys.push_back(part["key"].get<std::string>());
    }
  }
  return keys;
}

}  // namespace odradek::backup
