#include "output.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>

namespace odk {

void write_text(std::string_view text) {
  if (std::ferror(stdout) != 0) return;
  (void)std::fwrite(text.data(), 1, text.size(), stdout);  // a failure stays in the stream
}

bool is_written() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

bool is_reader_gone() {
  pollfd out{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

void write_error(std::string_view text) {
  // There is nobody to tell when this fails.
  (void)std::fprintf(stderr, "odk: %.*s\n", static_cast<int>(text.size()), text.data());
}

}  // namespace odk
