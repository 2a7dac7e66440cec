#pragma once

#include <fmt/format.h>

#include <string>

namespace odradek {

// Prints the broken invariant and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line,
                                   const std::string& detail);

}  // namespace odradek

// An invariant of ours, checked in release builds too. Never for input: that is an Error.
#define ODK_ASSERT(condition, ...)                                                                \
  do {                                                                                            \
    if (!(condition)) [[unlikely]] {                                                              \
      ::odradek::assertion_failed(#condition, __FILE__, __LINE__, ::fmt::format("" __VA_ARGS__)); \
    }                                                                                             \
  } while (false)
