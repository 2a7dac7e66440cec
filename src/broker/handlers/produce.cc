// Produce: appends one batch per partition. Source: KafkaApis.handleProduceRequest and
// ReplicaManager.appendRecords of Kafka 4.

#include <algorithm>

#include "broker/append_code.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"
#include "wire/endian.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::ProduceRequest;
using Response = proto::ProduceResponse;

constexpr int16_t kTopicIdsFrom = 13;
constexpr int16_t kZstdFrom = 7;
constexpr int16_t kAbortableFrom = 11;  // TRANSACTION_ABORTABLE is understood
constexpr int16_t kJoinsFrom = 12;      // partitions need not be added before (KIP-890)
// Apache Kafka's own tools use it, and may write where others may not.
constexpr std::string_view kAdminClientId = "__admin_client";

// The batch's attributes; none when it is too short to have them.
uint16_t attributes_of(Bytes batch) {
  namespace layout = wire::batch_layout;
  if (batch.size() < layout::kAttributes + sizeof(uint16_t)) return 0;
  return wire::load_be<uint16_t>(batch.data() + layout::kAttributes);
}

bool is_zstd(Bytes batch) {
  return (attributes_of(batch) & wire::batch_attributes::kCodecMask) ==
         static_cast<uint16_t>(wire::Codec::kZstd);
}

// Whether the batch may be written in its producer's transaction.
ErrorCode join_transaction(const Call<Request>& call, const TxnPartition& partition,
                           const log::PartitionLog& log, Bytes batch, log::TxnProof& proof) {
  const Result<wire::BatchView> view = wire::BatchView::parse(batch);
  if (!view || !view->is_transactional() || !view->has_producer()) return ErrorCode::kNone;
  TxnJoin how = TxnJoin::kVerifyOld;
  if (call.version() >= kAbortableFrom) how = TxnJoin::kVerify;
  if (call.version() >= kJoinsFrom) how = TxnJoin::kAdd;
  return call.node.txns().join(
      {call.message.transactional_id, view->producer_id(), view->producer_epoch()}, partition, log,
      how, proof);
}

// The codes whose own meaning would mislead come with words, as in Kafka.
std::string_view message_of_join(ErrorCode error) {
  if (error == ErrorCode::kInvalidTxnState) return "the partition was not added to the transaction";
  if (error == ErrorCode::kNotEnoughReplicas) return "the transaction could not be verified";
  return {};
}

// Errors with which Kafka tells no log start offset.
bool hides_log_start(log::AppendFault fault) {
  return fault == log::AppendFault::kTooLarge || fault == log::AppendFault::kLargerThanSegment ||
         fault == log::AppendFault::kCorrupt || fault == log::AppendFault::kStorage;
}

void tell_record_errors(const log::AppendError& error, Arena& arena,
                        Response::PartitionProduceResponse& answer) {
  if (error.records.empty()) return;
  answer.error_message = arena.copy(error.message);
  answer.record_errors = arena.array<Response::BatchIndexAndErrorMessage>(error.records.size());
  for (size_t i = 0; i < error.records.size(); ++i) {
    answer.record_errors[i].batch_index = error.records[i].index;
    answer.record_errors[i].batch_index_error_message = arena.copy(error.records[i].message);
  }
}

bool may_write_as(const Call<Request>& call, std::string_view transactional_id) {
  return !is_null(transactional_id) &&
         is_allowed(call, AclOperation::kWrite, ResourceType::kTransactionalId, transactional_id);
}

// Everything between finding the partition and the answer.
void append(const Call<Request>& call, const Topic& topic, Partition& partition, Bytes records,
            Response::PartitionProduceResponse& answer) {
  const log::SingleBatch single = log::single_batch(records);
  log::AppendFault fault = single.error.fault;
  if (fault == log::AppendFault::kNone && call.version() < kZstdFrom && is_zstd(single.bytes)) {
    fault = log::AppendFault::kUnsupportedCodec;
  }
  if (fault != log::AppendFault::kNone) {
    answer.error_code = proto::to_number(code_of(fault));
    if (fault == log::AppendFault::kCorrupt) {
      answer.error_message = call.arena.copy(single.error.message);
    }
    return;
  }
  if ((attributes_of(single.bytes) & wire::batch_attributes::kTransactional) != 0 &&
      !may_write_as(call, call.message.transactional_id)) {
    answer.error_code = proto::to_number(ErrorCode::kTransactionalIdAuthorizationFailed);
    return;
  }
  log::PartitionLog& log = partition.log;
  log::TxnProof proof = log::TxnProof::kNone;
  if (!is_null(call.message.transactional_id)) {
    const ErrorCode error =
        join_transaction(call, {topic.name, partition.index}, log, single.bytes, proof);
    if (error != ErrorCode::kNone) {
      answer.error_code = proto::to_number(error);
      answer.error_message = message_of_join(error);
      return;
    }
  }
  answer.log_start_offset = log.start_offset();
  if (!call.node.make_room(single.bytes.size())) {
    answer.error_code = proto::to_number(ErrorCode::kKafkaStorageError);
    return;
  }
  const log::AppendOutcome outcome =
      log.append(single.bytes, call.node.wall_ms(), call.node.scratch(), proof);
  answer.error_code = proto::to_number(code_of(outcome.error.fault));
  answer.base_offset = outcome.base_offset;
  answer.log_append_time_ms = outcome.log_append_time_ms;
  if (hides_log_start(outcome.error.fault)) answer.log_start_offset = -1;
  tell_record_errors(outcome.error, call.arena, answer);
  if (outcome.bytes > 0) call.node.appended(partition, outcome.bytes);
}

