// The settings other instances of the proxy wrote: what is read is written as it was meant.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/consistency/shared_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace odradek;
  using namespace odradek::proxy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<SharedSettings> read = parse_shared_settings(text);
  if (!read) {
    if (read.error().code() != Errc::kMalformed) __builtin_trap();
    return 0;
  }
  const Result<SharedSettings> again = parse_shared_settings(to_text(*read));
  if (!again || *again != *read) __builtin_trap();
  // Names that are there twice differ from themselves; no instance starts with those.
  (void)check_shared(*read, *again);
  return 0;
}
