// Produce: one message, or the same one many times.

#include <fmt/format.h>

#include <algorithm>

#include "auth/crypto.h"
#include "broker/dashboard/operations.h"
#include "broker/dashboard/topic_json.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"
#include "wire/batch_builder.h"
#include "wire/murmur2.h"

namespace odradek::broker::dashboard {
namespace {

constexpr int64_t kRepeatMax = 100'000;
constexpr size_t kBatchBytes = 256 * 1024;
constexpr size_t kHeadersMax = 1'000;
constexpr uint64_t kProducedBytesMax = uint64_t{256} << 20U;
constexpr int32_t kTimeoutMs = 30'000;
constexpr int16_t kByNameUntil = 12;  // from v13 on topics are named by id
// Replaced in texts by the number of the message when "numbered" is set.
constexpr std::string_view kNumberMark = "{{n}}";

struct NewHeader {
  std::string key;
  std::optional<std::string> value;
};

struct NewMessages {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<NewHeader> headers;
  std::optional<int32_t> partition;
  std::optional<int64_t> timestamp_ms;
  wire::Codec codec = wire::Codec::kNone;
  int64_t repeat = 1;
  bool numbered = false;
};

Result<std::vector<NewHeader>> read_headers(const Json& body) {
  std::vector<NewHeader> headers;
  ODK_TRY(const Json* list, array_member(body, "headers"));
  if (list == nullptr) return headers;
  if (list->size() > kHeadersMax) return Error(Errc::kInvalidArgument, "too many headers");
  for (const Json& item : *list) {
    NewHeader& header = headers.emplace_back();
    ODK_TRY(header.key, text_member(item, "key"));
    ODK_TRY(header.value, payload_member(item, "value"));
  }
  return headers;
}

Result<NewMessages> read_messages(const Topic& topic, const Json& body) {
  NewMessages messages;
  ODK_TRY(messages.key, payload_member(body, "key"));
  ODK_TRY(messages.value, payload_member(body, "value"));
  ODK_TRY(messages.headers, read_headers(body));
  ODK_TRY(messages.repeat, number_member(body, "repeat", {1, kRepeatMax}, 1));
  ODK_TRY(messages.numbered, flag_member(body, "numbered", false));
  ODK_TRY(const int64_t partition, number_member(body, "partition", {0, INT32_MAX}, -1));
  ODK_TRY(const int64_t timestamp_ms, number_member(body, "timestamp_ms", {}, -1));
  ODK_TRY(const std::string compression, text_member(body, "compression", "none"));
  const std::optional<wire::Codec> codec = wire::codec_from_name(compression);
  if (!codec) return Error(Errc::kInvalidArgument, "compression: none, gzip, snappy, lz4, zstd");
  messages.codec = *codec;
  if (timestamp_ms >= 0) messages.timestamp_ms = timestamp_ms;
  if (partition >= 0) messages.partition = static_cast<int32_t>(partition);
  if (messages.partition && topic.partition(*messages.partition) == nullptr) {
    return Error::server(proto::to_number(proto::ErrorCode::kUnknownTopicOrPartition),
                         fmt::format("{} has no partition {}", topic.name, partition));
  }
  const uint64_t bytes =
      (messages.key ? messages.key->size() : 0) + (messages.value ? messages.value->size() : 0) + 1;
  if (bytes * static_cast<uint64_t>(messages.repeat) > kProducedBytesMax) {
    return Error(Errc::kInvalidArgument, "that is more than 256 MiB in all");
  }
  return messages;
}

std::string with_number(std::string_view text, int64_t number) {
  std::string result;
  while (true) {
    const size_t mark = text.find(kNumberMark);
    result += text.substr(0, mark);
    if (mark == std::string_view::npos) return result;
    result += std::to_string(number);
    text.remove_prefix(mark + kNumberMark.size());
  }
}

// Batches of one partition each, sent as soon as they are large enough.
class Sender {
 public:
  Sender(ApiContext& context, InsideClient& client, std::string topic, const NewMessages& messages)
      : context_(context), client_(client), topic_(std::move(topic)), messages_(messages) {}

