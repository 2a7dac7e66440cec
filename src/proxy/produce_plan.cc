#include "proxy/produce_plan.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/assert.h"
#include "proto/array_of.h"
#include "proxy/remap/batch_mark.h"
#include "wire/record_batch.h"

namespace odradek::proxy {

using proto::ErrorCode;
using proto::ProduceRequest;
using proto::ProduceResponse;

namespace {

// In one request; clients send one.
constexpr int32_t kBatchesOfPartitionMax = 16;

bool is_moved(int16_t code) {
  const ErrorCode error = proto::error_code(code);
  return error == ErrorCode::kNotLeaderOrFollower || error == ErrorCode::kLeaderNotAvailable;
}

// The one batch an entry may hold.
Result<wire::BatchView> single_batch(Bytes records) {
  ODK_TRY(const wire::BatchView batch, wire::BatchView::parse(records));
  if (batch.size() != records.size()) {
    return Error(Errc::kMalformed, "more than one record batch for a partition");
  }
  return batch;
}

Result<void> check_transactional(const wire::BatchView& batch) {
  if (batch.has_producer() && batch.producer_epoch() >= 0 && batch.base_sequence() >= 0) return {};
  return Error(Errc::kMalformed, "transactional batch without producer id, epoch or sequence");
}

}  // namespace

ProducePlan::ProducePlan(const ProduceRequest& request, const Slice& frame,
                         std::span<const ResolvedTopic> topics)
    : request_(&request),
      frame_(frame.share(frame.bytes())),
      topics_(topics.begin(), topics.end()) {
  size_t count = 0;
  for (const auto& topic : request.topic_data) count += topic.partition_data.size();
  entries_.reserve(count);
  messages_.reserve(count);  // answers view the texts
  for (size_t t = 0; t < request.topic_data.size(); ++t) {
    for (size_t i = 0; i < request.topic_data[t].partition_data.size(); ++i) add(t, i);
  }
}

void ProducePlan::add(size_t topic, size_t index) {
  Entry& entry = entries_.emplace_back();
  entry.topic = topic;
  entry.index = index;
  const int32_t client_partition = request_->topic_data[topic].partition_data[index].index;
  entry.answer.index = client_partition;
  const ResolvedTopic& resolved = topics_[topic];
  if (!resolved.ok()) return refuse(entry, resolved.error);
  const std::optional<PhysicalPlace> place = resolved.place(client_partition);
  if (!place) return refuse(entry, ErrorCode::kUnknownTopicOrPartition);
  entry.physical = place->partition;
  entry.group = place->group;
  entry.wave = place->group.value();
  entry.leader = resolved.leader(place->partition);
  if (Result<void> marked = mark(entry); !marked) {
    return refuse(entry, ErrorCode::kInvalidRecord, std::string(marked.error().message()));
  }
  if (!place_in_wave(entry)) refuse(entry, ErrorCode::kInvalidRequest);
}

Result<void> ProducePlan::mark(Entry& entry) {
  const auto& data = request_->topic_data[entry.topic].partition_data[entry.index];
  const ResolvedTopic& topic = topics_[entry.topic];
  if (topic.remapper == nullptr) {
    if (!data.records.is_null()) entry.records.push_back(frame_.share(data.records.bytes));
    return {};
  }
  ODK_TRY(const wire::BatchView batch, single_batch(data.records.bytes));
  const VirtualPartitionId partition(data.index);
  ODK_TRY(const std::optional<wire::HeaderEdit> edit, mark_edit(batch, *topic.remapper, partition));
  ++remapped_batches_;
  if (batch.is_transactional()) {
    ODK_TRY_VOID(check_transactional(batch));
    hold_back(entry, batch, edit);
  } else if (edit) {
    set_records(entry, batch, *edit);
  } else {
    entry.records.push_back(frame_.share(batch.bytes()));
  }
  return {};
}

void ProducePlan::hold_back(Entry& entry, const wire::BatchView& batch,
                            std::optional<wire::HeaderEdit> edit) {
  const auto& data = request_->topic_data[entry.topic].partition_data[entry.index];
  const cluster::Topic& topic = *topics_[entry.topic].physical;
  entry.is_held = true;
  has_transactional_ = true;
  entry.txn.emplace(Transactional{.key = {.topic = topic.name,
                                          .topic_id = topic.id,
                                          .partition = entry.physical.value(),
                                          .producer_id = batch.producer_id(),
                                          .epoch = batch.producer_epoch()},
                                  .batch = {.partition = VirtualPartitionId(data.index),
                                            .base_sequence = batch.base_sequence(),
                                            .count = batch.last_offset_delta() + 1},
                                  .group = entry.group,
                                  .view = batch,
                                  .edit = edit.value_or(wire::HeaderEdit{})});
}

void ProducePlan::set_records(Entry& entry, const wire::BatchView& batch,
                              const wire::HeaderEdit& edit) {
  const wire::HeaderBytes header = wire::edited_header(batch, edit);
  entry.records.clear();
  entry.records.push_back(Slice::copy_of(Bytes(header)));
  entry.records.push_back(frame_.share(batch.stored_records()));
}

void ProducePlan::set_sequence(size_t at, int32_t sequence) {
  Entry& entry = entries_[at];
  wire::HeaderEdit edit = entry.txn->edit;
  edit.base_sequence = sequence;
  set_records(entry, entry.txn->view, edit);
  entry.is_held = false;
  entry.wave = 0;  // batches of a transaction are never under way two a partition
}

void ProducePlan::refuse_all(ErrorCode code) {
  if (code == ErrorCode{}) return;
  for (Entry& entry : entries_) {
    if (!entry.is_answered) refuse(entry, code);
  }
}

std::vector<size_t> ProducePlan::transactional_entries() const {
  std::vector<size_t> found;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].txn && !entries_[i].is_answered) found.push_back(i);
  }
  return found;
}

