#pragma once

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>

extern char** environ;

// A broker on a free port that lives as long as this object. Throws when it does not start.
class BrokerProcess {
 public:
  BrokerProcess() {
    const char* named = std::getenv("ODRADEK_BROKER");
    std::string program = named == nullptr ? "odradek-broker" : named;
    std::string arguments[] = {program, "--listen", "127.0.0.1:0", "--http", "off"};
    char* argv[6] = {};
    for (int i = 0; i < 5; ++i) argv[i] = arguments[i].data();
    int out[2];
    if (pipe(out) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    const int failed = posix_spawnp(&pid_, argv[0], &actions, nullptr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    std::string ready;
    char byte = 0;
    while (failed == 0 && read(out[0], &byte, 1) == 1 && byte != '\n') ready += byte;
    close(out[0]);
    const std::string before = "\"bootstrap\":\"";
    const size_t at = ready.find(before);
    if (at == std::string::npos) throw std::runtime_error(program + " did not start");
    const size_t begin = at + before.size();
    bootstrap_ = ready.substr(begin, ready.find('"', begin) - begin);
  }
  BrokerProcess(const BrokerProcess&) = delete;
  BrokerProcess& operator=(const BrokerProcess&) = delete;
  ~BrokerProcess() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }

  const std::string& bootstrap() const { return bootstrap_; }

 private:
  pid_t pid_ = -1;
  std::string bootstrap_;
};
