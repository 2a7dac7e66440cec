// What goes away on disk, and when.

#include "broker/broker_on_disk_for_tests.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"

namespace odradek::broker::testing {
namespace {

class RetentionOnDisk : public BrokerOnDisk {
 protected:
  // The start of the log, which ends there.
  int64_t start(int64_t end) {
    const auto answer = fetch({.topic = "t", .offset = end});
    EXPECT_EQ(only_partition(answer).error_code, 0);
    return only_partition(answer).log_start_offset;
  }
  int64_t delete_records(int64_t before) {
    proto::DeleteRecordsRequest::DeleteRecordsPartition partition;
    partition.partition_index = 0;
    partition.offset = before;
    proto::DeleteRecordsRequest::DeleteRecordsTopic topic;
    topic.name = "t";
    topic.partitions = {&partition, 1};
    proto::DeleteRecordsRequest request;
    request.topics = {&topic, 1};
    request.timeout_ms = 1000;
    const auto answer = call(request, 2);
    EXPECT_EQ(answer->topics[0].partitions[0].error_code, 0);
    return answer->topics[0].partitions[0].low_watermark;
  }
  size_t files_with(std::string_view suffix) {
    size_t count = 0;
    for (const auto& entry : fs::directory_iterator(data() / "t-0")) {
      if (entry.path().string().ends_with(suffix)) ++count;
    }
    return count;
  }
};

TEST_F(RetentionOnDisk, RemovesTheOldestSegmentsBySize) {
  create_topic("t", 1, {{"segment.bytes", "1048576"}, {"retention.bytes", "1500000"}});
  for (int i = 0; i < 10; ++i) produce("t", {std::string(500'000, 'x')});
  EXPECT_EQ(files_with(".log"), 5U);
  pass(seconds(1));
  EXPECT_EQ(start(10), 6);
  EXPECT_EQ(files_with(".log"), 2U);
  EXPECT_EQ(files_with(".deleted"), 9U) << "readers may still have them";
  pass(seconds(61));
  EXPECT_EQ(files_with(".deleted"), 0U);
  crash();
  EXPECT_EQ(start(10), 6);
}

TEST_F(RetentionOnDisk, RemovesEvenTheNewestSegmentByAge) {
  create_topic("t", 1, {{"retention.ms", "500000"}});
  produce("t", {"a"});
  pass(seconds(499));
  EXPECT_EQ(start(1), 0);
  pass(seconds(2));
  EXPECT_EQ(start(1), 1);
  restart();
  EXPECT_EQ(produce("t", {"b"}).base_offset, 1);
  crash();
  EXPECT_EQ(start(2), 1);
}

TEST_F(RetentionOnDisk, RemembersWhatWasDeletedByHand) {
  create_topic("t");
  for (int i = 0; i < 3; ++i) produce("t", {"a"});
  EXPECT_EQ(delete_records(2), 2);
  restart();
  EXPECT_EQ(start(3), 2);
  EXPECT_EQ(delete_records(-1), 3);
  restart();
  EXPECT_EQ(start(3), 3);
  EXPECT_EQ(produce("t", {"b"}).base_offset, 3);
}

}  // namespace
}  // namespace odradek::broker::testing