// A client that names one virtual partition twice gets waves behind those of the groups: both
// batches are stored, in order. False when it goes on like that: each wave is a request upstream.
bool ProducePlan::place_in_wave(Entry& entry) {
  const cluster::Topic* topic = topics_[entry.topic].physical;
  const int32_t before = named_[{topic, entry.answer.index}]++;
  entry.wave = entry.group.value() + before * kMaxGroups;
  return before < kBatchesOfPartitionMax;
}

// Final: nothing of it was sent, or can be.
void ProducePlan::refuse(Entry& entry, ErrorCode code, std::string message) {
  entry.is_answered = true;
  entry.was_retried = true;
  entry.answer.error_code = proto::to_number(code);
  entry.answer.base_offset = -1;
  if (message.empty()) return;
  messages_.push_back(std::move(message));
  entry.answer.error_message = messages_.back();
}

std::vector<ProducePlan::Send> ProducePlan::sends() const {
  std::map<std::pair<int32_t, int32_t>, Send> by_wave;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.is_answered || entry.is_held) continue;
    Send& send = by_wave[{entry.wave, entry.leader}];
    send.wave = entry.wave;
    send.broker = entry.leader;
    send.entries.push_back(i);
  }
  std::vector<Send> all;
  all.reserve(by_wave.size());
  for (auto& [key, send] : by_wave) all.push_back(std::move(send));
  return all;
}

ProduceRequest ProducePlan::request_of(const Send& send, Arena& arena) const {
  ProduceRequest upstream = *request_;
  const auto topics = arena.array<ProduceRequest::TopicProduceData>(send.entries.size());
  const auto partitions = arena.array<ProduceRequest::PartitionProduceData>(send.entries.size());
  size_t topic_count = 0;
  size_t at = 0;
  while (at < send.entries.size()) {
    const size_t topic = entries_[send.entries[at]].topic;
    const size_t first = at;
    for (; at < send.entries.size() && entries_[send.entries[at]].topic == topic; ++at) {
      const Entry& entry = entries_[send.entries[at]];
      const auto& client = request_->topic_data[topic].partition_data[entry.index];
      partitions[at].index = entry.physical.value();
      partitions[at].records.slices = entry.records;
      partitions[at].unknown_tags = client.unknown_tags;
    }
    auto& data = topics[topic_count++];
    data = request_->topic_data[topic];
    data.partition_data = partitions.subspan(first, at - first);
  }
  upstream.topic_data = topics.first(topic_count);
  return upstream;
}

