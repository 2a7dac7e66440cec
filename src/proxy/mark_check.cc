#include "proxy/mark_check.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "proto/messages/add_partitions_to_txn_request.h"
#include "proto/messages/add_partitions_to_txn_response.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/end_txn_request.h"
#include "proto/messages/end_txn_response.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"
#include "proxy/remap/batch_mark.h"
#include "wire/batch_builder.h"

namespace odradek::proxy {
namespace {

using cluster::Cluster;
using cluster::CoordinatorType;
using proto::ErrorCode;

constexpr int16_t kProduceVersion = 9;    // by name, before transactions begin by producing
constexpr int16_t kFetchVersion = 12;     // by name
constexpr int16_t kAddPartitionsMax = 3;  // later ones are for brokers

Result<void> check_code(int16_t code, std::string_view attempted) {
  if (code == 0) return {};
  return proto::to_error(proto::error_code(code), attempted);
}

// One record, marked for virtual partition 1 of 2 over 1.
Result<std::vector<Slice>> marked_batch(const wire::BatchOptions& options) {
  wire::BatchBuilder builder(options);
  const wire::NewRecord record = {
      .timestamp_ms = 0, .key = {}, .value = as_bytes("mark"), .headers = {}};
  ODK_TRY_VOID(builder.append(record));
  wire::Compressor compressor;
  ODK_TRY(const Slice made, builder.finish(compressor));
  ODK_TRY(const wire::BatchView batch, wire::BatchView::parse(made.bytes()));
  ODK_TRY(const PartitionRemapper remapper,
          PartitionRemapper::create({.virtual_partitions = 2, .physical_partitions = 1}));
  ODK_TRY(const auto edit, mark_edit(batch, remapper, VirtualPartitionId(1)));
  const wire::HeaderBytes header = wire::edited_header(batch, *edit);
  return std::vector<Slice>{Slice::copy_of(Bytes(header)), made.share(batch.stored_records())};
}

class Checker {
 public:
  Checker(io::Loop& loop, cluster::ClusterOptions options)
      : cluster_(loop, std::move(options)),
        topic_("kafka-partition-proxy-check-" + Uuid::random().to_string()) {}

  io::Task<Result<std::vector<MarkCheck>>> run() {
    Result<std::vector<MarkCheck>> checks = co_await try_marks();
    co_await cluster_.stop();
    co_return checks;
  }

 private:
  MonotonicTime deadline() { return cluster_.request_deadline(); }

  io::Task<Result<std::vector<MarkCheck>>> try_marks() {
    const Result<void> created = co_await create_topic();
    if (!created) co_return created.error();
    std::vector<MarkCheck> checks;
    const wire::BatchOptions plain;
    checks.push_back(co_await try_mark("producer epoch", plain, {}));
    const wire::BatchOptions idempotent = {
        .producer_id = 1234, .producer_epoch = 0, .base_sequence = 0};
    checks.push_back(co_await try_mark("producer id", idempotent, {}));
    checks.push_back(co_await try_transaction());
    const Result<void> deleted = co_await delete_topic();
    if (!deleted) {
      checks.push_back({"temporary topic", false, "not deleted: " + deleted.error().to_string()});
    }
    co_return checks;
  }

  io::Task<MarkCheck> try_mark(std::string mark, wire::BatchOptions options,
                               std::string transactional_id) {
    MarkCheck check = {.mark = std::move(mark), .is_kept = false, .detail = {}};
    const Result<int64_t> offset = co_await produce(options, std::move(transactional_id));
    if (!offset) {
      check.detail = "not accepted: " + offset.error().to_string();
      co_return check;
    }
    const Result<std::string> found = co_await read_owner(*offset);
    if (!found) {
      check.detail = "not read back: " + found.error().to_string();
      co_return check;
    }
    check.is_kept = found->empty();
    check.detail = found->empty() ? "stored and read back" : *found;
    co_return check;
  }

