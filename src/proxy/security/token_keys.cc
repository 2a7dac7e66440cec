#include "proxy/security/token_keys.h"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

#include "base/log.h"
#include "web/ask.h"

namespace odradek::proxy {
namespace {

constexpr Duration kRefreshEvery = std::chrono::minutes(5);
constexpr Duration kRetryEvery = std::chrono::seconds(10);

}  // namespace

TokenKeyFetcher::TokenKeyFetcher(io::Loop& loop, std::shared_ptr<ListenerSecuritySlot> slot)
    : loop_(&loop), slot_(std::move(slot)), changed_(loop) {}

io::Task<Result<void>> TokenKeyFetcher::fetch_now() {
  const std::shared_ptr<ListenerSecurity> security = slot_->current;
  if (security == nullptr || security->remote_keys_url().empty()) co_return Result<void>{};
  if (pool_ == nullptr) pool_ = std::make_unique<io::WorkerPool>(*loop_, 1);
  web::Question question;
  question.url = security->remote_keys_url();
  question.follow_redirects = true;
  Result<web::Answer> keys = co_await pool_->run([question] { return web::ask(question); });
  if (!keys) co_return keys.error();
  if (keys->status != 200) {
    co_return Error(Errc::kNetwork, fmt::format("{}: answered {}", question.url, keys->status));
  }
  co_return security->set_keys(keys->body);
}

io::Task<void> TokenKeyFetcher::keep_fresh(bool has_keys) {
  Duration wait = has_keys ? kRefreshEvery : kRetryEvery;
  while (true) {
    const Result<void> woken = co_await changed_.wait(loop_->now() + wait);
    if (!woken && woken.error().code() != Errc::kTimedOut) co_return;
    const Result<void> fetched = co_await fetch_now();
    wait = fetched ? kRefreshEvery : kRetryEvery;
    if (fetched) continue;
    ODK_LOG(warn, "token keys not fetched, those there are stay",
            kv("error", fetched.error().to_string()));
  }
}

}  // namespace odradek::proxy
