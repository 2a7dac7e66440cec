// The commits of a GroupClient.
#include "base/log.h"
#include "client/consumer/group_client.h"

namespace odradek::client {

io::Task<void> GroupClient::commit_now_and_then() {
  while (!is_stopped_ && !has_left_) {
    const MonotonicTime next = loop_->now() + Duration(state_->options.auto_commit_interval);
    while (!is_stopped_ && loop_->now() < next) {
      const Result<void> woken = co_await changed_.wait(next);
      if (!woken && woken.error().code() != Errc::kTimedOut) co_return;
    }
    co_await commit_consumed(cluster_->request_deadline());
  }
}

io::Task<void> GroupClient::commit_consumed(MonotonicTime deadline) {
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

io::Task<Result<void>> GroupClient::commit(OffsetMap offsets, MonotonicTime deadline) {
  if (!topics().empty() && !membership_.is_member()) {
    co_return Error(Errc::kFenced, "not a member of group " + state_->options.group + " now");
  }
  while (is_committing_) {
    const Result<void> woken = co_await commit_done_.wait(deadline);
    if (!woken) co_return woken.error();
  }
  is_committing_ = true;
  const kafka::GroupMetadata identity = membership_.identity();
  const Result<void> committed = co_await commit_offsets(*cluster_, identity, offsets, deadline);
  is_committing_ = false;
  commit_done_.notify_one();
  if (committed) {
    const MutexLock lock(state_->mutex);
    state_->table.note_committed(offsets);
    co_return committed;
  }
  if (committed.error().code() == Errc::kServer && !is_stopped_) {
    const auto code = proto::error_code(committed.error().server_code());
    const GroupStep step = membership_.on_commit(code, identity.generation);
    if (step == GroupStep::kJoinAsStranger) lose_everything();
    if (step != GroupStep::kGoOn) {
      needs_join_ = true;
      changed_.notify_all();
    }
  }
  co_return committed;
}

}  // namespace odradek::client
