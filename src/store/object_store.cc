#include "store/object_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ids.h"

namespace odradek::store {

Result<void> check_key(std::string_view key) {
  std::string_view rest = key;
  while (true) {
    const size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part.find('\0') != part.npos) {
      return Error(Errc::kInvalidArgument, fmt::format("object key \"{}\" is not allowed", key));
    }
    if (slash == rest.npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

Result<Capabilities> probe(ObjectStore& store, const std::string& prefix) {
  const std::string key = prefix + "probe-" + Uuid::random().to_string();
  const Result<ObjectInfo> first = store.put_if_absent(key, as_bytes("first"));
  if (!first) return first.error().with_context("probing the store");
  const Result<ObjectInfo> second = store.put_if_absent(key, as_bytes("second"));
  Result<Slice> kept = store.get(key);
  Result<void> removed = store.remove(key);
  if (!kept) return kept.error().with_context("probing the store");
  if (!removed) return removed.error().with_context("probing the store");
  Capabilities capabilities;
  capabilities.enforces_create_only =
      !second && second.error().code() == Errc::kAlreadyExists && kept->text() == "first";
  return capabilities;
}

Result<bool> put_once(ObjectStore& store, const std::string& key, Bytes content) {
  const Result<ObjectInfo> stored = store.put_if_absent(key, content);
  if (stored) return true;
  if (stored.error().code() != Errc::kAlreadyExists) return stored.error();
  ODK_TRY(const Slice there, store.get(key));
  return std::ranges::equal(there.bytes(), content);
}

}  // namespace odradek::store
