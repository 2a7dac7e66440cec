#pragma once

#include <memory>
#include <string>

#include "backup/archive/archive.h"
#include "base/clock.h"
#include "store/object_store.h"

namespace odradek::backup {

struct LeaseContent {
  uint32_t epoch = 0;
  std::string owner;
  TimestampMs expires_at = 0;  // 0: released
};

// Who writes the archive, or wrote it last. Errors: kNotFound, kChecksum, kMalformed, kIo.
Result<LeaseContent> read_lease(store::ObjectStore& store, const ArchiveKeys& keys);

// The right to write one archive: an object replaced by compare-and-swap. The holder renews it
// every kRenewInterval; a holder that vanished loses it after kExpiry. Blocking; one thread.
class Lease {
 public:
  static constexpr std::chrono::seconds kRenewInterval{10};
  static constexpr std::chrono::seconds kExpiry{30};

  // Takes a free, released or expired lease, or one whose owner was a process of this machine that
  // has ended. Errors: kAlreadyExists with the owner's name when it
  // is held, kIo.
  static Result<std::unique_ptr<Lease>> acquire(store::ObjectStore& store, const ArchiveKeys& keys,
                                                const Clock& clock, std::string owner);

  uint32_t epoch() const { return epoch_; }
  // Puts the expiry ahead. kFenced when somebody else holds the lease now.
  Result<void> renew();
  // Lets the next writer start at once.
  Result<void> release();

 private:
  Lease(store::ObjectStore& store, std::string key, const Clock& clock, std::string owner)
      : store_(&store), key_(std::move(key)), clock_(&clock), owner_(std::move(owner)) {}

  Result<void> put(TimestampMs expires_at);

  store::ObjectStore* store_;
  std::string key_;
  const Clock* clock_;
  std::string owner_;
  std::string etag_;
  uint32_t epoch_ = 0;
};

}  // namespace odradek::backup