  io::Task<Result<void>> create_topic() {
    std::array<proto::CreateTopicsRequest::CreatableTopic, 1> topics;
    topics[0].name = topic_;
    topics[0].num_partitions = 1;
    topics[0].replication_factor = -1;
    proto::CreateTopicsRequest request;
    request.topics = topics;
    request.timeout_ms = 10'000;
    auto connected = co_await cluster_.controller(deadline());
    if (!connected) co_return connected.error();
    const auto created = co_await cluster_.call(*connected, request, deadline());
    if (!created) co_return created.error();
    for (const auto& topic : created->message.topics) {
      ODK_CO_TRY_VOID(check_code(topic.error_code, "create the temporary topic " + topic_));
    }
    co_return Result<void>{};
  }

  io::Task<Result<void>> delete_topic() {
    std::array<std::string_view, 1> names = {topic_};
    proto::DeleteTopicsRequest request;
    request.topic_names = names;
    request.timeout_ms = 10'000;
    auto connected = co_await cluster_.controller(deadline());
    if (!connected) co_return connected.error();
    const auto deleted = co_await cluster_.call(*connected, request, deadline(), 5);
    if (!deleted) co_return deleted.error();
    for (const auto& topic : deleted->message.responses) {
      ODK_CO_TRY_VOID(check_code(topic.error_code, "delete the temporary topic " + topic_));
    }
    co_return Result<void>{};
  }

  io::Task<Result<int64_t>> produce(wire::BatchOptions options, std::string transactional_id) {
    ODK_CO_TRY(const std::vector<Slice> batch, marked_batch(options));
    std::array<proto::ProduceRequest::PartitionProduceData, 1> partitions;
    partitions[0].records.slices = batch;
    std::array<proto::ProduceRequest::TopicProduceData, 1> topics;
    topics[0].name = topic_;
    topics[0].partition_data = partitions;
    proto::ProduceRequest request;
    if (!transactional_id.empty()) request.transactional_id = transactional_id;
    request.acks = -1;
    request.timeout_ms = 10'000;
    request.topic_data = topics;
    auto connected = co_await cluster_.leader(topic_, 0, cluster::kGeneralLane, deadline());
    if (!connected) co_return connected.error();
    const auto stored = co_await cluster_.call(*connected, request, deadline(), kProduceVersion);
    if (!stored) co_return stored.error();
    const auto& answer = stored->message.responses[0].partition_responses[0];
    ODK_CO_TRY_VOID(check_code(answer.error_code, "produce"));
    co_return answer.base_offset;
  }

  // Empty when the batch at the offset belongs to virtual partition 1, else what it says.
  io::Task<Result<std::string>> read_owner(int64_t offset) {
    std::array<proto::FetchRequest::FetchPartition, 1> partitions;
    partitions[0].fetch_offset = offset;
    partitions[0].partition_max_bytes = 1 << 20;
    std::array<proto::FetchRequest::FetchTopic, 1> topics;
    topics[0].topic = topic_;
    topics[0].partitions = partitions;
    proto::FetchRequest request;
    request.max_wait_ms = 5'000;
    request.min_bytes = 1;
    request.topics = topics;
    auto connected = co_await cluster_.leader(topic_, 0, cluster::kGeneralLane, deadline());
    if (!connected) co_return connected.error();
    const auto fetched = co_await cluster_.call(*connected, request, deadline(), kFetchVersion);
    if (!fetched) co_return fetched.error();
    const auto& data = fetched->message.responses[0].partitions[0];
    ODK_CO_TRY_VOID(check_code(data.error_code, "fetch"));
    ODK_CO_TRY(const wire::BatchView batch, wire::BatchView::parse(data.records.bytes));
    ODK_CO_TRY_VOID(batch.verify_crc());
    ODK_CO_TRY(const PartitionRemapper remapper,
               PartitionRemapper::create({.virtual_partitions = 2, .physical_partitions = 1}));
    const BatchOwner owner = owner_of(batch, remapper, PartitionId(0));
    if (owner.kind == BatchOwner::Kind::kOne && owner.partition == VirtualPartitionId(1)) {
      co_return std::string();
    }
    co_return fmt::format("stored without its mark (attributes {:#06x}, producer id {}, epoch {})",
                          batch.attributes(), batch.producer_id(), batch.producer_epoch());
  }

