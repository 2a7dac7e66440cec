// Admin::delete_records.
#include "client/admin/ask.h"
#include "client/admin/start.h"
#include "client/grouped.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"

namespace odradek::client {
namespace {

struct DeleteRecords {
  using Request = proto::DeleteRecordsRequest;
  using Key = kafka::TopicPartition;
  using Value = int64_t;
  static constexpr std::string_view kDoing = "delete records";

  std::map<Key, int64_t> before;
  int32_t timeout_ms = 0;
  Grouped<Request::DeleteRecordsPartition> grouped{};
  std::vector<Request::DeleteRecordsTopic> topics{};

  Request request(const std::vector<Key>& partitions) {
    for (const Key& id : partitions) {
      auto& partition = grouped.add(id.topic);
      partition.partition_index = id.partition;
      partition.offset = before.at(id);
    }
    topics = grouped.topics<Request::DeleteRecordsTopic>();
    Request request;
    request.topics = proto::array_of(topics);
    request.timeout_ms = timeout_ms;
    return request;
  }

  static Result<void> read(const proto::DeleteRecordsResponse& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies) {
    for (const auto& topic : response.topics) {
      for (const auto& partition : topic.partitions) {
        const Key id{std::string(topic.name), partition.partition_index};
        if (partition.error_code == 0) {
          replies.set(id, partition.low_watermark);
        } else {
          replies.fail(id, partition.error_code);
        }
      }
    }
    return {};
  }
};

using Deleted = std::vector<kafka::OfPartition<int64_t>>;

io::Task<Result<Deleted>> delete_records(Cluster& cluster,
                                         std::vector<kafka::PartitionOffset> before,
                                         MonotonicTime deadline) {
  DeleteRecords api{.before = {}, .timeout_ms = milliseconds_left(cluster, deadline)};
  std::vector<kafka::TopicPartition> keys;
  for (const kafka::PartitionOffset& item : before) {
    keys.push_back(item.partition);
    api.before[item.partition] = item.offset;
  }
  ODK_CO_TRY_VOID(refuse_doubles(keys, DeleteRecords::kDoing));
  co_return co_await ask_items(cluster, Route::kLeader, std::move(api), std::move(keys), deadline);
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<OfPartition<int64_t>>> Admin::delete_records(std::vector<PartitionOffset> before,
                                                            Wait wait) {
  return client::start<client::Deleted>(core_, wait, client::delete_records, std::move(before));
}

}  // namespace odradek::kafka
