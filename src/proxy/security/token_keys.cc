#include "proxy/security/token_keys.h"

#include <chrono>
#include <string>
#include <utility>

#include "base/log.h"
#include "http/fetch.h"

namespace odradek::proxy {
namespace {

constexpr Duration kRefreshEvery = std::chrono::minutes(5);
constexpr Duration kRetryEvery = std::chrono::seconds(10);

}  // namespace

TokenKeyFetcher::TokenKeyFetcher(io::Loop& loop, std::shared_ptr<ListenerSecuritySlot> slot)
    : loop_(&loop), slot_(std::move(slot)) {}

io::Task<Result<void>> TokenKeyFetcher::fetch_now() {
  const std::shared_ptr<ListenerSecurity> security = slot_->current;
  if (security == nullptr || security->remote_keys_url().empty()) co_return Result<void>{};
  if (pool_ == nullptr) pool_ = std::make_unique<io::WorkerPool>(*loop_, 1);
  http::FetchOptions options;
  options.url = security->remote_keys_url();
  Result<std::string> document = co_await pool_->run([options] { return http::fetch(options); });
  if (!document) co_return document.error();
  co_return security->set_keys(*document);
}

io::Task<void> TokenKeyFetcher::keep_fresh() {
  Duration wait = kRefreshEvery;
  while (true) {
    const Result<void> slept = co_await io::sleep(*loop_, wait);
    if (!slept) co_return;
    const Result<void> fetched = co_await fetch_now();
    wait = fetched ? kRefreshEvery : kRetryEvery;
    if (fetched) continue;
    ODK_LOG(warn, "token keys not fetched, the old ones stay",
            kv("error", fetched.error().to_string()));
  }
}

}  // namespace odradek::proxy
