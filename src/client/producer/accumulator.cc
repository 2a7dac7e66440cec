#include "client/producer/accumulator.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "wire/murmur2.h"

namespace odradek::client {
namespace {

Bytes bytes_of(const std::optional<std::string_view>& text) {
  if (!text) return {};
  // A view of nothing has no address, but is not null to Kafka.
  if (text->data() == nullptr) return as_bytes(std::string_view(""));
  return as_bytes(*text);
}

Bytes bytes_of(const std::string& text, bool is_there) {
  return is_there ? as_bytes(std::string_view(text)) : Bytes{};
}

// First memory for a partition's first batch: small, since most fill slowly; it grows by itself.
constexpr size_t kFirstBatchBytes = size_t{8} << 10U;

}  // namespace

Accumulator::Accumulator(const AccumulatorOptions& options, uint64_t seed)
    : options_(options), random_(static_cast<uint32_t>(seed)) {}

TopicQueue& Accumulator::topic(std::string_view name) {
  const auto found = topics_.find(name);
  if (found != topics_.end()) return *found->second;
  auto created = std::make_unique<TopicQueue>();
  created->name = name;
  TopicQueue& topic = *created;
  topics_.emplace(topic.name, std::move(created));
  return topic;
}

Result<bool> Accumulator::append(const kafka::Record& record, int64_t timestamp_ms,
                                 MonotonicTime now, kafka::DeliveryCallback& report) {
  if (record.topic.empty()) return Error(Errc::kInvalidArgument, "record without a topic");
  TopicQueue& queue = topic(record.topic);
  if (queue.partitions.empty()) return hold(queue, record, timestamp_ms, now, report);

  ODK_TRY(const int32_t partition, choose_partition(queue, record));
  headers_.clear();
  for (const kafka::Header& header : record.headers) {
    headers_.push_back({.key = header.key, .value = bytes_of(header.value)});
  }
  const wire::NewRecord encoded{.timestamp_ms = timestamp_ms,
                                .key = bytes_of(record.key),
                                .value = bytes_of(record.value),
                                .headers = headers_};
  return append_to(*queue.partitions[static_cast<size_t>(partition)], encoded, now, report,
                   std::nullopt);
}

Result<int32_t> Accumulator::choose_partition(TopicQueue& topic, const kafka::Record& record) {
  const auto count = static_cast<int32_t>(topic.partitions.size());
  if (record.partition) {
    if (*record.partition >= 0 && *record.partition < count) return *record.partition;
    return Error(Errc::kInvalidArgument,
                 fmt::format("topic {} has no partition {}, but {} partitions", topic.name,
                             *record.partition, count));
  }
  if (record.key) return wire::partition_for_key(bytes_of(record.key), count);
  if (topic.sticky_partition < 0) topic.sticky_partition = next_sticky(topic);
  return topic.sticky_partition;
}

int32_t Accumulator::next_sticky(const TopicQueue& topic) {
  const auto count = static_cast<int32_t>(topic.partitions.size());
  if (count == 1) return 0;
  std::uniform_int_distribution<int32_t> any(0, count - 2);
  const int32_t other = any(random_);  // one of those that are not the current one
  return topic.sticky_partition >= 0 && other >= topic.sticky_partition ? other + 1 : other;
}

Result<void> Accumulator::charge(size_t bytes) {
  if (!has_room(bytes)) return Error(Errc::kPrecondition, "the producer's buffer is full");
  used_bytes_ += bytes;
  return {};
}

Result<bool> Accumulator::append_to(PartitionQueue& queue, const wire::NewRecord& record,
                                    MonotonicTime now, kafka::DeliveryCallback& report,
                                    std::optional<uint64_t> id) {
  bool wake = false;
  size_t before = queue.open == nullptr ? 0 : queue.open->builder.size();
  size_t after = queue.open == nullptr ? 0 : queue.open->builder.size_with(record);
  if (queue.open != nullptr && after > options_.batch_bytes) {
    close_batch(queue);
    wake = true;
  }
  if (queue.open == nullptr) {
    wire::BatchBuilder fresh(options_.batch);
    before = 0;
    after = fresh.size_with(record);
    if (after > options_.batch_bytes) {
      return Error(Errc::kLimitExceeded, fmt::format("record of {} bytes, batch_bytes is {}", after,
                                                     options_.batch_bytes));
    }
    ODK_TRY_VOID(charge(after - before));
    open_batch(queue, now, after);
    queue.open->id = id ? *id : next_id_++;
    outstanding_.insert(queue.open->id);
    wake = true;
  } else {
    ODK_TRY_VOID(charge(after - before));
  }
  OpenBatch& batch = *queue.open;
  const Result<void> appended = batch.builder.append(record);
  ODK_ASSERT(appended.has_value());  // its size was checked above
  batch.reports.push_back(std::move(report));
  batch.charged_bytes += after - before;
  list(queue);
  return wake;
}

void Accumulator::open_batch(PartitionQueue& queue, MonotonicTime now, size_t first_record_bytes) {
  const size_t expected_bytes =
      std::max({kFirstBatchBytes, 4 * first_record_bytes, queue.last_batch_bytes});
  const size_t first_bytes = std::min(options_.batch_bytes, expected_bytes);
  queue.open = std::make_unique<OpenBatch>(options_.batch, first_bytes);
  queue.open->created_at = now;
}

void Accumulator::close_batch(PartitionQueue& queue) {
  TopicQueue& topic = *queue.topic;
  if (topic.sticky_partition == queue.partition) topic.sticky_partition = next_sticky(topic);
  queue.last_batch_bytes = queue.open->builder.size();
  queue.closed.push_back(std::move(queue.open));
}

void Accumulator::list(PartitionQueue& queue) {
  if (queue.is_listed) return;
  queue.is_listed = true;
  listed_.push_back(&queue);
}

// --- topics not known yet

Result<bool> Accumulator::hold(TopicQueue& topic, const kafka::Record& record, int64_t timestamp_ms,
                               MonotonicTime now, kafka::DeliveryCallback& report) {
  UnroutedRecord held;
  held.has_key = record.key.has_value();
  held.has_value = record.value.has_value();
  held.key = record.key.value_or("");
  held.value = record.value.value_or("");
  size_t bytes = sizeof(UnroutedRecord) + held.key.size() + held.value.size();
  for (const kafka::Header& header : record.headers) {
    auto& [key, value] = held.headers.emplace_back();
    key = header.key;
    if (header.value) value = std::string(*header.value);
    bytes += key.size() + (value ? value->size() : 0);
  }
  if (bytes > options_.batch_bytes + sizeof(UnroutedRecord)) {
    return Error(Errc::kLimitExceeded,
                 fmt::format("record of {} bytes, batch_bytes is {}", bytes, options_.batch_bytes));
  }
  ODK_TRY_VOID(charge(bytes));
  held.partition = record.partition;
  held.timestamp_ms = timestamp_ms;
  held.report = std::move(report);
  held.id = next_id_++;
  held.created_at = now;
  held.charged_bytes = bytes;
  outstanding_.insert(held.id);
  const bool is_first = topic.unrouted.empty();
  topic.unrouted.push_back(std::move(held));
  ++unrouted_count_;
  return is_first;
}

std::vector<Accumulator::Unknown> Accumulator::unknown_topics() const {
  std::vector<Unknown> unknown;
  for (const auto& [name, topic] : topics_) {
    if (!topic->unrouted.empty()) unknown.push_back({name, topic->unrouted.front().created_at});
  }
  return unknown;
}

std::vector<UnroutedRecord> Accumulator::set_partition_count(std::string_view name, int32_t count) {
  TopicQueue& known = topic(name);
  for (auto i = static_cast<int32_t>(known.partitions.size()); i < count; ++i) {
    auto queue = std::make_unique<PartitionQueue>();
    queue->topic = &known;
    queue->partition = i;
    queue->index = next_index_++;
    known.partitions.push_back(std::move(queue));
  }
  std::vector<UnroutedRecord> refused;
  std::deque<UnroutedRecord> waiting = std::exchange(known.unrouted, {});
  unrouted_count_ -= waiting.size();
  for (UnroutedRecord& record : waiting) {
    // Charged again by append_to, in its encoded size.
    used_bytes_ -= record.charged_bytes;
    outstanding_.erase(record.id);
    const Result<void> routed = route(known, record);
    if (!routed) {
      outstanding_.insert(record.id);
      used_bytes_ += record.charged_bytes;
      refused.push_back(std::move(record));
    }
  }
  return refused;
}

Result<void> Accumulator::route(TopicQueue& topic, UnroutedRecord& record) {
  kafka::Record target;
  target.partition = record.partition;
  if (record.has_key) target.key = record.key;
  ODK_TRY(const int32_t partition, choose_partition(topic, target));
  headers_.clear();
  for (const auto& [key, value] : record.headers) {
    headers_.push_back({.key = key, .value = value ? bytes_of(*value, true) : Bytes{}});
  }
  const wire::NewRecord encoded{.timestamp_ms = record.timestamp_ms,
                                .key = bytes_of(record.key, record.has_key),
                                .value = bytes_of(record.value, record.has_value),
                                .headers = headers_};
  PartitionQueue& queue = *topic.partitions[static_cast<size_t>(partition)];
  // A batch it opens is as old as the record: a flush asked for meanwhile waits for it.
  ODK_TRY_VOID(append_to(queue, encoded, record.created_at, record.report, record.id));
  return {};
}

std::vector<UnroutedRecord> Accumulator::take_unrouted(std::string_view name) {
  std::deque<UnroutedRecord> taken = std::exchange(topic(name).unrouted, {});
  unrouted_count_ -= taken.size();
  return {std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end())};
}

