// What a consumer commits, and what it asks about offsets.
#include "client/consumer/consumer_core.h"

namespace odradek::kafka {

using client::GroupMember;
using odradek::Errc;
using odradek::Error;

Op<void> ConsumerCore::commit(client::OffsetMap offsets) {
  if (!has_group()) {
    return Op<void>::ready(KafkaError(ErrorKind::state, "commit needs ConsumerOptions::group"));
  }
  if (offsets.empty()) return Op<void>::ready(Result<void>{});
  return client_->run<void>([self = shared_from_this(), offsets = std::move(offsets)]() mutable {
    return commit_on_loop(self, std::move(offsets));
  });
}

io::Task<odradek::Result<void>> ConsumerCore::commit_on_loop(std::shared_ptr<ConsumerCore> self,
                                                             client::OffsetMap offsets) {
  const std::shared_ptr<GroupMember> group = self->group_;
  if (group == nullptr) co_return Error(Errc::kClosed, "the consumer is closed");
  const MonotonicTime deadline = self->client_->cluster().request_deadline();
  co_return co_await group->commit(std::move(offsets), deadline);
}

Op<void> ConsumerCore::commit_positions() {
  client::OffsetMap offsets;
  {
    const MutexLock lock(state_.mutex);
    offsets = state_.table.positions();
  }
  return commit(std::move(offsets));
}

std::vector<CommittedOffset> ConsumerCore::positions() {
  std::vector<CommittedOffset> result;
  const MutexLock lock(state_.mutex);
  for (auto& [partition, offset] : state_.table.positions()) {
    result.push_back({.partition = partition, .committed = offset});
  }
  return result;
}

Op<std::vector<CommittedOffset>> ConsumerCore::committed(Partitions partitions) {
  if (!has_group()) {
    return Op<std::vector<CommittedOffset>>::ready(
        KafkaError(ErrorKind::state, "committed needs ConsumerOptions::group"));
  }
  client::CommittedQuery query;
  query.group = state_.options.group;
  query.partitions = std::move(partitions);
  query.require_stable = true;
  ClientCore* const client = client_.get();
  return client_->run<std::vector<CommittedOffset>>([client, query = std::move(query)] {
    cluster::Cluster& cluster = client->cluster();
    return client::fetch_committed(cluster, query, cluster.request_deadline());
  });
}

Op<int64_t> ConsumerCore::position(TopicPartition partition) {
  {
    const MutexLock lock(state_.mutex);
    const client::AssignedPartition* entry = state_.table.find(partition);
    if (entry == nullptr) {
      return Op<int64_t>::ready(
          KafkaError(ErrorKind::state, partition.topic + "-" + std::to_string(partition.partition) +
                                           " is not assigned to this consumer"));
    }
    if (entry->position >= 0) return Op<int64_t>::ready(Result<int64_t>(entry->position));
  }
  return client_->run<int64_t>(
      [self = shared_from_this(), partition] { return wait_for_position(self, partition); });
}

io::Task<odradek::Result<int64_t>> ConsumerCore::wait_for_position(
    std::shared_ptr<ConsumerCore> self, TopicPartition partition) {
  const MonotonicTime deadline = self->client_->cluster().request_deadline();
  while (true) {
    {
      const MutexLock lock(self->state_.mutex);
      const client::AssignedPartition* entry = self->state_.table.find(partition);
      if (entry == nullptr || self->state_.is_closed) {
        co_return Error(Errc::kPrecondition, partition.topic + " is not assigned any more");
      }
      if (entry->position >= 0) co_return entry->position;
    }
    const odradek::Result<void> woken = co_await self->changed_->wait(deadline);
    if (!woken) co_return woken.error().with_context("position in " + partition.topic);
  }
}

Op<std::vector<PartitionOffset>> ConsumerCore::list_offsets(const Partitions& partitions,
                                                            int64_t timestamp_ms) {
  std::vector<client::OffsetQuery> queries;
  for (const TopicPartition& id : partitions) queries.push_back({id, timestamp_ms});
  ClientCore* const client = client_.get();
  const Isolation isolation = state_.options.isolation;
  return client_->run<std::vector<PartitionOffset>>(
      [client, isolation, queries = std::move(queries)] {
        cluster::Cluster& cluster = client->cluster();
        return client::list_offsets(cluster, queries, isolation, cluster.request_deadline());
      });
}

}  // namespace odradek::kafka
