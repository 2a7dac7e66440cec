#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

extern char** environ;

namespace odradek {

// A running program of ours whose output can be read.
class Process {
 public:
  // With `input` (less than a pipe holds) as its standard input.
  Process(const std::string& program, std::vector<std::string> arguments,
          const std::string& input = {}) {
    arguments.insert(arguments.begin(), std::string(ODK_BINARY_DIR) + "/" + program);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    EXPECT_EQ(pipe2(out.data(), O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(err.data(), O_CLOEXEC), 0);
    std::array<int, 2> in{};
    EXPECT_EQ(pipe2(in.data(), O_CLOEXEC), 0);
    EXPECT_EQ(write(in[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
    close(in[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    out_ = out[0];
    err_ = err[0];
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      wait();
    }
    close(out_);
    close(err_);
  }

  // The next line of its output; waits for it.
  std::string line() const { return read_until(out_, true); }
  // The next line it says on standard error; waits for it, and is empty when it has ended.
  std::string error_line() const { return read_until(err_, true); }
  // All that is left of its output, until it ends.
  std::string output() const { return read_until(out_, false); }
  // All it says on standard error until it ends.
  std::string errors() const { return read_until(err_, false); }

  void terminate() const { send_signal(SIGTERM); }
  void send_signal(int signal) const { kill(pid_, signal); }
  // Its exit code, when it ended by itself.
  int wait() {
    if (pid_ <= 0) return -1;  // it never began
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  static std::string read_until(int fd, bool one_line) {
    std::string text;
    char byte = 0;
    while (read(fd, &byte, 1) == 1 && !(one_line && byte == '\n')) text += byte;
    return text;
  }

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
};

// The port in the line a server prints when it serves.
inline uint16_t port_of(const std::string& ready) {
  const size_t at = ready.find("127.0.0.1:") + std::string("127.0.0.1:").size();
  return static_cast<uint16_t>(std::stoi(ready.substr(at)));
}

}  // namespace odradek