void append_topic(const Call<Request>& call, const Request::TopicProduceData& asked,
                  Response::TopicProduceResponse& answer) {
  const bool by_id = call.version() >= kTopicIdsFrom;
  answer.name = asked.name;
  answer.topic_id = asked.topic_id;
  const Topic* topic =
      by_id ? call.node.topics().find(asked.topic_id) : call.node.topics().find(asked.name);
  const ErrorCode unknown =
      by_id && topic == nullptr ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition;
  const bool named = topic != nullptr || !by_id;
  const bool allowed =
      !named || may_topic(call, AclOperation::kWrite, topic != nullptr ? topic->name : asked.name);
  answer.partition_responses =
      call.arena.array<Response::PartitionProduceResponse>(asked.partition_data.size());
  for (size_t i = 0; i < asked.partition_data.size(); ++i) {
    const Request::PartitionProduceData& data = asked.partition_data[i];
    Response::PartitionProduceResponse& each = answer.partition_responses[i];
    each.index = data.index;
    each.base_offset = -1;
    each.record_errors = proto::empty_array<Response::BatchIndexAndErrorMessage>();
    Partition* partition = topic == nullptr ? nullptr : topic->partition(data.index);
    if (!allowed) {
      each.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
    } else if (partition == nullptr) {
      each.error_code = proto::to_number(unknown);
    } else if (call.message.acks < -1 || call.message.acks > 1) {
      each.error_code = proto::to_number(ErrorCode::kInvalidRequiredAcks);
    } else if (is_internal_topic(topic->name) && call.request.client_id != kAdminClientId) {
      each.error_code = proto::to_number(ErrorCode::kInvalidTopicException);
    } else {
      append(call, *topic, *partition, data.records.bytes, each);
    }
  }
}

bool any_error(const Response& response) {
  return std::ranges::any_of(response.responses, [](const auto& topic) {
    return std::ranges::any_of(topic.partition_responses,
                               [](const auto& partition) { return partition.error_code != 0; });
  });
}

// What was appended is lost, or may be.
void tell_unsafe(Response& response) {
  for (auto& topic : response.responses) {
    for (auto& partition : topic.partition_responses) {
      if (partition.error_code != 0) continue;
      partition.error_code = proto::to_number(ErrorCode::kKafkaStorageError);
      partition.base_offset = partition.log_append_time_ms = partition.log_start_offset = -1;
    }
  }
}

// Answers once the batches are safe, where the flush policy asks for that. `decoded` keeps what the
// response refers to.
void acknowledge(Node& node, rpc::Request& request, rpc::Decoded<Request>& decoded,
                 Response& response, MonotonicTime begun) {
  const Duration throttle = throttle_request(node, request, response, begun);
  Flusher* flusher = node.flusher();
  if (flusher == nullptr || flusher->is_safe()) return send_reply(request, response, throttle);
  flusher->when_safe([request = std::move(request), decoded = std::move(decoded), response,
                      throttle](bool safe) mutable {
    if (!safe) tell_unsafe(response);
    send_reply(request, response, throttle);
  });
}

void produce(Node& node, rpc::Request request) {
  const MonotonicTime begun = node.loop().now();
  std::optional<rpc::Decoded<Request>> decoded = decode_or_close<Request>(request);
  if (!decoded) return;
  const Call<Request> call{node, request, decoded->message, *decoded->arena};
  const std::span<Request::TopicProduceData> topics = decoded->message.topic_data;
  Response response;
  response.responses = call.arena.array<Response::TopicProduceResponse>(topics.size());
  size_t answered = 0;
  for (const Request::TopicProduceData& topic : topics) {
    if (!topic.partition_data.empty()) append_topic(call, topic, response.responses[answered++]);
  }
  response.responses = response.responses.first(answered);
  response.node_endpoints = proto::empty_array<Response::NodeEndpoint>();
  const Duration throttle = node.security().quotas().record(
      QuotaKey::kProducerByteRate, request, static_cast<double>(request.frame.size()), begun);
  if (decoded->message.acks != 0) {
    response.throttle_time_ms = throttle_ms(throttle);
    acknowledge(node, request, *decoded, response, begun);
  } else if (any_error(response)) {
    // A producer that wants no answers learns of its error by the connection.
    request.responder.close("a batch sent with acks=0 was refused");
  } else {
    request.responder.send_nothing(throttle);
  }
  node.fetches().complete_ready();
}

}  // namespace

// Versions below 3 do not exist any more, but old librdkafka looks for them to learn which codecs
// it may use (KAFKA-18659): they are told, and close the connection when they come.
constinit const HandlerInfo kProduceApi{proto::ApiKey::kProduce, 0, 13, produce};

}  // namespace odradek::broker
