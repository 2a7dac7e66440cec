// What clients can do to others: nothing. Memory is that of the whole process, broker included.
#include <malloc.h>
#include <sanitizer/allocator_interface.h>
#include <unistd.h>

#include <fstream>

#include "proto/error_code.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

using proto::ErrorCode;

constexpr std::string_view kTopic = "events";
constexpr int32_t kPartitions = 12;
constexpr size_t kMany = 10'000;
constexpr size_t kMebibyte = size_t{1} << 20U;

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
// What is resident tells more of the sanitizer: it keeps freed memory for a while.
size_t used_bytes() { return __sanitizer_get_current_allocated_bytes(); }
#else
size_t used_bytes() {
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  size_t pages = 0;
  size_t resident = 0;
  file >> pages >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}
#endif

class ProxyHostile : public ProxyTest {
 protected:
  void SetUp() override {
    start();
    ASSERT_EQ(create_topic(kTopic, kPartitions), 0);
    ASSERT_EQ(produce(kTopic, {.partition = 7, .values = {"here"}}).error, 0);
    for (size_t i = 0; i < kMany; ++i) names_.push_back("made-up-" + std::to_string(i));
    before_ = used_bytes();
  }

  // Whatever happened to others, this client is served.
  void expect_served() {
    const auto records = read_all(*client_, kTopic, 7);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].value, "here");
  }
  size_t grown_by() const {
    const size_t now = used_bytes();
    return now < before_ ? 0 : now - before_;
  }

  // Topics with one partition each, for any request.
  template <class Topic, class Partition>
  std::vector<Topic> topics_of(std::vector<Partition>& partitions, std::string_view Topic::* name,
                               std::span<Partition> Topic::* of) {
    partitions.resize(kMany);
    std::vector<Topic> topics(kMany);
    for (size_t i = 0; i < kMany; ++i) {
      topics[i].*name = names_[i];
      topics[i].*of = std::span(partitions).subspan(i, 1);
    }
    return topics;
  }

  std::vector<std::string> names_;
  size_t before_ = 0;
};

TEST_F(ProxyHostile, TenThousandTopicsInARequestAreAnsweredWithErrors) {
  const Connection client = connect(*proxies_[0]);
  for (int round = 0; round < 3; ++round) {
    {
      using Request = proto::FetchRequest;
      std::vector<Request::FetchPartition> partitions;
      auto topics =
          topics_of(partitions, &Request::FetchTopic::topic, &Request::FetchTopic::partitions);
      Request request;
      request.max_wait_ms = 100;
      request.topics = topics;
      const auto answer = call(*client, request, kLastVersionByName);
      ASSERT_EQ(answer->responses.size(), kMany);
      EXPECT_EQ(proto::error_code(answer->responses[kMany - 1].partitions[0].error_code),
                ErrorCode::kUnknownTopicOrPartition);
    }
    {
      using Request = proto::ProduceRequest;
      const Slice batch = make_batch({.partition = 0, .values = {"x"}});
      std::vector<Request::PartitionProduceData> partitions;
      auto topics = topics_of(partitions, &Request::TopicProduceData::name,
                              &Request::TopicProduceData::partition_data);
      for (auto& partition : partitions) partition.records.slices = {&batch, 1};
      Request request;
      request.transactional_id = {};
      request.acks = -1;
      request.timeout_ms = 1000;
      request.topic_data = topics;
      const auto answer = call(*client, request, kLastVersionByName);
      ASSERT_EQ(answer->responses.size(), kMany);
      EXPECT_EQ(proto::error_code(answer->responses[kMany - 1].partition_responses[0].error_code),
                ErrorCode::kUnknownTopicOrPartition);
    }
    {
      using Request = proto::ListOffsetsRequest;
      std::vector<Request::ListOffsetsPartition> partitions;
      auto topics = topics_of(partitions, &Request::ListOffsetsTopic::name,
                              &Request::ListOffsetsTopic::partitions);
      Request request;
      request.topics = topics;
      EXPECT_EQ(call(*client, request)->topics.size(), kMany);
    }
    {
      using Request = proto::OffsetCommitRequest;
      std::vector<Request::OffsetCommitRequestPartition> partitions;
      auto topics = topics_of(partitions, &Request::OffsetCommitRequestTopic::name,
                              &Request::OffsetCommitRequestTopic::partitions);
      Request request;
      request.group_id = "readers";
      request.member_id = "";
      request.topics = topics;
      EXPECT_EQ(call(*client, request, 9)->topics.size(), kMany);
    }
    {
      std::vector<proto::MetadataRequest::MetadataRequestTopic> topics(kMany);
      for (size_t i = 0; i < kMany; ++i) topics[i].name = names_[i];
      proto::MetadataRequest request;
      request.topics = topics;
      request.allow_auto_topic_creation = false;
      EXPECT_EQ(call(*client, request)->topics.size(), kMany);
    }
  }
  expect_served();
  EXPECT_LT(grown_by(), 100 * kMebibyte);
}

TEST_F(ProxyHostile, ManyGroupsWithAllTheirShadowsAreAskedInTurn) {
  const Connection client = connect(*proxies_[0]);
  std::vector<proto::OffsetFetchRequest::OffsetFetchRequestGroup> groups(2000);
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i].group_id = names_[i];
    groups[i].topics = {};  // all
  }
  proto::OffsetFetchRequest request;
  request.groups = groups;
  const auto answer = call(*client, request, 9);
  ASSERT_EQ(answer->groups.size(), groups.size());
  for (const auto& group : answer->groups) EXPECT_EQ(group.error_code, 0);
  expect_served();
  EXPECT_LT(grown_by(), 100 * kMebibyte);
}

// However much a client asks for at once.
TEST_F(ProxyHostile, AnswersAreNoLargerThanABrokers) {
  const std::string value(size_t{900} * 1024, 'v');
  for (int i = 0; i < 68; ++i) {
    ASSERT_EQ(produce(kTopic, {.partition = 2, .values = {value}}).error, 0);
  }
  proto::FetchRequest::FetchPartition partition;
  partition.partition = 2;
  partition.partition_max_bytes = INT32_MAX;
  proto::FetchRequest::FetchTopic topic;
  topic.topic = kTopic;
  topic.partitions = {&partition, 1};
  proto::FetchRequest request;
  request.max_wait_ms = 15'000;
  request.min_bytes = INT32_MAX;
  request.max_bytes = INT32_MAX;
  request.topics = {&topic, 1};
  const auto answer = call(request, kLastVersionByName);
  const size_t bytes = answer->responses[0].partitions[0].records.bytes.size();
  EXPECT_GT(bytes, 50 * kMebibyte);
  EXPECT_LE(bytes, 56 * kMebibyte);
  expect_served();
}

}  // namespace
}  // namespace odradek::proxy::testing