  io::Task<MarkCheck> try_transaction() {
    const std::string id = topic_;
    MarkCheck check = {.mark = "attributes", .is_kept = false, .detail = {}};
    const auto begun = co_await begin(id);
    if (!begun) {
      check.detail = "no transaction: " + begun.error().to_string();
      co_return check;
    }
    const wire::BatchOptions options = {.transactional = true,
                                        .producer_id = begun->producer_id,
                                        .producer_epoch = begun->producer_epoch,
                                        .base_sequence = 0};
    check = co_await try_mark("attributes", options, id);
    const Result<void> ended = co_await end(id, *begun);
    if (!ended) check.detail += "; transaction not ended: " + ended.error().to_string();
    co_return check;
  }

  struct Producer {
    int64_t producer_id = -1;
    int16_t producer_epoch = -1;
  };

  io::Task<Result<Cluster::Connection>> transaction_coordinator(std::string id) {
    return cluster_.coordinator(CoordinatorType::kTransaction, std::move(id), cluster::kGeneralLane,
                                deadline());
  }

  // The transaction log may be in the making when it is first used.
  io::Task<Result<Producer>> begin(std::string id) {
    const MonotonicTime give_up = deadline();
    while (true) {
      Result<Producer> begun = co_await begin_once(id);
      if (begun) co_return begun;
      const auto code = proto::error_code(begun.error().server_code());
      if (!proto::is_retriable(code) || cluster_.loop().now() > give_up) co_return begun;
      cluster_.forget_coordinator(CoordinatorType::kTransaction, id);
      const Result<void> slept =
          co_await io::sleep(cluster_.loop(), std::chrono::milliseconds(200));
      if (!slept) co_return slept.error();
    }
  }

  io::Task<Result<Producer>> begin_once(std::string id) {
    auto connected = co_await transaction_coordinator(id);
    if (!connected) co_return connected.error();
    proto::InitProducerIdRequest init;
    init.transactional_id = id;
    init.transaction_timeout_ms = 30'000;
    const auto made = co_await cluster_.call(*connected, init, deadline(), 4);
    if (!made) co_return made.error();
    ODK_CO_TRY_VOID(check_code(made->message.error_code, "initialise the producer"));
    const Producer producer = {made->message.producer_id, made->message.producer_epoch};
    std::array<int32_t, 1> partitions = {0};
    std::array<proto::AddPartitionsToTxnRequest::AddPartitionsToTxnTopic, 1> topics;
    topics[0].name = topic_;
    topics[0].partitions = partitions;
    proto::AddPartitionsToTxnRequest add;
    add.v3_and_below_transactional_id = id;
    add.v3_and_below_producer_id = producer.producer_id;
    add.v3_and_below_producer_epoch = producer.producer_epoch;
    add.v3_and_below_topics = topics;
    const auto added = co_await cluster_.call(*connected, add, deadline(), kAddPartitionsMax);
    if (!added) co_return added.error();
    for (const auto& topic : added->message.results_by_topic_v3_and_below) {
      for (const auto& partition : topic.results_by_partition) {
        ODK_CO_TRY_VOID(check_code(partition.partition_error_code, "begin the transaction"));
      }
    }
    co_return producer;
  }

  io::Task<Result<void>> end(std::string id, Producer producer) {
    auto connected = co_await transaction_coordinator(id);
    if (!connected) co_return connected.error();
    proto::EndTxnRequest request;
    request.transactional_id = id;
    request.producer_id = producer.producer_id;
    request.producer_epoch = producer.producer_epoch;
    request.committed = true;
    const auto ended = co_await cluster_.call(*connected, request, deadline(), 4);
    if (!ended) co_return ended.error();
    co_return check_code(ended->message.error_code, "commit the transaction");
  }

  Cluster cluster_;
  std::string topic_;
};

}  // namespace

io::Task<Result<std::vector<MarkCheck>>> check_marks_of(io::Loop& loop,
                                                        cluster::ClusterOptions options) {
  Checker checker(loop, std::move(options));
  co_return co_await checker.run();
}

}  // namespace odradek::proxy
