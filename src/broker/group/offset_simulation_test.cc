// Random commits, with and without transactions, deletions and restarts, against a plain model.
// Seeds: ODRADEK_GROUP_SEEDS.

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "broker/group/group_for_tests.h"

namespace odradek::broker::testing {
namespace {

class OffsetSimulation {
 public:
  explicit OffsetSimulation(uint32_t seed)
      : random_(seed), groups_(std::make_unique<Groups>(GroupDriver::quick(), environment_)) {}

  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      step();
      compare();
    }
  }

 private:
  struct Wanted {
    int64_t offset = -1;
    int order = 0;
  };
  static constexpr int32_t kPartitions = 3;
  static constexpr int kProducers = 3;

  size_t pick(size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random_); }
  Groups::Now now() const { return {clock_.now(), clock_.wall_ms()}; }

  void step() {
    environment_.failure = pick(20) == 0 ? Code::kKafkaStorageError : Code::kNone;
    const int32_t partition = static_cast<int32_t>(pick(kPartitions));
    switch (pick(10)) {
      case 0: return restart();
      case 1: return erase(partition);
      case 2: return erase_group();
      case 3:
      case 4: return end(static_cast<int64_t>(pick(kProducers)), pick(3) != 0);
      case 5:
      case 6: return commit(partition, {});
      default: return commit(partition, {static_cast<int64_t>(pick(kProducers)), 0});
    }
  }

  void commit(int32_t partition, TransactionOwner owner) {
    MemberRef nobody;
    nobody.group_id = "g";
    CommitRules rules;
    rules.transactional = owner.is_set();
    ASSERT_EQ(groups_->begin_commit(nobody, rules, now()), Code::kNone);
    OffsetToCommit one{"t", partition, {}};
    one.offset.offset = ++last_;
    if (groups_->commit("g", {&one, 1}, owner) != Code::kNone) return;
    Wanted& wanted =
        owner.is_set() ? pending_[owner.producer_id][partition] : committed_[partition];
    wanted = {last_, ++order_};
  }

  void end(int64_t producer, bool committed) {
    environment_.written.push_back({{}, {producer, 0}, committed});
    groups_->end_transaction(0, producer, committed);
    for (const auto& [partition, wanted] : std::exchange(pending_[producer], {})) {
      if (committed && committed_[partition].order < wanted.order) committed_[partition] = wanted;
    }
  }

  void forget(int32_t partition) {
    committed_.erase(partition);
    for (auto& [producer, partitions] : pending_) partitions.erase(partition);
  }

  void erase(int32_t partition) {
    if (groups_->delete_offset("g", "t", partition) == Code::kNone) forget(partition);
  }

  void erase_group() {
    if (groups_->remove("g") != Code::kNone) return;
    for (int32_t partition = 0; partition < kPartitions; ++partition) forget(partition);
  }

  void restart() {
    groups_ = std::make_unique<Groups>(GroupDriver::quick(), environment_);
    replay(environment_, *groups_, now());
    groups_->replayed(now());
  }

  void compare() {
    for (int32_t partition = 0; partition < kPartitions; ++partition) {
      const CommittedOffset* found = groups_->offsets().find("g", "t", partition);
      const auto wanted = committed_.find(partition);
      const int64_t offset = wanted == committed_.end() ? -1 : wanted->second.offset;
      ASSERT_EQ(found == nullptr ? -1 : found->offset, offset) << "partition " << partition;
      bool pending = false;
      for (const auto& [producer, partitions] : pending_) {
        pending = pending || partitions.contains(partition);
      }
      ASSERT_EQ(groups_->offsets().is_pending("g", "t", partition), pending);
    }
  }

  std::mt19937 random_;
  ManualClock clock_;
  FakeEnvironment environment_;
  std::unique_ptr<Groups> groups_;
  int64_t last_ = 0;
  int order_ = 0;
  std::map<int32_t, Wanted> committed_;
  std::map<int64_t, std::map<int32_t, Wanted>> pending_;
};

TEST(OffsetSimulation, KeepsWhatWasCommittedLast) {
  const char* wanted = std::getenv("ODRADEK_GROUP_SEEDS");
  const uint32_t seeds =
      wanted == nullptr ? 100 : static_cast<uint32_t>(std::strtoul(wanted, nullptr, 10));
  for (uint32_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    OffsetSimulation(seed).run(200);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace odradek::broker::testing
