#include <gtest/gtest.h>

#include "proxy/tail/tail_readers.h"

namespace odradek::proxy {
namespace {

Tail tail_at(int64_t offset) {
  return {TailKey{.topic = "orders", .partition = 0, .isolation_level = 0, .topic_id = {}}, 1,
          offset};
}

TEST(Tail, LeadsNobodyBeforeItsFirstRead) {
  Tail tail = tail_at(100);
  EXPECT_FALSE(tail.leads_to(100));
  tail.begin_running();
  EXPECT_TRUE(tail.leads_to(100));
  EXPECT_FALSE(tail.leads_to(99));
}

TEST(Tail, LeadsReadersThatWereQuickerThanIt) {
  Tail tail = tail_at(100);
  tail.begin_running();
  EXPECT_FALSE(tail.leads_to(120));
  tail.saw_end(120);
  EXPECT_TRUE(tail.leads_to(120));
  EXPECT_TRUE(tail.leads_to(110));
}

// What lies behind all that a broker told of is the broker's to judge: maybe it is out of range.
TEST(Tail, DoesNotLeadBehindTheEndThatWasSeen) {
  Tail tail = tail_at(100);
  tail.begin_running();
  tail.saw_end(120);
  tail.saw_end(90);
  EXPECT_FALSE(tail.leads_to(121));
  EXPECT_EQ(tail.seen_end(), 120);
}

}  // namespace
}  // namespace odradek::proxy
