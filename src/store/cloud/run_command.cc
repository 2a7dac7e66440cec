#include "store/cloud/run_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace odradek::store::cloud {
namespace {

Result<pid_t> spawn(const std::string& command, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  std::array<char, 3> shell = {'s', 'h', '\0'};
  std::array<char, 3> flag = {'-', 'c', '\0'};
  std::string words = command;
  const std::array<char*, 4> arguments = {shell.data(), flag.data(), words.data(), nullptr};
  pid_t child = -1;
  const int failure = posix_spawn(&child, "/bin/sh", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return Error(Errc::kIo, std::strerror(failure));
  return child;
}

Result<std::string> read_all(int input, std::chrono::milliseconds timeout, size_t max_bytes) {
  const auto ends_at = std::chrono::steady_clock::now() + timeout;
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        ends_at - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Error(Errc::kTimedOut, "the command does not end");
    pollfd waiting = {.fd = input, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return Error(Errc::kIo, std::strerror(errno));
    if (ready <= 0) continue;
    const ssize_t count = ::read(input, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error(Errc::kIo, std::strerror(errno));
    if (count == 0) return text;
    if (text.size() + static_cast<size_t>(count) > max_bytes) {
      return Error(Errc::kLimitExceeded, "the command prints too much");
    }
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

}  // namespace

Result<std::string> run_command(const std::string& command, std::chrono::milliseconds timeout,
                                size_t max_bytes) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error(Errc::kIo, std::strerror(errno));
  const Result<pid_t> child = spawn(command, ends[1]);
  ::close(ends[1]);
  Result<std::string> text =
      child ? read_all(ends[0], timeout, max_bytes) : Result<std::string>(child.error());
  ::close(ends[0]);
  if (!child) return text;
  if (!text) ::kill(*child, SIGKILL);
  int status = 0;
  while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (text && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
    return Error(Errc::kIo, fmt::format("the command failed with {}",
                                        WIFEXITED(status) ? WEXITSTATUS(status) : status));
  }
  return text;
}

}  // namespace odradek::store::cloud
