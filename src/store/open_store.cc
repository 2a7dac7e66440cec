#include "store/open_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "store/azure/open_azure.h"
#include "store/file_store.h"
#include "store/gcs/open_gcs.h"
#include "store/memory_store.h"
#include "store/s3/open_s3.h"

namespace odradek::store {
namespace {

using Opened = Result<std::unique_ptr<ObjectStore>>;

Opened open_files(const StoreSettings& settings, const StoreContext& /*context*/) {
  if (settings.path.empty()) {
    return Error(Errc::kConfig, "storage.path: the folder of the archives is required");
  }
  ODK_TRY(std::unique_ptr<FileStore> files, FileStore::open(settings.path));
  return files;
}

Opened open_memory(const StoreSettings& /*settings*/, const StoreContext& /*context*/) {
  return std::make_unique<MemoryStore>();
}

// One row a backend: a further one adds its folder and its row.
struct Backend {
  std::string_view name;
  std::string_view scheme;  // of URLs
  Opened (*open)(const StoreSettings& settings, const StoreContext& context);
};
constexpr auto kBackends = std::to_array<Backend>({
    {"filesystem", "file", open_files},
    {"memory", "memory", open_memory},
    {"s3", "s3", s3::open_s3},
    {"azure", "azblob", azure::open_azure},
    {"gcs", "gs", gcs::open_gcs},
});

std::string names_of_backends() {
  std::string names;
  for (const Backend& backend : kBackends) {
    if (!names.empty()) names += ", ";
    names += backend.name;
  }
  return names;
}

// "s3", "gs" of "s3://bucket"; nothing for a plain path.
std::string_view scheme_of(std::string_view path) {
  if (path == "memory:") return "memory";
  const size_t mark = path.find("://");
  return mark == path.npos ? std::string_view() : path.substr(0, mark);
}

// Takes bucket and prefix out of a URL. Errors: kConfig when the settings say something else.
Result<void> take_url_apart(StoreSettings& settings) {
  std::string_view rest = std::string_view(settings.path);
  rest.remove_prefix(rest.find("://") + 3);
  const size_t slash = rest.find('/');
  const std::string bucket(rest.substr(0, slash));
  const std::string prefix(slash == rest.npos ? std::string_view() : rest.substr(slash + 1));
  if (rest.find_first_of("?#@") != rest.npos) {
    return Error(Errc::kConfig, "storage.path: only a bucket and a prefix belong into the URL");
  }
  if ((!settings.bucket.empty() && settings.bucket != bucket) ||
      (!settings.prefix.empty() && !prefix.empty() && settings.prefix != prefix)) {
    return Error(Errc::kConfig, "storage.path: bucket or prefix are named twice, differently");
  }
  settings.bucket = bucket;
  if (!prefix.empty()) settings.prefix = prefix;
  return {};
}

}  // namespace

Opened open_store(const StoreSettings& given, const StoreContext& context) {
  StoreSettings settings = given;
  const std::string_view scheme = scheme_of(given.path);
  if (settings.backend.empty() && settings.path.empty()) {
    return Error(Errc::kConfig, "storage.path (or --path) is required");
  }
  const auto is_meant = [&](const Backend& backend) {
    if (!scheme.empty()) return backend.scheme == scheme;
    return backend.name == (settings.backend.empty() ? "filesystem" : settings.backend);
  };
  const auto found = std::ranges::find_if(kBackends, is_meant);
  if (found == kBackends.end()) {
    return Error(Errc::kConfig, scheme.empty()
                                    ? fmt::format("storage.backend: \"{}\" is none of {}",
                                                  settings.backend, names_of_backends())
                                    : fmt::format("storage.path: \"{}://\" is the URL of no known "
                                                  "store",
                                                  scheme));
  }
  if (!settings.backend.empty() && settings.backend != found->name) {
    return Error(Errc::kConfig, fmt::format("storage.backend: {} does not go with the path {}",
                                            settings.backend, settings.path));
  }
  if (scheme == "file") settings.path.erase(0, std::string_view("file://").size());
  const bool is_bucket = !scheme.empty() && scheme != "file" && scheme != "memory";
  if (is_bucket) ODK_TRY_VOID(take_url_apart(settings));
  return found->open(settings, context);
}

Opened open_store(const std::string& url, StoreSettings settings, const StoreContext& context) {
  settings.path = url;
  return open_store(settings, context);
}

bool is_about_store(const Error& error) {
  return std::ranges::any_of(kBackends, [&error](const Backend& backend) {
    return error.message().contains(fmt::format("{}://", backend.scheme));
  });
}

}  // namespace odradek::store
