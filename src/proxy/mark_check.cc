#include "proxy/mark_check.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "proto/messages/add_partitions_to_txn_request.h"
#include "proto/messages/add_partitions_to_txn_response.h"
#include "proto/messages/end_txn_request.h"
#include "proto/messages/end_txn_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proxy/remap/batch_mark.h"
#include "proxy/single_log.h"
#include "wire/batch_builder.h"

namespace odradek::proxy {
namespace {

using cluster::Cluster;
using cluster::CoordinatorType;

constexpr int16_t kAddPartitionsMax = 3;  // later ones are for brokers
constexpr int32_t kReadWaitMs = 5'000;

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
        log_(cluster_, "kafka-partition-proxy-check-" + Uuid::random().to_string()) {}

  io::Task<Result<std::vector<MarkCheck>>> run() {
    Result<std::vector<MarkCheck>> checks = co_await try_marks();
    co_await cluster_.stop();
    co_return checks;
  }

 private:
  MonotonicTime deadline() { return cluster_.request_deadline(); }

  io::Task<Result<std::vector<MarkCheck>>> try_marks() {
    const Result<void> created = co_await log_.create("delete");
    if (!created) co_return created.error();
    std::vector<MarkCheck> checks;
    const wire::BatchOptions plain;
    checks.push_back(co_await try_mark("producer epoch", plain, {}));
    const wire::BatchOptions idempotent = {
        .producer_id = 1234, .producer_epoch = 0, .base_sequence = 0};
    checks.push_back(co_await try_mark("producer id", idempotent, {}));
    checks.push_back(co_await try_transaction());
    const Result<void> deleted = co_await log_.remove();
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

  io::Task<Result<int64_t>> produce(wire::BatchOptions options, std::string transactional_id) {
    ODK_CO_TRY(std::vector<Slice> batch, marked_batch(options));
    co_return co_await log_.append(std::move(batch), std::move(transactional_id));
  }

  // Empty when the batch at the offset belongs to virtual partition 1, else what it says.
  io::Task<Result<std::string>> read_owner(int64_t offset) {
    const Result<SingleLog::Chunk> read = co_await log_.read(offset, kReadWaitMs);
    if (!read) co_return read.error();
    ODK_CO_TRY(const wire::BatchView batch, wire::BatchView::parse(read->batches.bytes()));
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
    const std::string id = log_.topic();
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
    topics[0].name = log_.topic();
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
  SingleLog log_;
};

}  // namespace

io::Task<Result<std::vector<MarkCheck>>> check_marks_of(io::Loop& loop,
                                                        cluster::ClusterOptions options) {
  Checker checker(loop, std::move(options));
  co_return co_await checker.run();
}

}  // namespace odradek::proxy
