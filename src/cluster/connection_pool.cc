#include "cluster/connection_pool.h"

#include <algorithm>
#include <optional>

#include "base/log.h"

namespace odradek::cluster {
namespace {

uint64_t seed_of(const void* object) { return reinterpret_cast<uintptr_t>(object) >> 4U; }

bool is_about_network(const Error& error) {
  return error.code() == Errc::kNetwork || error.code() == Errc::kTimedOut ||
         error.code() == Errc::kClosed;
}

}  // namespace

ConnectionPool::ConnectionPool(io::Loop& loop, const ClusterOptions& options)
    : loop_(&loop),
      options_(&options),
      backoff_(options.retry_backoff_min, options.retry_backoff_max, seed_of(this)),
      setup_timeout_(options.connection_timeout,
                     std::max(options.connection_timeout, options.connection_timeout_max),
                     seed_of(this) + 1),
      attempts_(loop) {}

io::Task<Result<ConnectionPool::Connection>> ConnectionPool::get(io::HostPort address, Lane lane,
                                                                 MonotonicTime deadline) {
  std::shared_ptr<Entry>& place = entries_[key_of(address, lane)];
  if (place == nullptr) place = std::make_shared<Entry>(*loop_);
  const std::shared_ptr<Entry> entry = place;

  if (entry->connection != nullptr && entry->connection->is_open()) co_return entry->connection;
  if (!entry->is_connecting && loop_->now() < entry->rests_until) {
    const MonotonicTime until = std::min(entry->rests_until, deadline);
    const Result<void> slept = co_await io::sleep_until(*loop_, until);
    if (!slept) co_return slept.error();
    if (until == deadline) co_return entry->last_error;
  }
  const uint64_t attempts_before = entry->attempts;
  while (entry->attempts == attempts_before) {
    if (is_stopped_) co_return Errc::kClosed;
    if (!entry->is_connecting) {
      entry->is_connecting = true;
      attempts_.spawn(attempt(entry, address));
    }
    const Result<void> woken = co_await entry->changed.wait(deadline);
    if (!woken && woken.error().code() == Errc::kTimedOut) {
      co_return Error(Errc::kTimedOut, "connecting to " + address.to_string());
    }
    if (!woken) co_return woken.error();
  }
  if (entry->connection == nullptr) co_return entry->last_error;
  co_return entry->connection;
}

rpc::ConnectOptions ConnectionPool::connect_options(const Entry& entry,
                                                    const io::HostPort& address) {
  rpc::ConnectOptions connect;
  connect.host = address.host;
  connect.port = address.port;
  connect.client_id = options_->client_id;
  connect.security = options_->security;
  connect.on_request_done = options_->on_request_done;
  // Each failure gives the next attempt more time, as Java's client does (KIP-601).
  connect.deadline = loop_->now() + setup_timeout_.after(entry.failures + 1);
  return connect;
}

io::Task<void> ConnectionPool::attempt(std::shared_ptr<Entry> entry, io::HostPort address) {
  entry->connection.reset();
  auto connected =
      co_await rpc::ClientConnection::connect(*loop_, connect_options(*entry, address));
  entry->is_connecting = false;
  ++entry->attempts;
  if (connected && !is_stopped_) {
    entry->connection = *std::move(connected);
    entry->failures = 0;
    entry->rests_until = {};
    watch_idle();
  } else {
    entry->last_error =
        connected ? Error(Errc::kClosed)
                  : connected.error().with_context("connecting to " + address.to_string());
    ++entry->failures;
    entry->rests_until = loop_->now() + backoff_.after(entry->failures);
    ODK_LOG(debug, "connection failed", kv("broker", address.to_string()),
            kv("error", entry->last_error.to_string()));
  }
  entry->changed.notify_all();
}

ConnectionPool::Connection ConnectionPool::find_open(const io::HostPort& address, Lane lane) const {
  const auto found = entries_.find(key_of(address, lane));
  if (found == entries_.end() || found->second->connection == nullptr) return nullptr;
  return found->second->connection->is_open() ? found->second->connection : nullptr;
}

MonotonicTime ConnectionPool::rests_until(const io::HostPort& address) const {
  const auto found = entries_.find(key_of(address, kGeneralLane));
  return found == entries_.end() ? MonotonicTime{} : found->second->rests_until;
}

bool ConnectionPool::is_unreachable(const io::HostPort& address) const {
  bool has_failed = false;
  for (const auto& [key, entry] : entries_) {
    if (key.first != key_of(address, kGeneralLane).first) continue;
    if (entry->connection != nullptr && entry->connection->is_open()) return false;
    has_failed = has_failed || (entry->failures > 0 && is_about_network(entry->last_error));
  }
  return has_failed;
}

size_t ConnectionPool::open_count() const {
  return static_cast<size_t>(std::ranges::count_if(entries_, [](const auto& item) {
    return item.second->connection != nullptr && item.second->connection->is_open();
  }));
}

void ConnectionPool::close_lane(Lane lane) {
  std::erase_if(entries_, [lane](const auto& item) {
    if (item.first.second != lane || item.second->is_connecting) return false;
    if (item.second->connection != nullptr) item.second->connection->close();
    return true;
  });
}

void ConnectionPool::close_all() {
  for (const auto& [key, entry] : entries_) {
    if (entry->connection != nullptr) entry->connection->close();
  }
}

// Looks again when the connection that rests longest may have rested enough.
void ConnectionPool::watch_idle() {
  if (idle_timer_ != 0 || is_stopped_ || options_->connection_idle_max <= Duration::zero()) return;
  std::optional<MonotonicTime> first;
  for (const auto& [key, entry] : entries_) {
    if (entry->connection == nullptr || !entry->connection->is_open()) continue;
    const MonotonicTime used = entry->connection->last_used();
    first = std::min(first.value_or(used), used);
  }
  if (!first) return;
  // A connection with requests in flight is looked at again a little later.
  const MonotonicTime when = std::max(*first + options_->connection_idle_max,
                                      loop_->now() + options_->connection_idle_max / 16);
  idle_timer_ = loop_->call_at(when, [this] {
    idle_timer_ = 0;
    close_idle();
    watch_idle();
  });
}

void ConnectionPool::close_idle() {
  for (const auto& [key, entry] : entries_) {
    rpc::ClientConnection* const connection = entry->connection.get();
    if (connection == nullptr || !connection->is_open() || connection->in_flight() > 0) continue;
    if (loop_->now() - connection->last_used() < options_->connection_idle_max) continue;
    ODK_LOG(debug, "closing an idle connection", kv("broker", connection->peer_address()));
    connection->close();
  }
}

io::Task<void> ConnectionPool::stop() {
  is_stopped_ = true;
  if (idle_timer_ != 0) loop_->cancel(idle_timer_);
  attempts_.cancel();
  for (const auto& [key, entry] : entries_) {
    if (entry->connection != nullptr) entry->connection->close();
    entry->changed.notify_all();
  }
  co_await attempts_.join();
  entries_.clear();
}

}  // namespace odradek::cluster
