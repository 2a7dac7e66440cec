#include "backup/archive/process_identity.h"

#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <fstream>
#include <iterator>
#include <vector>

namespace odradek::backup {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Clock ticks from boot to the start of the process, field 22 of /proc/PID/stat; empty when there
// is no such process. The name before it is in parentheses and may hold anything.
std::string start_of(std::string_view pid) {
  const std::string stat = first_line(fmt::format("/proc/{}/stat", pid));
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  constexpr int kFieldsBehindName = 20;
  size_t at = name_end + 1;
  for (int i = 1; i < kFieldsBehindName; ++i) {
    at = stat.find(' ', at + 1);
    if (at == std::string::npos) return {};
  }
  return stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

std::string host_name() {
  char host[HOST_NAME_MAX + 1] = {};
  gethostname(host, sizeof host - 1);
  return host;
}

// What must be the same for two process ids to mean the same.
std::string place() {
  char name_space[64] = {};
  if (readlink("/proc/self/ns/pid", name_space, sizeof name_space - 1) < 0) return {};
  return fmt::format("{}:{}", first_line("/proc/sys/kernel/random/boot_id"),
                     std::string_view(name_space).substr(4));
}

}  // namespace

std::string process_identity() {
  const std::string pid = fmt::format("{}", getpid());
  return fmt::format("{}:{}:{}:{}", host_name(), pid, start_of(pid), place());
}

bool is_ended_process(std::string_view identity) {
  const std::string prefix = host_name() + ":";
  const std::string suffix = ":" + place();
  if (suffix.size() < 2 || !identity.starts_with(prefix) || !identity.ends_with(suffix) ||
      identity.size() < prefix.size() + suffix.size()) {
    return false;
  }
  identity.remove_prefix(prefix.size());
  identity.remove_suffix(suffix.size());
  const size_t colon = identity.find(':');
  if (colon == std::string_view::npos || colon + 1 == identity.size()) return false;
  const std::string_view pid = identity.substr(0, colon);
  if (pid.find_first_not_of("0123456789") != std::string_view::npos) return false;
  return start_of(pid) != identity.substr(colon + 1);
}

}  // namespace odradek::backup
