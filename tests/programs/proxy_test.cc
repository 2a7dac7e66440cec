// The program kafka-partition-proxy from outside: signals.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "process.h"

namespace odradek {
namespace {

class ProxyProgram : public testing::Test {
 protected:
  ProxyProgram()
      : broker_("odradek-broker", {"--listen", "127.0.0.1:0", "--http", "off", "--log-level", "off",
                                   "--topic", "orders:3"}),
        bootstrap_("127.0.0.1:" + std::to_string(port_of(broker_.line()))),
        config_(std::filesystem::temp_directory_path() /
                ("odradek-proxy-" + std::to_string(getpid()) + ".yaml")) {}
  ~ProxyProgram() override { std::filesystem::remove(config_); }

  void configure(const std::string& more) const {
    std::ofstream(config_) << "listen: {address: \"127.0.0.1:0\"}\n"
                           << "kafka: {bootstrap_servers: \"" << bootstrap_ << "\"}\n"
                           << more;
  }
  std::vector<std::string> arguments() const { return {"--config", config_.string()}; }

  // The partitions of the topic as its clients see them.
  static size_t partitions(const std::string& address) {
    Process odk("odk", {"-b", address, "list"});
    const std::string listed = odk.output();
    EXPECT_EQ(odk.wait(), 0) << odk.errors();
    const std::string_view before = "orders with ";
    const size_t at = listed.find(before);
    return at == std::string::npos ? 0 : std::stoul(listed.substr(at + before.size()));
  }

 private:
  Process broker_;
  std::string bootstrap_;
  std::filesystem::path config_;
};

constexpr std::string_view kMapped =
    "mapping: {topics: {orders: {virtual_partitions: 12, physical_partitions: 3}}}\n";

TEST_F(ProxyProgram, ReadsItsConfigurationAgainOnHangUp) {
  configure("");
  Process proxy("kafka-partition-proxy", arguments());
  const std::string address = "127.0.0.1:" + std::to_string(port_of(proxy.line()));
  EXPECT_EQ(partitions(address), 3U);

  configure(std::string(kMapped));
  proxy.send_signal(SIGHUP);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (partitions(address) != 12U && std::chrono::steady_clock::now() < give_up) {
  }
  EXPECT_EQ(partitions(address), 12U);

  proxy.terminate();
  EXPECT_NE(proxy.errors().find("configuration read again"), std::string::npos);
  EXPECT_EQ(proxy.wait(), 0);
}

TEST_F(ProxyProgram, KeepsItsConfigurationWhenTheNewOneIsWrong) {
  configure(std::string(kMapped));
  Process proxy("kafka-partition-proxy", arguments());
  const std::string address = "127.0.0.1:" + std::to_string(port_of(proxy.line()));
  configure("maping: {}\n");
  proxy.send_signal(SIGHUP);
  std::string said;
  do {
    said = proxy.error_line();
  } while (!said.empty() && !said.contains("the old one stays"));
  EXPECT_TRUE(said.contains("did you mean mapping")) << said;
  EXPECT_EQ(partitions(address), 12U);
  proxy.terminate();
  EXPECT_EQ(proxy.wait(), 0);
}

}  // namespace
}  // namespace odradek