// --- the sender's side

std::optional<MonotonicTime> Accumulator::list_ready(MonotonicTime now, bool everything,
                                                     std::vector<PartitionQueue*>& ready) {
  std::optional<MonotonicTime> next;
  std::erase_if(listed_, [&](PartitionQueue* queue) {
    if (queue->empty()) {
      queue->is_listed = false;
      return true;
    }
    const bool is_full = !queue->closed.empty();
    const MonotonicTime due = is_full ? now : queue->open->created_at + options_.linger;
    if (everything || due <= now) {
      ready.push_back(queue);
    } else if (!next || due < *next) {
      next = due;
    }
    return false;
  });
  return next;
}

OpenBatchPtr Accumulator::take(PartitionQueue& queue) {
  if (queue.closed.empty() && queue.open != nullptr) close_batch(queue);
  if (queue.closed.empty()) return nullptr;
  OpenBatchPtr batch = std::move(queue.closed.front());
  queue.closed.pop_front();
  return batch;
}

std::vector<Accumulator::Expired> Accumulator::take_expired(MonotonicTime created_before) {
  std::vector<Expired> expired;
  for (PartitionQueue* queue : listed_) {
    while (!queue->empty()) {
      const OpenBatch& oldest = queue->closed.empty() ? *queue->open : *queue->closed.front();
      if (oldest.created_at >= created_before) break;
      expired.push_back({queue, take(*queue)});
    }
  }
  return expired;
}

void Accumulator::release(uint64_t id, size_t charged_bytes) {
  ODK_ASSERT(charged_bytes <= used_bytes_);
  used_bytes_ -= charged_bytes;
  const auto found = outstanding_.find(id);
  ODK_ASSERT(found != outstanding_.end());
  outstanding_.erase(found);
}

}  // namespace odradek::client
