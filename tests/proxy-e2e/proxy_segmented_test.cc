#include "proto/error_code.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

using proto::ErrorCode;

constexpr std::string_view kTopic = "events";
constexpr int32_t kPartitions = 12;
constexpr int64_t kRange = kMinOffsetRange;

// offset_mode: segmented. An offset names its virtual partition: group * range + the broker's.
class ProxySegmented : public ProxyTest {
 protected:
  void SetUp() override {
    ProxyOptions options = default_options();
    options.fallback->offset_range = kRange;
    options.fallback->segmented = true;
    start(std::move(options));
    ASSERT_EQ(create_topic(kTopic, kPartitions), 0);
  }

  static int64_t begin_of(int32_t v) { return v / 3 * kRange; }

  int64_t list_offset(int32_t v, int64_t timestamp) {
    proto::ListOffsetsRequest::ListOffsetsPartition partition;
    partition.partition_index = v;
    partition.timestamp = timestamp;
    proto::ListOffsetsRequest::ListOffsetsTopic topic;
    topic.name = kTopic;
    topic.partitions = {&partition, 1};
    proto::ListOffsetsRequest request;
    request.topics = {&topic, 1};
    return call(request)->topics[0].partitions[0].offset;
  }
};

TEST_F(ProxySegmented, FetchesWhatIsAcknowledgedAtTheSameOffset) {
  for (int round = 0; round < 3; ++round) {
    for (int32_t v = 0; v < kPartitions; ++v) {
      const Stored stored = produce(kTopic, {.partition = v, .values = {"a", "b"}});
      ASSERT_EQ(stored.error, 0);
      EXPECT_GE(stored.base_offset, begin_of(v));
      EXPECT_LT(stored.base_offset, begin_of(v) + kRange);
      auto found = fetch(*client_, kTopic, {{.partition = v, .offset = stored.base_offset}});
      ASSERT_EQ(found[v].records.size(), 2U);
      EXPECT_EQ(found[v].records[0].offset, stored.base_offset);
      EXPECT_EQ(found[v].position, found[v].high_watermark);
    }
  }
  for (int32_t v = 0; v < kPartitions; ++v) {
    EXPECT_EQ(list_offset(v, -2), begin_of(v));
    auto found = fetch(*client_, kTopic, {{.partition = v, .offset = begin_of(v)}});
    EXPECT_EQ(found[v].records.size(), 6U);
    EXPECT_EQ(list_offset(v, -1), found[v].high_watermark);
  }
}

TEST_F(ProxySegmented, RefusesTheOffsetsOfAnotherVirtualPartition) {
  const Stored stored = produce(kTopic, {.partition = 4, .values = {"a"}});
  for (const int32_t v : {1, 7, 10}) {
    auto found = fetch(*client_, kTopic, {{.partition = v, .offset = stored.base_offset}});
    EXPECT_EQ(found[v].error, proto::to_number(ErrorCode::kOffsetOutOfRange)) << v;
  }
}

}  // namespace
}  // namespace odradek::proxy::testing
