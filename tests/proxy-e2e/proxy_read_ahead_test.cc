// What is read for a client before it asks: the same records, sooner, at nobody's expense.
#include <random>

#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

constexpr std::string_view kTopic = "events";
constexpr int32_t kPartitions = 12;
constexpr int kRounds = 24;
constexpr size_t kValueBytes = 40'000;

// Several times what one upstream read gives.
class ProxyReadAhead : public ProxyTest {
 protected:
  void begin(int64_t budget_bytes, int32_t quiet = -1) {
    ProxyOptions options = default_options();
    options.fetch_read_ahead_bytes = budget_bytes;
    start(std::move(options));
    ASSERT_EQ(create_topic(kTopic, kPartitions), 0);
    for (int round = 0; round < kRounds; ++round) {
      std::vector<NewBatch> batches;
      for (int32_t v = 0; v < kPartitions; ++v) {
        if (v == quiet) continue;
        batches.push_back({.partition = v, .values = {value_of(v, round)}});
      }
      for (const Stored& stored : produce(*client_, kTopic, batches)) ASSERT_EQ(stored.error, 0);
    }
  }

  static std::string value_of(int32_t v, int round) {
    std::string value = std::to_string(v) + "/" + std::to_string(round);
    value.resize(kValueBytes, '.');
    return value;
  }

  // One Fetch of all partitions; what it found is added, where it stops is where the next goes on.
  void fetch_on(rpc::ClientConnection& connection, std::vector<FetchAsk>& asks,
                std::map<int32_t, std::vector<SeenRecord>>& seen) {
    for (auto& [v, found] : fetch(connection, kTopic, asks)) {
      EXPECT_EQ(found.error, 0);
      std::ranges::find(asks, v, &FetchAsk::partition)->offset = found.position;
      std::ranges::move(found.records, std::back_inserter(seen[v]));
    }
  }

  static std::vector<FetchAsk> from_the_beginning() {
    std::vector<FetchAsk> asks;
    for (int32_t v = 0; v < kPartitions; ++v)
      asks.push_back({.partition = v, .bytes_max = 1 << 18});
    return asks;
  }

  const ProxyStats& stats() const { return proxies_[0]->stats(); }
};

TEST_F(ProxyReadAhead, GivesAClientThatCatchesUpTheSameRecords) {
  begin(64 << 20);
  std::vector<FetchAsk> asks = from_the_beginning();
  std::map<int32_t, std::vector<SeenRecord>> seen;
  const auto has_all = [&] {
    return seen.size() == kPartitions && std::ranges::all_of(seen, [](const auto& one) {
             return one.second.size() >= static_cast<size_t>(kRounds);
           });
  };
  const MonotonicTime give_up = deadline();
  while (!has_all() && loop_.now() < give_up) fetch_on(*client_, asks, seen);
  for (int32_t v = 0; v < kPartitions; ++v) {
    ASSERT_EQ(seen[v].size(), static_cast<size_t>(kRounds)) << v;
    for (int round = 0; round < kRounds; ++round) {
      EXPECT_EQ(seen[v][static_cast<size_t>(round)].value, value_of(v, round));
    }
  }
  EXPECT_GE(stats().reads_ahead, 2U);
  EXPECT_EQ(stats().reads_ahead_wasted, 0U);
}

// Records of other virtual partitions bring a reader on, too.
TEST_F(ProxyReadAhead, HelpsAReaderThatFindsNothingOfItsOwn) {
  constexpr int32_t kQuiet = 9;
  begin(64 << 20, kQuiet);
  FetchAsk ask = {.partition = kQuiet};
  const MonotonicTime give_up = deadline();
  for (bool is_at_end = false; !is_at_end && loop_.now() < give_up;) {
    const Fetched found = fetch(*client_, kTopic, {ask})[kQuiet];
    EXPECT_TRUE(found.records.empty());
    ask.offset = found.position;
    is_at_end = found.position == found.high_watermark;
  }
  EXPECT_EQ(ask.offset, 3 * kRounds);
  EXPECT_GE(stats().reads_ahead, 1U);
  EXPECT_EQ(stats().reads_ahead_wasted, 0U);
}

TEST_F(ProxyReadAhead, CountsWhatWasOfNoUse) {
  begin(64 << 20);
  fetch(*client_, kTopic, {{.partition = 0}});
  EXPECT_EQ(stats().reads_ahead, 1U);
  fetch(*client_, kTopic, {{.partition = 0}});
  EXPECT_EQ(stats().reads_ahead_wasted, 1U);
}

TEST_F(ProxyReadAhead, LeavesAloneWhoJumpsAbout) {
  begin(64 << 20);
  std::mt19937_64 random(seed_of_test());
  constexpr int kFetches = 100;
  for (int i = 0; i < kFetches; ++i) {
    const auto v = static_cast<int32_t>(random() % kPartitions);
    const auto offset = static_cast<int64_t>(random() % (kRounds * 2));
    auto found = fetch(*client_, kTopic, {{.partition = v, .offset = offset}});
    EXPECT_EQ(found[v].error, 0);
    for (const SeenRecord& record : found[v].records) {
      EXPECT_TRUE(record.value.starts_with(std::to_string(v) + "/")) << record.value.substr(0, 8);
    }
  }
  EXPECT_LE(stats().reads_ahead, kFetches / 8U);
}

TEST_F(ProxyReadAhead, ReadsNothingAheadWithoutABudget) {
  begin(0);
  std::vector<FetchAsk> asks = from_the_beginning();
  std::map<int32_t, std::vector<SeenRecord>> seen;
  for (int i = 0; i < 5; ++i) fetch_on(*client_, asks, seen);
  EXPECT_EQ(stats().reads_ahead, 0U);
}

// The budget is enough for one client: another has it when the first is gone, or says nothing.
TEST_F(ProxyReadAhead, GivesBackWhatNobodyAsksFor) {
  begin(5 << 20);
  std::map<int32_t, std::vector<SeenRecord>> seen;
  const auto reads_ahead = [&](rpc::ClientConnection& connection) {
    const uint64_t before = stats().reads_ahead;
    std::vector<FetchAsk> asks = from_the_beginning();
    fetch_on(connection, asks, seen);
    return stats().reads_ahead > before;
  };
  Connection first = connect(*proxies_[0]);
  const Connection second = connect(*proxies_[0]);
  ASSERT_TRUE(reads_ahead(*first));
  EXPECT_FALSE(reads_ahead(*second));
  first.reset();
  bool is_given_back = false;
  const MonotonicTime give_up = deadline();
  while (!is_given_back && loop_.now() < give_up) is_given_back = reads_ahead(*second);
  ASSERT_TRUE(is_given_back);
  const Connection third = connect(*proxies_[0]);
  EXPECT_FALSE(reads_ahead(*third));
  is_given_back = false;
  while (!is_given_back && loop_.now() < give_up) is_given_back = reads_ahead(*third);
  EXPECT_TRUE(is_given_back);
}

}  // namespace
}  // namespace odradek::proxy::testing
