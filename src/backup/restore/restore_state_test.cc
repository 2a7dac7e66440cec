#include "backup/restore/restore_state.h"

#include <gtest/gtest.h>

#include "store/memory_store.h"

namespace odradek::backup {
namespace {

RestoreState example() {
  RestoreState state;
  state.restore_id = "r1";
  state.backup_id = "set";
  state.target_cluster_id = "cluster";
  state.phase = RestorePhase::kLoaded;
  state.started_at = 5;
  state.producer = {7, 2};
  state.options = "{\"a\":1}";
  state.groups_key = "set/groups/1";
  RestoredTopic topic;
  topic.source = "orders";
  topic.incarnation = 2;
  topic.target = "orders-restored";
  topic.was_created = true;
  topic.prepare.window = {INT64_MIN, 99};
  topic.prepare.spread = Spread::kByKey;
  topic.prepare.spread_partitions = 3;
  topic.prepare.coalesces = true;
  topic.targets = {{0, 0}, {1, 1}};
  topic.ends = {{0, 10}, {1, 20}};
  topic.bases = {{0, 0}, {1, 5}, {2, 0}};
  topic.put_back = {{"retention.ms", "5"}, {"cleanup.policy", std::nullopt}};
  state.topics = {topic};
  return state;
}

TEST(RestoreState, ReadsBackWhatWasWritten) {
  EXPECT_EQ(parse_restore_state(to_json(example())).value(), example());
}

TEST(RestoreState, NewerSchemasAndDamageAreRefused) {
  std::string newer = to_json(example());
  newer.replace(newer.find("\"schema\": 1"), 11, "\"schema\": 9");
  EXPECT_EQ(parse_restore_state(newer).error().code(), Errc::kUnsupported);
  for (const char* text : {"", "[]", "{}", R"({"format":"odradek-restore","schema":1})"}) {
    EXPECT_EQ(parse_restore_state(text).error().code(), Errc::kMalformed) << text;
  }
  std::string odd = to_json(example());
  odd.replace(odd.find("\"0\": 10"), 7, "\"x\": 10");
  EXPECT_EQ(parse_restore_state(odd).error().code(), Errc::kMalformed);
}

TEST(RestoreState, AnArchivesRestoresAreListedOldestFirst) {
  store::MemoryStore store;
  const ArchiveKeys keys("set");
  RestoreState first = example();
  RestoreState second = example();
  second.restore_id = "a";
  second.started_at = 6;
  ASSERT_TRUE(write_restore_state(store, keys, second));
  ASSERT_TRUE(write_restore_state(store, keys, first));
  ASSERT_TRUE(store.put("set/restores/r1/map/orders/0/00000000000000000000", as_bytes("x")));
  EXPECT_EQ(read_restores(store, keys).value(), (std::vector<RestoreState>{first, second}));
}

}  // namespace
}  // namespace odradek::backup
