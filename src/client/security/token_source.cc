#include "client/security/token_source.h"

#include <fmt/format.h>

#include <exception>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "base/secret.h"

namespace odradek::client {
namespace {

constexpr double kUsedLife = 0.8;  // as sasl.login.refresh.window.factor

}  // namespace

struct TokenSource::Mailbox {
  explicit Mailbox(Fetch its_fetch) : fetch(std::move(its_fetch)) {}

  const Fetch fetch;
  std::stop_source stop;
  Mutex mutex;
  // Where to put the token; null once nobody wants it any more.
  io::Loop* loop ODK_GUARDED_BY(mutex) = nullptr;
  TokenSource* owner ODK_GUARDED_BY(mutex) = nullptr;

  // On the thread.
  Result<kafka::BearerToken> call() {
    try {
      return fetch(stop.get_token());
    } catch (const std::exception& thrown) {  // of the program's own provider: it may recover
      return Error(Errc::kNetwork, fmt::format("token provider: {}", thrown.what()));
    } catch (...) {
      return Error(Errc::kNetwork, "token provider failed");
    }
  }
};

TokenSource::TokenSource(Fetch fetch) : mailbox_(std::make_shared<Mailbox>(std::move(fetch))) {}

TokenSource::~TokenSource() { stop(); }

void TokenSource::stop() {
  is_stopped_ = true;
  mailbox_->stop.request_stop();
  if (fetched_ != nullptr) fetched_->notify_all();
  const MutexLock lock(mailbox_->mutex);
  mailbox_->loop = nullptr;
  mailbox_->owner = nullptr;
}

TokenSource::WallTime TokenSource::now() const {
  return WallTime(std::chrono::milliseconds(loop_->clock().wall_ms()));
}

bool TokenSource::is_good() const {
  return token_ && (!token_->expires_at || now() < *token_->expires_at);
}

bool TokenSource::is_fresh() const {
  return is_good() && token_->expires_at && now() < replace_at_;
}

io::Task<Result<void>> TokenSource::prepare(io::Loop& loop, MonotonicTime deadline) {
  loop_ = &loop;
  if (is_fresh()) co_return Result<void>{};
  if (is_good() && token_->expires_at && !is_stopped_) {
    if (!is_fetching_) begin_fetch(loop);
    co_return Result<void>{};
  }
  const uint64_t before = fetches_;
  while (fetches_ == before) {
    if (is_stopped_) co_return Error(Errc::kClosed, "the client is closed");
    if (!is_fetching_) begin_fetch(loop);
    const Result<void> woken = co_await fetched_->wait(deadline);
    if (!woken) co_return woken.error().with_context("a token for OAUTHBEARER");
  }
  if (is_good()) co_return Result<void>{};
  co_return last_error_;
}

void TokenSource::begin_fetch(io::Loop& loop) {
  if (fetched_ == nullptr) fetched_ = std::make_unique<io::Event>(loop);
  is_fetching_ = true;
  {
    const MutexLock lock(mailbox_->mutex);
    mailbox_->loop = &loop;
    mailbox_->owner = this;
  }
  std::thread thread([mailbox = mailbox_] {
    Result<kafka::BearerToken> token = mailbox->call();
    const MutexLock lock(mailbox->mutex);
    if (mailbox->loop == nullptr) return;
    mailbox->loop->post([mailbox, token = std::move(token)]() mutable {
      TokenSource* owner = nullptr;
      {
        const MutexLock held(mailbox->mutex);
        owner = mailbox->owner;  // which lives as long as this runs: both belong to the loop
      }
      if (owner != nullptr) owner->on_fetched(std::move(token));
    });
  });
  thread.detach();  // tidy: allow detached, it owns what it uses and nobody may wait for it
}

void TokenSource::on_fetched(Result<kafka::BearerToken> token) {
  is_fetching_ = false;
  ++fetches_;
  if (token) {
    token_ = *std::move(token);
    if (token_->expires_at) {
      const std::chrono::duration<double> life = *token_->expires_at - now();
      replace_at_ = now() + std::chrono::duration_cast<WallTime::duration>(life * kUsedLife);
    }
    last_error_ = Error(Errc::kAuthentication, "the token has expired already");
  } else {
    last_error_ = token.error();
    ODK_LOG(warn, "no token for OAUTHBEARER", kv("error", last_error_.to_string()));
    if (token_ && !token_->expires_at) token_.reset();  // was good for one connection
  }
  fetched_->notify_all();
}

Result<std::unique_ptr<auth::SaslClient>> TokenSource::start() const {
  if (!token_) return Error(Errc::kAuthentication, "there is no token for OAUTHBEARER");
  auth::SaslClientOptions options;
  options.mechanism = auth::kOAuthBearer;
  options.token = odradek::Secret(token_->token.reveal());
  options.extensions = token_->extensions;
  return auth::make_sasl_client(options);
}

}  // namespace odradek::client
