// How a Fetcher finds out where to begin: committed offsets, then the reset policy.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "client/consumer/fetcher.h"
#include "client/coordinator_errors.h"
#include "client/offsets.h"

namespace odradek::client {
namespace {

constexpr Duration kPause = std::chrono::milliseconds(200);
constexpr int32_t kCoordinator = -1;  // whichever broker that is

struct Leader {
  int32_t id = -1;  // -1: none
  int32_t epoch = -1;
};

Leader leader_of(const cluster::Metadata& metadata, const kafka::TopicPartition& id) {
  const cluster::Topic* topic = metadata.topic(std::string_view(id.topic));
  const cluster::Partition* partition = topic == nullptr ? nullptr : topic->partition(id.partition);
  if (partition == nullptr) return {};
  return {.id = partition->leader, .epoch = partition->leader_epoch};
}

}  // namespace

void Fetcher::ensure_positions() {
  if (is_stopped_) return;
  for (auto& [whom, items] : open_questions()) {
    Inquiry& inquiry = inquiries_[whom];
    if (inquiry.is_under_way) continue;
    inquiry.is_under_way = true;
    ask(whom.first, whom.second, std::move(items));
  }
}

// What is to be found out, by who has to know it and can be asked now.
Fetcher::Inquiries Fetcher::open_questions() {
  Inquiries questions;
  const MonotonicTime now = loop_->now();
  std::optional<MonotonicTime> rests_until;
  bool is_leader_missing = false;
  {
    const cluster::MetadataPtr metadata = cluster_->cached_metadata();
    const MutexLock lock(state_->mutex);
    if (state_->is_error_final) return questions;
    for (const auto& [id, entry] : state_->table) {
      if (entry->need == PositionNeed::kNothing) continue;
      const auto [leader, leader_epoch] = leader_of(*metadata, id);
      const bool is_group = entry->need == PositionNeed::kCommitted;
      if (leader < 0 && !is_group) {
        is_leader_missing = true;
        continue;
      }
      const std::pair whom(question_of(entry->need), is_group ? kCoordinator : leader);
      const Inquiry& inquiry = inquiries_[whom];
      if (inquiry.is_under_way) continue;
      if (now < inquiry.rests_until) {
        rests_until = std::min(rests_until.value_or(inquiry.rests_until), inquiry.rests_until);
        continue;
      }
      questions[whom].push_back({.id = id,
                                 .epoch = entry->epoch,
                                 .need = entry->need,
                                 .fetch_epoch = entry->fetch_epoch,
                                 .leader_epoch = leader_epoch});
    }
  }
  if (rests_until) wake_at(*rests_until);
  if (is_leader_missing) need_leaders();
  return questions;
}

Fetcher::Question Fetcher::question_of(PositionNeed need) {
  if (need == PositionNeed::kCommitted) return Question::kCommitted;
  return need == PositionNeed::kCheck ? Question::kEpochEnds : Question::kOffsets;
}

void Fetcher::ask(Question question, int32_t broker_id, std::vector<Pending> items) {
  switch (question) {
    case Question::kCommitted: tasks_.spawn(find_committed(std::move(items))); break;
    case Question::kOffsets: tasks_.spawn(find_by_time(broker_id, std::move(items))); break;
    case Question::kEpochEnds: tasks_.spawn(check_positions(broker_id, std::move(items))); break;
  }
}

// The end of an inquiry. What was not answered is asked again, maybe of somebody else.
void Fetcher::on_asked(Question question, int32_t broker_id, const Result<void>& outcome) {
  if (is_stopped_) return;
  Inquiry& inquiry = inquiries_[{question, broker_id}];
  inquiry = {};
  if (!outcome) {
    const Error& error = outcome.error();
    ODK_LOG(debug, "no position", kv("error", error.to_string()));
    inquiry.rests_until = loop_->now() + kPause;
    const bool is_server = error.code() == Errc::kServer;
    if (is_server && !is_transient(error)) state_->report(error, false);
    if (error.code() == Errc::kAuthentication) state_->report(error, true);
    if (is_transient(error) && question != Question::kCommitted) {
      cluster_->expire_metadata();
      need_metadata();
    }
  }
  on_change_();
  pump();
}

io::Task<void> Fetcher::find_committed(std::vector<Pending> items) {
  if (state_->options.group.empty()) {
    for (const Pending& item : items) no_committed_offset(item);
    on_asked(Question::kCommitted, kCoordinator, {});
    co_return;
  }
  CommittedQuery query;
  query.group = state_->options.group;
  query.require_stable = true;
  for (const Pending& item : items) query.partitions.push_back(item.id);
  const MonotonicTime deadline = cluster_->request_deadline();
  const auto fetched = co_await fetch_committed(*cluster_, std::move(query), deadline);
  if (!fetched) {
    on_asked(Question::kCommitted, kCoordinator, fetched.error());
    co_return;
  }
  for (const kafka::CommittedOffset& offset : *fetched) {
    const auto item = std::ranges::find(items, offset.partition, &Pending::id);
    if (item == items.end()) continue;
    if (offset.committed) {
      set_position(*item, offset.committed->offset, offset.committed->leader_epoch);
    } else {
      no_committed_offset(*item);
    }
  }
  on_asked(Question::kCommitted, kCoordinator, {});
}

void Fetcher::no_committed_offset(const Pending& item) {
  using kafka::Start;
  {
    const MutexLock lock(state_->mutex);
    AssignedPartition* entry = find(item);
    if (entry == nullptr) return;
    if (state_->options.start != Start::none) {
      entry->need = need_of(state_->options.start);
      return;
    }
  }
  state_->report(Error(Errc::kNotFound, fmt::format("no committed offset for {}-{}", item.id.topic,
                                                    item.id.partition)),
                 true);
}

io::Task<void> Fetcher::find_by_time(int32_t broker_id, std::vector<Pending> items) {
  std::vector<OffsetQuery> queries;
  queries.reserve(items.size());
  for (const Pending& item : items) queries.push_back({item.id, timestamp_of(item.need)});
  const auto answers =
      co_await ask_offsets(*cluster_, broker_id, std::move(queries), state_->options.isolation,
                           cluster_->request_deadline());
  Result<void> outcome;
  if (!answers) outcome = answers.error();
  for (size_t i = 0; answers && i < items.size(); ++i) {
    const Result<kafka::PartitionOffset>& answer = (*answers)[i];
    if (!answer) {
      outcome = answer.error();
    } else if (answer->offset < 0 && items[i].need == PositionNeed::kDuration) {
      go_to_end(items[i]);
    } else {
      set_position(items[i], std::max<int64_t>(answer->offset, 0));
    }
  }
  on_asked(Question::kOffsets, broker_id, outcome);
}

int64_t Fetcher::timestamp_of(PositionNeed need) const {
  if (need == PositionNeed::kEarliest) return kEarliestTimestamp;
  if (need == PositionNeed::kLatest) return kLatestTimestamp;
  const std::chrono::milliseconds age = *state_->options.start.duration();
  return std::max<int64_t>(loop_->clock().wall_ms() - age.count(), 0);
}

// All records are older than the reset policy wants them.
void Fetcher::go_to_end(const Pending& item) {
  const MutexLock lock(state_->mutex);
  AssignedPartition* entry = find(item);
  if (entry != nullptr) entry->need = PositionNeed::kLatest;
}

void Fetcher::set_position(const Pending& item, int64_t offset, int32_t leader_epoch) {
  const MutexLock lock(state_->mutex);
  AssignedPartition* entry = find(item);
  if (entry != nullptr) PartitionTable::set_position(*entry, offset, leader_epoch);
}

// The partition, if the question about it still stands.
AssignedPartition* Fetcher::find(const Pending& item) {
  AssignedPartition* entry = state_->table.find(item.id);
  const bool is_open = entry != nullptr && entry->epoch == item.epoch && entry->need == item.need;
  return is_open ? entry : nullptr;
}

}  // namespace odradek::client
