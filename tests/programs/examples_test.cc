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

}  // namespace
}  // namespace odradek
