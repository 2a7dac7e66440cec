#include "broker/space_reserve.h"

#include <vector>

#include "base/log.h"

namespace odradek::broker {

void SpaceReserve::fill() {
  if (is_full_) return;
  const auto write = [this]() -> Result<void> {
    ODK_TRY(const std::unique_ptr<log::File> file, files_.open(path_, log::OpenMode::kCreate));
    ODK_TRY(const uint64_t size, file->size());
    if (size >= kBytes) return {};
    const std::vector<uint8_t> zeros(kBytes);
    return file->write_at(0, Bytes(zeros));
  };
  const Result<void> written = write();
  is_full_ = written.has_value();
  if (is_full_) return;
  ODK_LOG(warn, "no space can be held back", kv("reason", written.error().message()));
  static_cast<void>(files_.remove(path_).has_value());  // what there is of it
}

bool SpaceReserve::release() {
  is_full_ = false;
  return files_.remove(path_).has_value();
}

}  // namespace odradek::broker
