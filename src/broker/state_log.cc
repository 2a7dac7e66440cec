#include "broker/state_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/log.h"
#include "base/utf8.h"
#include "broker/node.h"
#include "broker/topic_admin.h"
#include "wire/batch_builder.h"
#include "wire/control_record.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;

constexpr size_t kReplayBytes = size_t{1} << 20U;

struct TopicPlan {
  int32_t partitions;
  TopicOverrides configs;
};

// Source: AutoTopicCreationManager.creatableTopic, GroupCoordinator.groupMetadataTopicConfigs,
// TransactionStateManager.transactionTopicConfigs.
TopicPlan plan_of(const Settings& settings, std::string_view topic) {
  const bool offsets = topic == kOffsetsTopic;
  const auto text = [&settings](std::string_view name) {
    return std::to_string(settings.get_long(name));
  };
  TopicPlan plan;
  plan.partitions = static_cast<int32_t>(settings.get_long(
      offsets ? "offsets.topic.num.partitions" : "transaction.state.log.num.partitions"));
  plan.configs = {{"cleanup.policy", "compact"}};
  if (offsets) {
    plan.configs.emplace("compression.type", "producer");
    plan.configs.emplace("segment.bytes", text("offsets.topic.segment.bytes"));
  } else {
    plan.configs.emplace("compression.type", "uncompressed");
    plan.configs.emplace("unclean.leader.election.enable", "false");
    plan.configs.emplace("segment.bytes", text("transaction.state.log.segment.bytes"));
  }
  return plan;
}

ErrorCode code_of(log::AppendFault fault) {
  switch (fault) {
    case log::AppendFault::kNone: return ErrorCode::kNone;
    case log::AppendFault::kTooLarge:
    case log::AppendFault::kLargerThanSegment: return ErrorCode::kMessageTooLarge;
    default: return ErrorCode::kKafkaStorageError;
  }
}

Result<void> replay_batch(int32_t partition, const wire::BatchView& batch, log::Unpacker& unpacker,
                          StateReader& reader) {
  ODK_TRY(const Bytes records, wire::records_of(batch, unpacker.decompressor, unpacker.scratch));
  wire::RecordCursor cursor(batch, records);
  StateProducer producer;
  if (batch.is_transactional()) producer = {batch.producer_id(), batch.producer_epoch()};
  while (const wire::RecordView* record = cursor.next()) {
    if (!batch.is_control()) {
      ODK_TRY_VOID(reader.on_record(partition, producer, *record));
      continue;
    }
    ODK_TRY(const wire::ControlType type, wire::control_type(*record));
    const bool committed = type == wire::ControlType::kCommit;
    if (committed || type == wire::ControlType::kAbort) {
      reader.on_marker(partition, producer, committed);
    }
  }
  return cursor.status();
}

Result<void> replay_partition(const Partition& partition, log::Unpacker& unpacker,
                              StateReader& reader) {
  const log::PartitionLog& log = partition.log;
  int64_t offset = log.start_offset();
  std::vector<Slice> slices;
  while (offset < log.end_offset()) {
    log::ReadRange range;
    range.offset = offset;
    range.bytes_max = kReplayBytes;
    range.first_batch_whole = true;
    range.end_offset = log.end_offset();
    slices.clear();
    if (log.read(range, slices) == 0) break;
    for (const Slice& slice : slices) {
      ODK_TRY(const Bytes cut,
              wire::for_each_batch(slice.bytes(), [&](const wire::BatchView& batch) {
                offset = batch.next_offset();
                return replay_batch(partition.index, batch, unpacker, reader);
              }));
      if (!cut.empty()) return Error(Errc::kMalformed, "a stored batch is cut");
    }
  }
  return {};
}

}  // namespace

ErrorCode StateLog::ensure_topic() {
  if (node_.topics().find(topic_) != nullptr) return ErrorCode::kNone;
  TopicPlan plan = plan_of(node_.settings(), topic_);
  NewTopic topic;
  topic.name = topic_;
  topic.partitions = plan.partitions;
  topic.replication_factor = 1;
  for (const auto& [name, value] : plan.configs) topic.configs.emplace_back(name, value);
  const NewTopicResult made = create_topic(node_, topic, false);
  if (made.error.ok()) return ErrorCode::kNone;
  ODK_LOG(error, "an internal topic cannot be created", kv("topic", topic_),
          kv("error", made.error.message));
  return ErrorCode::kCoordinatorNotAvailable;
}

