// The examples of the client, one after the other on one broker.
#include <gtest/gtest.h>

#include <string>

#include "odradek/kafka.h"
#include "process.h"

namespace odradek {
namespace {

namespace ok = odradek::kafka;

TEST(Examples, ProduceConsumeAndPassOnExactlyOnce) {
  Process broker("odradek-broker",
                 {"--listen", "127.0.0.1:0", "--http", "off", "--log-level", "off"});
  const std::string address = "127.0.0.1:" + std::to_string(port_of(broker.line()));
  Process quick_start("example_quick_start", {address});
  const std::string errors = quick_start.errors();
  ASSERT_EQ(quick_start.wait(), 0) << errors;
  for (int run = 0; run < 2; ++run) {  // the second finds everything done
    Process transactions("example_transactions", {address});
    const std::string said = transactions.errors();
    ASSERT_EQ(transactions.wait(), 0) << said;
  }

  ok::Client client({.bootstrap = address});
  ok::Consumer consumer(client,
                        {.start = ok::Start::earliest, .isolation = ok::Isolation::read_committed});
  ASSERT_TRUE(consumer.assign({{"seen", 0}}));
  int count = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (count < 10 && std::chrono::steady_clock::now() < end) {
    const auto batch = consumer.next(std::chrono::milliseconds(100)).get();
    ASSERT_TRUE(batch) << batch.error().to_string();
    for (const ok::RecordView& record : *batch) {
      EXPECT_EQ(record.value().substr(0, 11), "seen order ");
      ++count;
    }
  }
  EXPECT_EQ(count, 10);
}

// Runs the example to its end; what it printed.
std::string run(const std::string& name, std::vector<std::string> arguments) {
  Process example("example_" + name, std::move(arguments));
  const std::string output = example.output();
  const std::string errors = example.errors();
  EXPECT_EQ(example.wait(), 0) << name << ": " << output << errors;
  return output;
}

TEST(Examples, OfTheCookbookRun) {
  Process broker("odradek-broker",
                 {"--listen", "127.0.0.1:0", "--http", "off", "--log-level", "off"});
  const std::string address = "127.0.0.1:" + std::to_string(port_of(broker.line()));
  EXPECT_EQ(run("admin", {address, "work", "readers"}),
            "lag 0\nno access control here: "
            "server: create ACL: number 1: SECURITY_DISABLED (54): No Authorizer is configured.\n");
  EXPECT_NE(run("produce", {address, "work"}).find("INVALID_TOPIC_EXCEPTION"), std::string::npos);
  EXPECT_NE(run("consume", {address, "work", "readers", "1003"}).find("number 999"),
            std::string::npos);
  EXPECT_EQ(run("admin", {address, "work", "readers"}).substr(0, 6), "lag 0\n");
  run("consume", {address, "work", "", "1"});  // no group: the last hour
  EXPECT_EQ(run("produce_fast", {address, "work", "1000"}), "1000 delivered, 0 failed\n");
  EXPECT_NE(run("migrate", {address, "work"}), "");
  run("admin", {address, "copy", "readers"});
  run("coroutine", {address, "work", "copy", "100"});
}

TEST(Examples, SayWhatThisBuildCanDo) {
  EXPECT_EQ(run("parts", {}),
            "TLS yes\nSASL_SCRAM yes\nSASL_OAUTH yes\nGZIP yes\nSNAPPY yes\nLZ4 yes\nZSTD yes\n");
}

}  // namespace
}  // namespace odradek
