// Compaction in a running broker.

#include "broker/broker_on_disk_for_tests.h"

namespace odradek::broker::testing {
namespace {

constexpr size_t kValueBytes = 300'000;

std::vector<std::pair<std::string, std::string>> compacted() {
  return {{"cleanup.policy", "compact"},
          {"segment.bytes", "1048576"},
          {"min.cleanable.dirty.ratio", "0.01"}};
}

// Enough of one key for several segments; gives what is left to read after a while.
template <class Test>
std::vector<std::string> overwrite(Test& test) {
  test.create_topic("t", 1, compacted());
  for (int i = 0; i < 10; ++i) {
    test.produce("t", {std::to_string(i) + std::string(kValueBytes, 'x')});
  }
  test.pass(seconds(16));
  test.pass(seconds(1));
  return test.values("t");
}

class CompactionInBroker : public BrokerOnDisk {
 public:
  using BrokerOnDisk::create_topic;
  using BrokerOnDisk::pass;
  using BrokerOnDisk::produce;
  using BrokerOnDisk::values;
};

TEST_F(CompactionInBroker, KeepsTheNewestOnDisk) {
  const std::vector<std::string> left = overwrite(*this);
  ASSERT_LT(left.size(), 5U);
  EXPECT_EQ(left.back()[0], '9');
  crash();
  EXPECT_EQ(values("t"), left);
  EXPECT_EQ(produce("t", {"next"}).base_offset, 10);
}

class CompactionInMemory : public CompactionInBroker {
 protected:
  CompactionInMemory() { options_.data_directory.clear(); }
};

TEST_F(CompactionInMemory, KeepsTheNewest) {
  const std::vector<std::string> left = overwrite(*this);
  ASSERT_FALSE(left.empty());
  EXPECT_GT(left.front()[0], '0');
  EXPECT_EQ(only_partition(fetch({.topic = "t"})).log_start_offset, 0);
  EXPECT_EQ(produce("t", {"next"}).base_offset, 10);
}

TEST_F(CompactionInMemory, EndsWhenItsTopicIsDeleted) {
  create_topic("t", 1, compacted());
  for (int i = 0; i < 10; ++i) produce("t", {std::string(kValueBytes, 'x')});
  clock_.advance(seconds(16));
  broker_->reset();
  pass(seconds(1));
  create_topic("t", 1, compacted());
  EXPECT_EQ(produce("t", {"a"}).base_offset, 0);
}

}  // namespace
}  // namespace odradek::broker::testing
