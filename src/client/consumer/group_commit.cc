// The commits of a GroupMember.
#include "base/log.h"
#include "client/client_thread.h"
#include "client/consumer/group_member.h"

namespace odradek::client {

io::Task<void> GroupMember::commit_now_and_then() {
  while (!is_over()) {
    const MonotonicTime next = loop_->now() + Duration(state_->options.auto_commit_interval);
    while (!is_stopped_ && loop_->now() < next) {
      const Result<void> woken = co_await changed_.wait(next);
      if (!woken && woken.error().code() != Errc::kTimedOut) co_return;
    }
    co_await commit_consumed(cluster_->request_deadline());
  }
}

io::Task<void> GroupMember::commit_consumed(MonotonicTime deadline) {
  if (!state_->options.auto_commit) co_return;
  OffsetMap offsets;
  {
    const MutexLock lock(state_->mutex);
    offsets = state_->table.uncommitted();
  }
  if (offsets.empty()) co_return;
  const Result<void> committed = co_await commit(std::move(offsets), deadline);
  if (!committed) {
    ODK_LOG(warn, "auto-commit failed", kv("group", state_->options.group),
            kv("error", committed.error().to_string()));
  }
}

io::Task<Result<void>> GroupMember::commit(OffsetMap offsets, MonotonicTime deadline) {
  if (is_subscribed() && !is_member()) {
    co_return Error(Errc::kFenced, "not a member of group " + state_->options.group + " now");
  }
  while (is_committing_) {
    const Result<void> woken = co_await commit_done_.wait(deadline);
    if (!woken) co_return woken.error();
  }
  is_committing_ = true;
  Result<void> committed = co_await commit_as_member(offsets, deadline);
  is_committing_ = false;
  commit_done_.notify_one();
  if (committed) {
    const MutexLock lock(state_->mutex);
    state_->table.note_committed(offsets);
  }
  if (state_->options.interceptor != nullptr) tell_interceptor(offsets, committed);
  co_return committed;
}

void GroupMember::tell_interceptor(const OffsetMap& offsets, const Result<void>& committed) {
  std::vector<kafka::CommittedOffset> list;
  for (const auto& [partition, offset] : offsets) {
    list.push_back({.partition = partition, .committed = offset});
  }
  const auto call = [&] { state_->options.interceptor->on_commit(list, to_public(committed)); };
  kafka::UniqueFunction<void()> guarded = call;
  run_user_code(guarded);
}

// The epoch of a member may rise while its commit is on the way (KIP-848): then once more with the
// new one.
io::Task<Result<void>> GroupMember::commit_as_member(const OffsetMap& offsets,
                                                     MonotonicTime deadline) {
  while (true) {
    const kafka::GroupMetadata committer = identity();
    Result<void> committed = co_await commit_offsets(*cluster_, committer, offsets, deadline);
    if (committed || committed.error().code() != Errc::kServer || is_stopped_) co_return committed;
    const proto::ErrorCode code = proto::error_code(committed.error().server_code());
    on_commit_refused(code, committer);
    if (code != proto::ErrorCode::kStaleMemberEpoch) co_return committed;
    while (is_member() && !is_over() && identity().generation == committer.generation) {
      const Result<void> woken = co_await changed_.wait(deadline);
      if (!woken) co_return committed;
    }
    if (!is_member() || is_over()) co_return committed;
  }
}

}  // namespace odradek::client
