#include "backup/archive/failpoint.h"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>

namespace odradek::backup {

void failpoint(std::string_view name) {
  const char* const chosen = std::getenv("ODRADEK_BACKUP_FAILPOINT");
  if (chosen == nullptr) return;
  const std::string_view text(chosen);
  const size_t colon = text.find(':');
  if (text.substr(0, colon) != name) return;
  int wanted = 1;
  if (colon != std::string_view::npos) {
    const std::string_view count = text.substr(colon + 1);
    std::from_chars(count.data(), count.data() + count.size(), wanted);
  }
  static std::atomic<int> reached = 0;
  if (++reached == wanted) std::raise(SIGKILL);
}

}  // namespace odradek::backup
