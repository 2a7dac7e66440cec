#include "proxy/single_log.h"

#include <array>
#include <chrono>

#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;

constexpr int16_t kProduceVersion = 9;  // by name, before transactions begin by producing
constexpr int16_t kFetchVersion = 12;   // by name
constexpr int16_t kDeleteVersion = 5;   // by name
constexpr int32_t kTimeoutMs = 10'000;
constexpr int32_t kReadBytes = 1 << 20;
constexpr int64_t kEarliest = -2;
constexpr Duration kLeaderPause = std::chrono::milliseconds(50);

// A broker that does not lead the partition yet: it was just made.
bool is_not_led(const Error& error) {
  if (error.code() != Errc::kServer) return false;
  const ErrorCode code = proto::error_code(error.server_code());
  return code == ErrorCode::kNotLeaderOrFollower || code == ErrorCode::kLeaderNotAvailable ||
         code == ErrorCode::kUnknownTopicOrPartition;
}

// `ask` starts a task that gives a Result<T>.
template <class T, class Ask>
io::Task<Result<T>> until_led(cluster::Cluster& cluster, Ask ask) {
  const MonotonicTime give_up = cluster.request_deadline();
  while (true) {
    Result<T> answer = co_await ask();
    if (answer || !is_not_led(answer.error()) || cluster.loop().now() >= give_up) co_return answer;
    cluster.expire_metadata();
    const Result<void> slept = co_await io::sleep(cluster.loop(), kLeaderPause);
    if (!slept) co_return slept.error();
  }
}

Error about_something_else(std::string_view attempted) {
  return {Errc::kMalformed, std::string(attempted) + ": the answer is about something else"};
}

}  // namespace

Result<void> check_code(int16_t code, std::string_view attempted) {
  if (code == 0) return {};
  return proto::to_error(proto::error_code(code), attempted);
}

template <class Request>
io::Task<Result<rpc::Decoded<proto::ResponseOf<Request>>>> SingleLog::ask_leader(
    Request request, int16_t version_max) {
  const MonotonicTime deadline = cluster_->request_deadline();
  auto connected = co_await cluster_->leader(topic_, 0, cluster::kGeneralLane, deadline);
  if (!connected) co_return connected.error();
  co_return co_await cluster_->call(*connected, request, deadline, version_max);
}

template <class Request>
io::Task<Result<rpc::Decoded<proto::ResponseOf<Request>>>> SingleLog::ask_controller(
    Request request, int16_t version_max) {
  const MonotonicTime deadline = cluster_->request_deadline();
  auto connected = co_await cluster_->controller(deadline);
  if (!connected) co_return connected.error();
  co_return co_await cluster_->call(*connected, request, deadline, version_max);
}

io::Task<Result<int64_t>> SingleLog::append(std::vector<Slice> batch,
                                            std::string transactional_id) {
  co_return co_await until_led<int64_t>(*cluster_,
                                        [&] { return append_once(batch, transactional_id); });
}

io::Task<Result<SingleLog::Chunk>> SingleLog::read(int64_t offset, int32_t max_wait_ms) {
  co_return co_await until_led<Chunk>(*cluster_, [&] { return read_once(offset, max_wait_ms); });
}

io::Task<Result<int64_t>> SingleLog::begin() {
  co_return co_await until_led<int64_t>(*cluster_, [&] { return begin_once(); });
}

io::Task<Result<void>> SingleLog::create(std::string cleanup_policy) {
  std::array<proto::CreateTopicsRequest::CreatableTopicConfig, 1> configs;
  configs[0].name = "cleanup.policy";
  configs[0].value = cleanup_policy;
  std::array<proto::CreateTopicsRequest::CreatableTopic, 1> topics;
  topics[0].name = topic_;
  topics[0].num_partitions = 1;
  topics[0].replication_factor = -1;
  topics[0].configs = configs;
  proto::CreateTopicsRequest request;
  request.topics = topics;
  request.timeout_ms = kTimeoutMs;
  const auto created = co_await ask_controller(request);
  if (!created) co_return created.error();
  if (created->message.topics.empty()) co_return about_something_else("create " + topic_);
  const int16_t code = created->message.topics[0].error_code;
  if (proto::error_code(code) == ErrorCode::kTopicAlreadyExists) co_return Errc::kAlreadyExists;
  co_return check_code(code, "create the topic " + topic_);
}