void ProducePlan::apply(const Send& send, const ProduceResponse& response) {
  throttle_ms_ = std::max(throttle_ms_, response.throttle_time_ms);
  using Key = std::tuple<std::string_view, Uuid, int32_t>;
  std::map<Key, const ProduceResponse::PartitionProduceResponse*> answers;
  for (const auto& topic : response.responses) {
    for (const auto& partition : topic.partition_responses) {
      answers[{topic.name, topic.topic_id, partition.index}] = &partition;
    }
  }
  for (const size_t i : send.entries) {
    Entry& entry = entries_[i];
    const auto& topic = request_->topic_data[entry.topic];
    const auto found = answers.find({topic.name, topic.topic_id, entry.physical.value()});
    if (found == answers.end()) {
      refuse(entry, ErrorCode::kUnknownServerError);
      continue;
    }
    const int32_t client_partition = entry.answer.index;
    entry.answer = *found->second;
    entry.answer.index = client_partition;
    const PhysicalPlace place = {entry.physical, entry.group};
    const ResolvedTopic& resolved = topics_[entry.topic];
    entry.answer.base_offset = resolved.client_offset(place, entry.answer.base_offset);
    entry.answer.log_start_offset = resolved.client_offset(place, entry.answer.log_start_offset);
    entry.answer.current_leader = {};  // names a broker the client does not know
    entry.is_answered = true;
  }
}

void ProducePlan::fail(const Send& send, ErrorCode code) {
  for (const size_t i : send.entries) {
    entries_[i].is_answered = true;
    entries_[i].answer.error_code = proto::to_number(code);
    entries_[i].answer.base_offset = -1;
  }
}

bool ProducePlan::has_moved() const {
  return std::ranges::any_of(entries_, [](const Entry& entry) {
    return entry.is_answered && !entry.was_retried && is_moved(entry.answer.error_code);
  });
}

bool ProducePlan::has_errors() const {
  return std::ranges::any_of(entries_, [](const Entry& entry) {
    return entry.is_answered && entry.answer.error_code != 0;
  });
}

bool ProducePlan::retry_moved(std::span<const ResolvedTopic> topics) {
  bool found = false;
  for (Entry& entry : entries_) {
    if (!entry.is_answered || entry.was_retried || !is_moved(entry.answer.error_code)) continue;
    const ResolvedTopic& topic = topics[entry.topic];
    // A topic that changed its mapping meanwhile must not get a batch marked for the old one.
    if (!topic.ok() || topic.remapper != topics_[entry.topic].remapper) continue;
    entry.leader = topic.leader(entry.physical);
    entry.was_retried = true;
    entry.is_answered = false;
    entry.answer = {.index = entry.answer.index};
    found = true;
  }
  return found;
}

ProduceResponse ProducePlan::response(Arena& arena) const {
  ProduceResponse response;
  response.throttle_time_ms = throttle_ms_;
  const size_t topic_count = request_->topic_data.size();
  const auto topics = arena.array<ProduceResponse::TopicProduceResponse>(topic_count);
  const auto partitions = arena.array<ProduceResponse::PartitionProduceResponse>(entries_.size());
  size_t at = 0;
  for (size_t t = 0; t < topic_count; ++t) {
    const auto& asked = request_->topic_data[t];
    const size_t first = at;
    for (size_t i = 0; i < asked.partition_data.size(); ++i, ++at) {
      ODK_ASSERT(entries_[at].is_answered, "partition {}", entries_[at].answer.index);
      partitions[at] = entries_[at].answer;
    }
    topics[t].name = asked.name;
    topics[t].topic_id = asked.topic_id;
    topics[t].partition_responses = partitions.subspan(first, at - first);
  }
  response.responses = topics;
  return response;
}

}  // namespace odradek::proxy
