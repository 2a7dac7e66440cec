// How the programs end when the other side is dead or not trusted: docs/exit-codes.md.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "process.h"

namespace odradek {
namespace {

// A port nobody listens on: just closed again by a broker that had it.
std::string dead_address() {
  Process broker("odradek-broker", {"--listen", "127.0.0.1:0", "--log-level", "off"});
  const std::string address = "127.0.0.1:" + std::to_string(port_of(broker.line()));
  broker.terminate();
  EXPECT_EQ(broker.wait(), 0);
  return address;
}

class ExitCodes : public testing::Test {
 protected:
  ExitCodes()
      : folder_(std::filesystem::temp_directory_path() /
                ("odradek-exit-codes-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~ExitCodes() override { std::filesystem::remove_all(folder_); }

  std::string file(std::string_view name, std::string_view text) const {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }
  std::string folder() const { return folder_.string(); }

  // The program ends with `code`, and says `part` on standard error.
  static void ends(const std::string& program, std::vector<std::string> arguments, int code,
                   std::string_view part) {
    Process process(program, std::move(arguments));
    const std::string said = process.errors();
    EXPECT_EQ(process.wait(), code) << program << ": " << said;
    EXPECT_NE(said.find(part), std::string::npos) << program << ": " << said;
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(ExitCodes, DeadPeerIsThree) {
  const std::string dead = dead_address();
  ends("odk", {"-b", dead, "--timeout-ms", "300", "list"}, 3, dead);
  const std::string backup = file("backup.yaml", "source: {request_timeout_ms: 300}\n");
  ends("kafka-backup",
       {"backup", "--config", backup, "--path", folder(), "--backup-id", "a", "--bootstrap", dead},
       3, dead);
  const std::string proxy = file("proxy.yaml",
                                 "kafka: {connection_timeout_ms: 200, request_timeout_ms: 500}\n"
                                 "mapping: {virtual_partitions: 12, physical_partitions: 3}\n");
  ends("kafka-partition-proxy",
       {"--config", proxy, "--listen", "127.0.0.1:0", "--bootstrap", dead, "--check"}, 3, dead);
}

TEST_F(ExitCodes, CertificateFileThatIsNoneIsTwo) {
  const std::string bad = file("ca.pem", "no certificate");
  ends("odk", {"-b", "127.0.0.1:1", "--ca", bad, "list"}, 2, bad);
  const std::string backup =
      file("backup.yaml",
           "source: {security: {security_protocol: SSL, ssl_ca_location: " + bad + "}}\n");
  ends("kafka-backup",
       {"backup", "--config", backup, "--path", folder(), "--backup-id", "a", "--bootstrap",
        "127.0.0.1:1"},
       2, bad);
}

TEST_F(ExitCodes, PortInUseIsTen) {
  Process broker("odradek-broker", {"--listen", "127.0.0.1:0", "--log-level", "off"});
  const std::string taken = "127.0.0.1:" + std::to_string(port_of(broker.line()));
  ends("odradek-broker", {"--listen", taken}, 10, taken);
  ends("kafka-partition-proxy", {"--listen", taken, "--bootstrap", taken}, 10, taken);
}

TEST_F(ExitCodes, WrongKeyIsTwoAndNamesTheLineAndTheNearestKey) {
  const std::string config = file("any.yaml", "mapping:\n  virtual_partition: 12\n");
  ends("kafka-partition-proxy", {"--config", config, "--validate"}, 2, config + ":2");
  ends("kafka-partition-proxy", {"--config", config, "--validate"}, 2, "virtual_partitions");
  const std::string backup = file("backup.yaml", "sorce: {}\n");
  ends("kafka-backup", {"backup", "--config", backup}, 2, "source");
}

}  // namespace
}  // namespace odradek