io::Task<Result<void>> SingleLog::remove() {
  std::array<std::string_view, 1> names = {topic_};
  proto::DeleteTopicsRequest request;
  request.topic_names = names;
  request.timeout_ms = kTimeoutMs;
  const auto deleted = co_await ask_controller(request, kDeleteVersion);
  if (!deleted) co_return deleted.error();
  if (deleted->message.responses.empty()) co_return about_something_else("delete " + topic_);
  co_return check_code(deleted->message.responses[0].error_code, "delete the topic " + topic_);
}

io::Task<Result<int64_t>> SingleLog::append_once(std::vector<Slice> batch,
                                                 std::string transactional_id) {
  std::array<proto::ProduceRequest::PartitionProduceData, 1> partitions;
  partitions[0].records.slices = batch;
  std::array<proto::ProduceRequest::TopicProduceData, 1> topics;
  topics[0].name = topic_;
  topics[0].partition_data = partitions;
  proto::ProduceRequest request;
  request.transactional_id = {};
  if (!transactional_id.empty()) request.transactional_id = transactional_id;
  request.acks = -1;
  request.timeout_ms = kTimeoutMs;
  request.topic_data = topics;
  const auto stored = co_await ask_leader(request, kProduceVersion);
  if (!stored) co_return stored.error();
  const auto& answers = stored->message.responses;
  if (answers.empty() || answers[0].partition_responses.empty()) {
    co_return about_something_else("produce");
  }
  const auto& answer = answers[0].partition_responses[0];
  ODK_CO_TRY_VOID(check_code(answer.error_code, "produce"));
  co_return answer.base_offset;
}

io::Task<Result<SingleLog::Chunk>> SingleLog::read_once(int64_t offset, int32_t max_wait_ms) {
  std::array<proto::FetchRequest::FetchPartition, 1> partitions;
  partitions[0].fetch_offset = offset;
  partitions[0].partition_max_bytes = kReadBytes;
  std::array<proto::FetchRequest::FetchTopic, 1> topics;
  topics[0].topic = topic_;
  topics[0].partitions = partitions;
  proto::FetchRequest request;
  request.max_wait_ms = max_wait_ms;
  request.min_bytes = 1;
  request.topics = topics;
  const auto fetched = co_await ask_leader(request, kFetchVersion);
  if (!fetched) co_return fetched.error();
  ODK_CO_TRY_VOID(check_code(fetched->message.error_code, "fetch"));
  const auto& answers = fetched->message.responses;
  if (answers.empty() || answers[0].partitions.empty()) co_return about_something_else("fetch");
  const auto& data = answers[0].partitions[0];
  ODK_CO_TRY_VOID(check_code(data.error_code, "fetch"));
  co_return Chunk{fetched->frame.share(data.records.bytes), data.high_watermark};
}

io::Task<Result<int64_t>> SingleLog::begin_once() {
  std::array<proto::ListOffsetsRequest::ListOffsetsPartition, 1> partitions;
  partitions[0].timestamp = kEarliest;
  std::array<proto::ListOffsetsRequest::ListOffsetsTopic, 1> topics;
  topics[0].name = topic_;
  topics[0].partitions = partitions;
  proto::ListOffsetsRequest request;
  request.topics = topics;
  const auto listed = co_await ask_leader(request);
  if (!listed) co_return listed.error();
  const auto& answers = listed->message.topics;
  if (answers.empty() || answers[0].partitions.empty())
    co_return about_something_else("list offsets");
  const auto& answer = answers[0].partitions[0];
  ODK_CO_TRY_VOID(check_code(answer.error_code, "list offsets"));
  co_return answer.offset;
}

}  // namespace odradek::proxy
