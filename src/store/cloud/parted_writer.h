#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "store/cloud/part_pool.h"
#include "store/object_store.h"

namespace odradek::store::cloud {

// Where a piece of an object belongs.
struct Part {
  uint32_t number = 1;  // from 1
  uint64_t offset = 0;  // in the object
  Bytes bytes{};
};

// The upload of one object in parts, as one kind of store does it. put_part() runs on the pool's
// threads, several at once; the others on the writer's, with no part under way.
class PartUpload {
 public:
  PartUpload() = default;
  PartUpload(const PartUpload&) = delete;
  PartUpload& operator=(const PartUpload&) = delete;
  virtual ~PartUpload() = default;

  // The whole object at once, for those of no more than one part. Create-only.
  virtual Result<ObjectInfo> put_whole(Bytes content) = 0;
  virtual Result<void> start() = 0;
  virtual Result<void> put_part(const Part& part) = 0;
  // Sends the last part and makes the object visible, only if there is none of that name.
  virtual Result<ObjectInfo> complete(const Part& last) = 0;
  // Gives up what start() began; says nothing of failures but in the log.
  virtual void abort() = 0;
  // How large that part is. Only the last one may be smaller.
  virtual uint64_t part_bytes(uint32_t number) const = 0;
  virtual uint32_t parts_max() const = 0;
  // Parts that may be under way at once, whatever the options say.
  virtual uint32_t in_flight_max() const { return UINT32_MAX; }

  // Nobody wants the object any more: parts under way are not tried again.
  void give_up() { given_up_.store(true); }

 protected:
  const std::atomic<bool>& given_up() const { return given_up_; }

 private:
  std::atomic<bool> given_up_ = false;
};

// The size of a part when a store takes `parts_max` of them: `first_bytes` for the first half,
// then doubled for every further tenth, so that most objects have equal parts (some stores insist)
// and none runs out of numbers.
uint64_t growing_part_bytes(uint64_t first_bytes, uint32_t number, uint32_t parts_max);

// Cuts what is written into parts and has up to `in_flight` of them sent while the next one
// fills: never more than in_flight + 1 parts in memory. Must not outlive the pool and the store.
class PartedWriter final : public ObjectWriter {
 public:
  // `key` is what the caller knows the object by.
  PartedWriter(std::string key, std::unique_ptr<PartUpload> upload, PartPool& pool,
               uint32_t in_flight);
  ~PartedWriter() override;

  Result<void> write(Bytes bytes) override;
  Result<ObjectInfo> commit_if_absent() override;

 private:
  Result<void> send_current();
  void send(Part part, Buffer content);
  void wait_until_at_most(uint32_t under_way);
  Error remember(Error error);
  Result<void> failure();

  std::string key_;
  std::unique_ptr<PartUpload> upload_;
  PartPool* pool_;
  const uint32_t in_flight_;
  Buffer current_;
  uint32_t number_ = 1;
  uint64_t offset_ = 0;  // of the current part
  bool started_ = false;
  bool done_ = false;

  Mutex mutex_;
  std::condition_variable_any changed_;
  uint32_t under_way_ ODK_GUARDED_BY(mutex_) = 0;
  std::vector<Buffer> spare_ ODK_GUARDED_BY(mutex_);
  std::optional<Error> error_ ODK_GUARDED_BY(mutex_);
};

}  // namespace odradek::store::cloud
