#include "rpc/server_shared.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "rpc/server_connection.h"

namespace odradek::rpc {
namespace {

// So long may a client hold memory that others wait for.
constexpr Duration kStalledMax = std::chrono::seconds(10);
constexpr Duration kStalledStep = std::chrono::seconds(1);

// What the server answers itself is offered in any case, in Kafka's versions.
ServerOptions with_own_apis(ServerOptions options) {
  for (const proto::ApiKey key : {proto::ApiKey::kSaslHandshake, proto::ApiKey::kApiVersions,
                                  proto::ApiKey::kSaslAuthenticate}) {
    if (std::ranges::find(options.apis, key, &ApiRange::key) != options.apis.end()) continue;
    const proto::ApiInfo* const info = proto::find_api(key);
    ODK_ASSERT(info != nullptr);
    options.apis.push_back({key, info->min_version, info->max_version});
  }
  std::ranges::sort(options.apis, {}, &ApiRange::key);
  return options;
}

}  // namespace

ServerShared::ServerShared(io::Loop& the_loop, RequestHandler& the_handler,
                           ServerOptions the_options)
    : loop(the_loop),
      handler(the_handler),
      options(with_own_apis(std::move(the_options))),
      gate(options.limits),
      next_connection_id(options.is_inside ? kFirstInsideId : 1),
      tasks(the_loop),
      out(std::make_unique_for_overwrite<OutBuffer>()) {
  for (const ApiRange& range : options.apis) {
    const auto key = static_cast<size_t>(static_cast<uint16_t>(range.key));
    ODK_ASSERT(key < api_by_key_.size() && api_by_key_[key] == nullptr);
    api_by_key_[key] = &range;
  }
}

const ApiRange* ServerShared::find_api(proto::ApiKey key) const {
  const auto index = static_cast<size_t>(static_cast<uint16_t>(key));
  return index < api_by_key_.size() ? api_by_key_[index] : nullptr;
}

void ServerShared::release(size_t bytes) {
  ODK_ASSERT(bytes <= buffered_bytes, "{} bytes released, {} are held", bytes, buffered_bytes);
  buffered_bytes -= bytes;
  if (!waiting_for_budget_.empty() && !is_over_budget()) wake_waiting();
}

bool ServerShared::may_pass_budget(const ServerConnection* reader, bool in_frame) {
  if (passing_ == nullptr && in_frame) passing_ = reader;
  return passing_ == reader;
}

void ServerShared::end_pass(const ServerConnection* reader) {
  if (passing_ != reader) return;
  passing_ = nullptr;
  wake_waiting();
}

void ServerShared::wait_for_budget(std::weak_ptr<ServerConnection> reader) {
  waiting_for_budget_.push_back(std::move(reader));
  watch_stalled();
}

ServerShared::~ServerShared() {
  if (stalled_timer_ != 0) loop.cancel(stalled_timer_);
}

void ServerShared::watch_stalled() {
  if (stalled_timer_ != 0 || waiting_for_budget_.empty()) return;
  stalled_timer_ = loop.call_after(kStalledStep, [this] {
    stalled_timer_ = 0;
    close_stalled();
    watch_stalled();
  });
}

void ServerShared::close_stalled() {
  std::erase_if(waiting_for_budget_, [](const auto& waiting) { return waiting.expired(); });
  if (waiting_for_budget_.empty()) return;
  const MonotonicTime since = loop.now() - kStalledMax;
  std::vector<std::shared_ptr<ServerConnection>> stalled;
  for (const auto& [id, connection] : connections) {
    if (connection->is_stalled(since)) stalled.push_back(connection);
  }
  for (const std::shared_ptr<ServerConnection>& connection : stalled) {
    ODK_LOG(warn, "connection closed", kv("peer", connection->info()->peer_address),
            kv("reason", "holds memory that others wait for, and does not move"));
    connection->close();
  }
}

void ServerShared::wake_waiting() {
  for (const auto& waiting : std::exchange(waiting_for_budget_, {})) {
    if (const std::shared_ptr<ServerConnection> reader = waiting.lock()) reader->resume();
  }
}

}  // namespace odradek::rpc