int32_t StateLog::partition_of(std::string_view id) const {
  const Topic* topic = node_.topics().find(topic_);
  if (topic == nullptr) return 0;
  return positive_java_hash(id) % static_cast<int32_t>(topic->partitions.size());
}

Partition* StateLog::partition(std::string_view id) {
  if (ensure_topic() != ErrorCode::kNone) return nullptr;
  return node_.topics().find(topic_)->partition(partition_of(id));
}

ErrorCode StateLog::append(std::string_view id, std::span<const StateRecord> records,
                           StateProducer producer) {
  if (records.empty()) return ErrorCode::kNone;
  Partition* target = partition(id);
  if (target == nullptr) return ErrorCode::kCoordinatorNotAvailable;
  wire::BatchOptions options;
  options.transactional = producer.id != wire::kNoProducerId;
  options.producer_id = producer.id;
  options.producer_epoch = producer.epoch;
  wire::BatchBuilder builder(options);
  const TimestampMs now_ms = node_.wall_ms();
  for (const StateRecord& record : records) {
    if (!builder.append({now_ms, record.key, record.value})) return ErrorCode::kMessageTooLarge;
  }
  if (!node_.make_room(builder.size())) return ErrorCode::kKafkaStorageError;
  const Result<Slice> batch = builder.finish(node_.scratch().compressor);
  ODK_ASSERT(batch.has_value(), "{}", batch.error().to_string());
  const log::AppendOutcome outcome = target->log.append_own(batch->bytes(), now_ms);
  if (!outcome.error.ok()) {
    ODK_LOG(warn, "state cannot be written", kv("topic", topic_), kv("partition", target->index),
            kv("bytes", batch->size()), kv("error", outcome.error.message));
    return code_of(outcome.error.fault);
  }
  node_.records_appended(*target, outcome.bytes);
  return ErrorCode::kNone;
}

Result<void> StateLog::replay(StateReader& reader) const {
  const Topic* topic = node_.topics().find(topic_);
  if (topic == nullptr) return {};
  for (const auto& partition : topic->partitions) {
    const Result<void> read = replay_partition(*partition, node_.scratch().unpacker, reader);
    if (!read) {
      return read.error().with_context(fmt::format("replay of {}-{}", topic_, partition->index));
    }
  }
  return {};
}

bool is_internal_topic(std::string_view name) {
  return name == kOffsetsTopic || name == kTransactionsTopic || name == "__share_group_state";
}

int32_t positive_java_hash(std::string_view utf8) {
  constexpr uint32_t kReplacement = 0xFFFD;
  uint32_t hash = 0;
  const auto add = [&hash](uint32_t unit) { hash = hash * 31 + unit; };
  while (!utf8.empty()) {
    const size_t bytes = utf8_sequence_bytes(utf8);
    const auto bits = [&](size_t i) { return static_cast<uint32_t>(utf8[i]) & 0x3FU; };
    uint32_t code = static_cast<uint8_t>(utf8[0]);
    if (bytes == 0) code = kReplacement;
    if (bytes == 2) code = (code & 0x1FU) << 6U | bits(1);
    if (bytes == 3) code = (code & 0x0FU) << 12U | bits(1) << 6U | bits(2);
    if (bytes == 4) code = (code & 0x07U) << 18U | bits(1) << 12U | bits(2) << 6U | bits(3);
    if (code > 0xFFFF) {
      add(0xD800U + ((code - 0x10000U) >> 10U));
      code = 0xDC00U + ((code - 0x10000U) & 0x3FFU);
    }
    add(code);
    utf8.remove_prefix(std::max<size_t>(bytes, 1));
  }
  const auto value = static_cast<int32_t>(hash);
  if (value == std::numeric_limits<int32_t>::min()) return 0;
  return value < 0 ? -value : value;
}

}  // namespace odradek::broker
