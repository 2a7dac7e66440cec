#include "backup/inspect/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace odradek::backup {
namespace {

using testing::ContainsRegex;

TEST(DescribeArchive, CountsPartitionsWithoutRecords) {
  ArchiveState archive;
  TopicState& topic = archive.topics[{"orders", 1}];
  topic.facts = {.name = "orders", .partition_count = 12};
  topic.partitions[4].segments.resize(1);

  EXPECT_THAT(describe_archive(archive, OutputFormat::kText), ContainsRegex("orders +12 +1 "));
  const auto json = nlohmann::json::parse(describe_archive(archive, OutputFormat::kJson));
  EXPECT_EQ(json["totals"]["partitions"], 12);
  EXPECT_EQ(json["topics"][0]["totals"]["partitions"], 12);
}

}  // namespace
}  // namespace odradek::backup
