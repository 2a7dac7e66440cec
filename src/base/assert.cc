#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace odradek {

void assertion_failed(const char* condition, const char* file, int line,
                      const std::string& detail) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s %s\n", file, line, condition, detail.c_str());
  std::abort();
}

}  // namespace odradek
