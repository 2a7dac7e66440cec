// What a consumer says of itself to transactions, against a broker.
#include <gtest/gtest.h>

#include "broker/broker.h"
#include "odradek/kafka.h"

namespace odradek::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Calls next() without waiting until it is so; false when it does not come to be.
template <class Condition>
bool poll_until(const std::vector<Consumer*>& consumers, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + seconds(30);
  while (!condition() && std::chrono::steady_clock::now() < end) {
    for (Consumer* consumer : consumers) EXPECT_TRUE(consumer->next(milliseconds(0)).get());
  }
  return condition();
}

TEST(GroupMetadata, IsThatOfTheLatestCallOfNextThatDidNotWait) {
  broker::BrokerOptions broker_options;
  broker_options.topics = {{.name = "t", .partitions = 2, .configs = {}}};
  broker_options.properties = {{"group.initial.rebalance.delay.ms", "0"}};
  broker::Broker broker(std::move(broker_options));
  ASSERT_TRUE(broker.start().has_value());
  Client client(ClientOptions{.bootstrap = broker.bootstrap()});
  Consumer first(client, ConsumerOptions{.group = "g"});
  ASSERT_TRUE(first.subscribe({"t"}));
  ASSERT_TRUE(poll_until({&first}, [&] { return first.assignment().size() == 2; }));
  ASSERT_TRUE(first.next(milliseconds(1)).get());  // which tells it, too
  const int32_t before = first.group_metadata().generation;

  Consumer second(client, ConsumerOptions{.group = "g"});
  ASSERT_TRUE(second.subscribe({"t"}));
  const auto is_shared = [&] {
    return first.assignment().size() == 1 && second.assignment().size() == 1 &&
           first.group_metadata().generation == second.group_metadata().generation;
  };
  EXPECT_TRUE(poll_until({&first, &second}, is_shared))
      << before << ", " << first.group_metadata().generation << ", "
      << second.group_metadata().generation;
  EXPECT_GT(first.group_metadata().generation, before);
}

}  // namespace
}  // namespace odradek::kafka
