#pragma once

#include <string>

#include "log/disk/file_system.h"

namespace odradek::broker {

// A file that holds some space of a disk for the time when it is full: topics can then still be
// deleted, which needs a few bytes of the metadata log. One loop.
class SpaceReserve {
 public:
  SpaceReserve(log::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  // Makes the file, if there is space for it.
  void fill();
  // Gives the space away; false when there was none.
  bool release();

 private:
  static constexpr size_t kBytes = size_t{256} << 10U;

  log::FileSystem& files_;
  std::string path_;
  bool is_full_ = false;
};

}  // namespace odradek::broker
