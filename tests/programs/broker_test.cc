// The program odradek-broker from outside: what it prints, how it ends.

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "io/loop.h"
#include "process.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "rpc/client_connection.h"

namespace odradek {
namespace {

using std::chrono::seconds;

TEST(BrokerProgram, SaysWhereItListensAndEndsOnTermAtOnce) {
  const std::filesystem::path ready_file =
      std::filesystem::temp_directory_path() / ("odradek-ready-" + std::to_string(getpid()));
  Process broker("odradek-broker",
                 {"--listen", "127.0.0.1:0", "--topic", "t:1", "--http", "127.0.0.1:0",
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
    Process broker("odradek-broker", std::move(arguments));
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
  Process first("odradek-broker", {"--listen", "127.0.0.1:0", "--log-level", "off"});
  const std::string address = "127.0.0.1:" + std::to_string(port_of(first.line()));
  fails({"--listen", address, "--log-level", "off"}, 10, address);
}

}  // namespace
}  // namespace odradek
