#include "client/security/tls_files.h"

#include <sys/stat.h>

#include "base/log.h"

namespace odradek::client {
namespace {

int64_t nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Result<std::shared_ptr<TlsFiles>> TlsFiles::create(auth::TlsContextHolder::Load load,
                                                   std::vector<std::string> files) {
  auto made = std::make_shared<TlsFiles>();
  std::erase_if(files, [](const std::string& name) { return name.empty(); });
  made->files_ = std::move(files);
  made->loaded_ = made->stamps();
  ODK_TRY(made->holder_, auth::TlsContextHolder::create(std::move(load)));
  return made;
}

std::vector<TlsFiles::Stamp> TlsFiles::stamps() const {
  std::vector<Stamp> stamps;
  for (const std::string& name : files_) {
    struct stat found{};
    Stamp& stamp = stamps.emplace_back();
    if (::stat(name.c_str(), &found) != 0) continue;
    stamp = {.modified_ns = nanoseconds(found.st_mtim),
             .changed_ns = nanoseconds(found.st_ctim),
             .inode = found.st_ino,
             .bytes = found.st_size};
  }
  return stamps;
}

auth::TlsContext TlsFiles::get() {
  std::vector<Stamp> now = stamps();
  if (now != loaded_) {
    const Result<void> reloaded = holder_->reload();
    if (reloaded) {
      loaded_ = std::move(now);
      ODK_LOG(info, "certificates were loaded again");
    } else {
      ODK_LOG(warn, "changed certificates cannot be used yet",
              kv("error", reloaded.error().to_string()));
    }
  }
  return holder_->get();
}

}  // namespace odradek::client
