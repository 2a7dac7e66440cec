#include "store/cloud/parted_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace odradek::store::cloud {

uint64_t growing_part_bytes(uint64_t first_bytes, uint32_t number, uint32_t parts_max) {
  const uint32_t half = parts_max / 2;
  if (number <= half) return first_bytes;
  const uint32_t doublings = 1 + (number - half - 1) / std::max(1U, parts_max / 10);
  return first_bytes << doublings;
}

PartedWriter::PartedWriter(std::string key, std::unique_ptr<PartUpload> upload, PartPool& pool,
                           uint32_t in_flight)
    : key_(std::move(key)),
      upload_(std::move(upload)),
      pool_(&pool),
      in_flight_(std::clamp(in_flight, 1U, upload_->in_flight_max())) {}

PartedWriter::~PartedWriter() {
  if (!done_) upload_->give_up();
  wait_until_at_most(0);
  if (started_ && !done_) upload_->abort();
}

Result<void> PartedWriter::write(Bytes bytes) {
  ODK_TRY_VOID(failure());
  while (!bytes.empty()) {
    const uint64_t room = upload_->part_bytes(number_);
    if (current_.size() == room) {
      if (Result<void> sent = send_current(); !sent) return remember(std::move(sent).error());
      continue;
    }
    current_.reserve(room);  // untouched memory costs nothing
    const size_t count = std::min<uint64_t>(bytes.size(), room - current_.size());
    current_.append(bytes.first(count));
    bytes = bytes.subspan(count);
  }
  return {};
}

// The last part stays here until commit: some stores must be told which one it is.
Result<void> PartedWriter::send_current() {
  if (number_ >= upload_->parts_max()) {
    return Error(Errc::kLimitExceeded,
                 fmt::format("an object of more than {} parts", upload_->parts_max()));
  }
  if (!started_) {
    ODK_TRY_VOID(upload_->start());
    started_ = true;
  }
  wait_until_at_most(in_flight_ - 1);
  ODK_TRY_VOID(failure());
  const Part part = {.number = number_, .offset = offset_, .bytes = current_.bytes()};
  ++number_;
  offset_ += current_.size();
  send(part, std::exchange(current_, Buffer()));
  const MutexLock lock(mutex_);
  if (!spare_.empty()) {
    current_ = std::move(spare_.back());
    spare_.pop_back();
    current_.clear();
  }
  return {};
}

void PartedWriter::send(Part part, Buffer content) {
  {
    const MutexLock lock(mutex_);
    ++under_way_;
  }
  pool_->submit([this, part, held = std::move(content)]() mutable {
    Result<void> sent = upload_->put_part(part);
    // Told under the lock: the writer may be gone right after it.
    const MutexLock lock(mutex_);
    if (!sent && !error_) error_ = std::move(sent).error();
    spare_.push_back(std::move(held));
    --under_way_;
    changed_.notify_all();
  });
}

Result<ObjectInfo> PartedWriter::commit_if_absent() {
  wait_until_at_most(0);
  ODK_TRY_VOID(failure());
  const Part last = {.number = number_, .offset = offset_, .bytes = current_.bytes()};
  Result<ObjectInfo> stored =
      started_ ? upload_->complete(last) : upload_->put_whole(current_.bytes());
  done_ = stored.has_value();
  if (stored) stored->key = key_;
  return stored;
}

void PartedWriter::wait_until_at_most(uint32_t under_way) {
  const MutexLock lock(mutex_);
  while (under_way_ > under_way) changed_.wait(mutex_);
}

// What lacks a part must never be committed.
Error PartedWriter::remember(Error error) {
  const MutexLock lock(mutex_);
  if (!error_) error_ = error;
  return error;
}

Result<void> PartedWriter::failure() {
  const MutexLock lock(mutex_);
  if (error_) return *error_;
  return {};
}

}  // namespace odradek::store::cloud