  io::Task<Result<void>> send_all(int32_t partitions) {
    // Without a key each call has a partition, as a producer keeps to one for a batch.
    const auto random = static_cast<uint8_t>(auth::random_bytes(1)[0]);
    builders_.resize(static_cast<size_t>(partitions));
    for (int64_t i = 0; i < messages_.repeat; ++i) {
      const std::optional<std::string> key = numbered(messages_.key, i);
      int32_t partition = random % partitions;
      if (key) partition = wire::partition_for_key(as_bytes(*key), partitions);
      partition = messages_.partition.value_or(partition);
      auto& builder = builders_[static_cast<size_t>(partition)];
      if (!builder) builder.emplace(batch_options());
      ODK_CO_TRY_VOID(append(*builder, key, i));
      if (builder->size() >= kBatchBytes) {
        ODK_CO_TRY_VOID(co_await flush(partition));
      }
    }
    for (int32_t partition = 0; partition < partitions; ++partition) {
      if (builders_[static_cast<size_t>(partition)]) {
        ODK_CO_TRY_VOID(co_await flush(partition));
      }
    }
    co_return Result<void>();
  }

  Json sent_json() const {
    Json list = Json::array();
    for (const auto& [partition, sent] : sent_) {
      list.push_back(
          {{"partition", partition}, {"first_offset", sent.first}, {"last_offset", sent.second}});
    }
    return list;
  }

 private:
  wire::BatchOptions batch_options() const {
    wire::BatchOptions options;
    options.codec = messages_.codec;
    return options;
  }

  std::optional<std::string> numbered(const std::optional<std::string>& text, int64_t i) const {
    if (!text || !messages_.numbered) return text;
    return with_number(*text, i);
  }

  Result<void> append(wire::BatchBuilder& builder, const std::optional<std::string>& key,
                      int64_t i) const {
    const std::optional<std::string> value = numbered(messages_.value, i);
    std::vector<wire::RecordHeader> headers;
    headers.reserve(messages_.headers.size());
    for (const NewHeader& header : messages_.headers) {
      headers.push_back({header.key, header.value ? as_bytes(*header.value) : Bytes()});
    }
    wire::NewRecord record;
    record.timestamp_ms = messages_.timestamp_ms.value_or(context_.node.wall_ms());
    if (key) record.key = as_bytes(*key);
    if (value) record.value = as_bytes(*value);
    record.headers = headers;
    return builder.append(record);
  }

  io::Task<Result<void>> flush(int32_t partition) {
    wire::BatchBuilder& builder = *builders_[static_cast<size_t>(partition)];
    const int64_t count = builder.record_count();
    ODK_CO_TRY(const Slice batch, builder.finish(compressor_));
    builders_[static_cast<size_t>(partition)].reset();
    proto::ProduceRequest::PartitionProduceData data;
    data.index = partition;
    data.records.bytes = batch.bytes();
    proto::ProduceRequest::TopicProduceData topic;
    topic.name = topic_;
    topic.partition_data = {&data, 1};
    proto::ProduceRequest request;
    request.transactional_id = {};
    request.acks = -1;
    request.timeout_ms = kTimeoutMs;
    request.topic_data = {&topic, 1};
    ODK_CO_TRY(const auto answer, co_await client_.call(request, kByNameUntil));
    const auto& result = answer.message.responses[0].partition_responses[0];
    ODK_CO_TRY_VOID(check_answer(result.error_code, result.error_message, ""));
    const auto at = sent_.try_emplace(partition, result.base_offset, 0).first;
    at->second.second = result.base_offset + count - 1;
    co_return Result<void>();
  }

  ApiContext& context_;
  InsideClient& client_;
  std::string topic_;
  const NewMessages& messages_;
  wire::Compressor compressor_;
  std::vector<std::optional<wire::BatchBuilder>> builders_;
  std::map<int32_t, std::pair<int64_t, int64_t>> sent_;  // first and last offset by partition
};

}  // namespace

io::Task<Result<Json>> produce_messages(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(const Topic* topic, find_topic(context.node, call.name(0)));
  ODK_CO_TRY(const NewMessages messages, read_messages(*topic, call.body));
  const auto partitions = static_cast<int32_t>(topic->partitions.size());
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  Sender sender(context, client, call.name(0), messages);
  ODK_CO_TRY_VOID(co_await sender.send_all(partitions));
  co_return Json{{"count", messages.repeat}, {"partitions", sender.sent_json()}};
}

}  // namespace odradek::broker::dashboard
