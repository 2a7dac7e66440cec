#include "base/random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/assert.h"

namespace odradek {

void fill_random(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    ODK_ASSERT(got > 0, "no random numbers");
    bytes = bytes.subspan(static_cast<size_t>(got));
  }
}

}  // namespace odradek
