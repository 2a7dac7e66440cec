#pragma once

#include <memory>

#include "io/event.h"
#include "io/worker_pool.h"
#include "proxy/security/listener_security.h"

namespace odradek::proxy {

// Fetches the keys of tokens from an OAuth provider: at the start, then every few minutes, so that
// the provider can change them. When it cannot be reached the old keys stay. One loop.
class TokenKeyFetcher {
 public:
  TokenKeyFetcher(io::Loop& loop, std::shared_ptr<ListenerSecuritySlot> slot);

  // The first keys; nothing to do without a URL. kNetwork, kTls, kTimedOut, kMalformed.
  io::Task<Result<void>> fetch_now();
  // Until cancelled. Without keys it begins by trying again soon.
  io::Task<void> keep_fresh(bool has_keys);
  // Lets keep_fresh() fetch now: where they come from may have changed.
  void renew() { changed_.notify_all(); }

 private:
  io::Loop* loop_;
  std::shared_ptr<ListenerSecuritySlot> slot_;
  io::Event changed_;
  std::unique_ptr<io::WorkerPool> pool_;  // made when first used
};

}  // namespace odradek::proxy
