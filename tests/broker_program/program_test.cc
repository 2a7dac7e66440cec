// The program odradek-broker from outside: what it prints, how it ends.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "io/loop.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "rpc/client_connection.h"

extern char** environ;

namespace odradek {
namespace {

using std::chrono::seconds;

// A running odradek-broker whose output can be read.
class Process {
 public:
  explicit Process(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), std::string(ODK_BINARY_DIR) + "/odradek-broker");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    EXPECT_EQ(pipe2(out.data(), O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(err.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
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
  // All it says on standard error until it ends.
  std::string errors() const { return read_until(err_, false); }

  void terminate() const { kill(pid_, SIGTERM); }
  // Its exit code, when it ended by itself.
  int wait() {
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

uint16_t port_of(const std::string& ready) {
  const size_t at = ready.find("127.0.0.1:") + std::string("127.0.0.1:").size();
  return static_cast<uint16_t>(std::stoi(ready.substr(at)));
}

TEST(BrokerProgram, SaysWhereItListensAndEndsOnTermAtOnce) {
  const std::filesystem::path ready_file =
      std::filesystem::temp_directory_path() / ("odradek-ready-" + std::to_string(getpid()));
  Process broker({"--listen", "127.0.0.1:0", "--topic", "t:1", "--http", "127.0.0.1:0",
                  "--ready-file", ready_file.string(), "--log-level", "off"});
  const std::string ready = broker.line();
  EXPECT_EQ(ready.find(R"({"bootstrap":"127.0.0.1:)"), 0U) << ready;
  EXPECT_NE(ready.find(R"("http":"127.0.0.1:)"), std::string::npos);

  io::Loop loop;
  rpc::ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = port_of(ready);
  options.deadline = loop.now() + seconds(10);
  auto client = loop.block_on(rpc::ClientConnection::connect(loop, options));
  ASSERT_TRUE(client) << client.error().to_string();
  proto::FetchRequest::FetchPartition partition;
  partition.partition_max_bytes = 1000;
  proto::FetchRequest::FetchTopic topic{"t", {}, {&partition, 1}, {}};
  proto::FetchRequest request;
  request.max_wait_ms = 60'000;
  request.min_bytes = 1;
  request.topics = {&topic, 1};
  request.forgotten_topics_data = proto::empty_array<proto::FetchRequest::ForgottenTopic>();
  request.rack_id = "";
  const auto before = std::chrono::steady_clock::now();
  wire::Writer writer(256);
  encode(writer, 12, request);
  bool closed = false;
  (*client)->send(proto::ApiKey::kFetch, 12, *writer.finish(), loop.now() + seconds(30),
                  [&closed](Result<rpc::RawResponse> answer) { closed = !answer; });
  loop.run_ready();
  broker.terminate();
  EXPECT_EQ(broker.wait(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(5)) << "a waiting fetch delays it";
  std::ifstream file(ready_file);
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, ready);
  std::filesystem::remove(ready_file);
}

TEST(BrokerProgram, NamesWhatIsWrongInOneSentence) {
  const auto fails = [](std::vector<std::string> arguments, int code, std::string_view part) {
    Process broker(std::move(arguments));
    const std::string said = broker.errors();
    EXPECT_EQ(broker.wait(), code) << said;
    EXPECT_NE(said.find(part), std::string::npos) << said;
  };
  fails({"--set", "num.partition=3"}, 2, "did you mean num.partitions");
  fails({"--set", "num.partitions=many"}, 2, "num.partitions");
  fails({"--listen", "127.0.0.1:port"}, 2, "listen");
  fails({"--topic", "t:none"}, 2, "--topic");
  fails({"--config", "/no/such/file.yaml"}, 2, "/no/such/file.yaml");
  fails({"--no-such-flag"}, 2, "--no-such-flag");
  Process first({"--listen", "127.0.0.1:0", "--log-level", "off"});
  const std::string address = "127.0.0.1:" + std::to_string(port_of(first.line()));
  fails({"--listen", address, "--log-level", "off"}, 10, address);
}

}  // namespace
}  // namespace odradek
