#include "broker/fetches.h"

#include <utility>

#include "base/assert.h"
#include "broker/pending_fetch.h"

namespace odradek::broker {

Fetches::Fetches() = default;
Fetches::~Fetches() = default;

void Fetches::complete_ready() {
  while (!ready_.empty()) {
    // Answering may start other requests of that connection, and they may make more ready.
    FetchWait* const next = ready_.back();
    ready_.pop_back();
    auto* const fetch = static_cast<PendingFetch*>(next);
    const uint64_t connection = fetch->connection_id();
    std::unique_ptr<PendingFetch> owned = take(connection);
    ODK_ASSERT(owned.get() == fetch);
    if (!owned->try_complete()) keep(connection, std::move(owned));
  }
}

void Fetches::keep(uint64_t connection, std::unique_ptr<PendingFetch> fetch) {
  waiting_.insert_or_assign(connection, std::move(fetch));
}

std::unique_ptr<PendingFetch> Fetches::take(uint64_t connection) {
  const auto found = waiting_.find(connection);
  if (found == waiting_.end()) return nullptr;
  std::unique_ptr<PendingFetch> fetch = std::move(found->second);
  waiting_.erase(found);
  std::erase(ready_, fetch.get());
  return fetch;
}

void Fetches::drop(uint64_t connection) { take(connection); }

void Fetches::complete_all() {
  while (!waiting_.empty()) take(waiting_.begin()->first)->complete();
}

}  // namespace odradek::broker
