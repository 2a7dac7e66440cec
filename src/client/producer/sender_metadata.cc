// How a Sender learns of topics, their partitions and leaders.
#include <fmt/format.h>

#include "client/client_thread.h"
#include "client/producer/sender.h"

namespace odradek::client {

// At most one question at a time, and a pause between two: the timer comes back to the rest.
void Sender::need_metadata() {
  if (is_updating_metadata_ || has_given_up_ || loop_->now() < next_metadata_check_) return;
  is_updating_metadata_ = true;
  tasks_.spawn(update_metadata());
}

io::Task<void> Sender::update_metadata() {
  std::set<std::string> names = topics_;
  {
    const MutexLock lock(shared_->mutex);
    for (const auto& unknown : shared_->accumulator.unknown_topics()) names.insert(unknown.topic);
  }
  std::vector<std::string> topics(names.begin(), names.end());
  const MonotonicTime deadline = cluster_->request_deadline();
  Result<cluster::MetadataPtr> metadata = co_await cluster_->metadata(topics, deadline);
  is_updating_metadata_ = false;
  if (has_given_up_) co_return;
  next_metadata_check_ = loop_->now() + cluster_->options().retry_backoff_min;
  if (metadata) apply_metadata(**metadata);
  fail_unknown_topics(metadata);
  pump();
}

void Sender::apply_metadata(const cluster::Metadata& metadata) {
  std::vector<UnroutedRecord> refused;
  {
    const MutexLock lock(shared_->mutex);
    for (const cluster::Topic& topic : metadata.topics) {
      if (topic.error != proto::ErrorCode::kNone || topic.partitions.empty()) continue;
      if (!shared_->accumulator.knows(topic.name)) continue;
      const auto count = static_cast<int32_t>(topic.partitions.size());
      for (UnroutedRecord& record : shared_->accumulator.set_partition_count(topic.name, count)) {
        refused.push_back(std::move(record));
      }
    }
  }
  fail_unrouted(refused, Error(Errc::kInvalidArgument, "no such partition, or record too large"));
}

void Sender::fail_unknown_topics(const Result<cluster::MetadataPtr>& metadata) {
  std::vector<Accumulator::Unknown> unknown;
  {
    const MutexLock lock(shared_->mutex);
    unknown = shared_->accumulator.unknown_topics();
  }
  for (const Accumulator::Unknown& item : unknown) {
    Error why = metadata ? proto::to_error(proto::ErrorCode::kUnknownTopicOrPartition, item.topic)
                         : metadata.error();
    bool is_final = !metadata && why.code() == Errc::kAuthentication;
    if (metadata) {
      const cluster::Topic* topic = (*metadata)->topic(std::string_view(item.topic));
      if (topic != nullptr && topic->error != proto::ErrorCode::kNone) {
        why = proto::to_error(topic->error, item.topic);
        is_final = !proto::is_retriable(topic->error);
      }
    }
    if (!is_final && loop_->now() - item.oldest < options_.unknown_topic_timeout) continue;
    std::vector<UnroutedRecord> records;
    {
      const MutexLock lock(shared_->mutex);
      records = shared_->accumulator.take_unrouted(item.topic);
    }
    fail_unrouted(records, why);
  }
}

void Sender::fail_unrouted(std::vector<UnroutedRecord>& records, const Error& error) {
  if (records.empty()) return;
  if (transaction_ != nullptr) transaction_->on_failure(error);
  const kafka::Result<kafka::RecordMetadata> failure(to_public(error));
  for (UnroutedRecord& record : records) {
    run_user_code(record.report, failure);
    released_.push_back({record.id, record.charged_bytes});
  }
}

}  // namespace odradek::client
