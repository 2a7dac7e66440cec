#include "rpc/server_connection.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "proto/messages/request_header.h"
#include "rpc/message.h"

namespace odradek::rpc {
namespace {

// So many reads without waiting, then others have their turn.
constexpr int kMaxReadsInARow = 16;
// Requests of one connection that are under way together: what is more waits to be started, so that
// one client that asks quicker than it is answered does not use up the memory of all.
constexpr size_t kStartedBytesMax = 32 * 1024 * 1024;
constexpr size_t kMinHeaderBytes = 10;  // key, version, correlation id, null client id

int16_t load_i16(const uint8_t* at) {
  return static_cast<int16_t>(static_cast<uint16_t>(at[0]) << 8U | at[1]);
}

}  // namespace

ServerConnection::ServerConnection(ServerShared& shared, std::unique_ptr<io::Stream> stream,
                                   std::shared_ptr<const ListenerOptions> listener, uint64_t id,
                                   std::string principal)
    : shared_(shared),
      stream_(std::move(stream)),
      listener_(std::move(listener)),
      info_(std::make_shared<ConnectionInfo>()),
      session_(shared.options, *listener_, *info_),
      resume_(shared.loop),
      last_activity_(shared.loop.now()) {
  info_->id = id;
  info_->peer_address = stream_->peer_address();
  info_->local_address = stream_->local_address();
  info_->listener = listener_->name;
  if (!principal.empty()) info_->principal = std::move(principal);
  info_->is_inside = shared.options.is_inside;
  info_->activity.connected_at = last_activity_;
  info_->is_tls = stream_->tls_session() != nullptr;
}

// One coroutine for the whole life of a connection: every further frame of a suspended call costs
// memory for each idle client.
io::Task<void> ServerConnection::run(std::shared_ptr<ServerConnection> self) {
  ServerConnection& connection = *self;
  connection.arm_timer();
  int reads_in_a_row = 0;
  while (!connection.closing_) {
    connection.start_requests();
    if (connection.closing_) break;
    const bool reads_on = connection.reader_.may_have_more() && ++reads_in_a_row < kMaxReadsInARow;
    Result<void> woken;
    if (!connection.may_read()) {
      connection.reader_.keep_rest();
      woken = co_await connection.resume_.wait();
    } else if (!reads_on) {
      reads_in_a_row = 0;
      connection.reader_.keep_rest();
      woken = co_await connection.stream_->wait_readable();
      if (woken && !connection.closing_ && connection.may_read()) connection.read();
    } else {
      connection.read();
    }
    if (!woken) connection.lost(woken.error());
  }
  connection.finish();
}

void ServerConnection::read() {
  Result<size_t> count = reader_.read(*stream_, shared_.loop.scratch());
  if (!count) return lost(count.error());
  shared_.stats.bytes_in += *count;
  info_->activity.bytes_in += *count;
  if (*count != 0) last_activity_ = shared_.loop.now();
}

// Starts the complete requests that may start now, and sends the answers that come at once.
void ServerConnection::start_requests() {
  in_batch_ = true;
  while (!closing_ && !refusing_) {
    const ServerLimits& limits = shared_.options.limits;
    const bool trusted = !listener_->sasl || session_.was_authenticated();
    const size_t limit = trusted ? limits.max_frame_bytes : limits.max_frame_bytes_before_auth;
    Result<std::optional<Bytes>> frame = reader_.peek(limit);
    if (!frame) {
      violation("-", -1, frame.error().message());
      break;
    }
    if (!*frame || !may_start(**frame)) break;
    start(reader_.take());
  }
  in_batch_ = false;
  if (!closing_) count_held();
  flush();
}

// Kafka starts a request only after the one before was answered; the handler may allow more.
bool ServerConnection::may_start(Bytes frame) {
  if (is_muted()) return false;
  if (unsent_bytes() > shared_.options.limits.max_unsent_bytes) return false;
  if (waiting_ == 0) return true;
  if (started_bytes_ + frame.size() > kStartedBytesMax) return false;
  if (!session_.is_ready() || frame.size() < kMinHeaderBytes) return false;
  const auto next = static_cast<proto::ApiKey>(load_i16(frame.data()));
  if (next == proto::ApiKey::kSaslHandshake) return false;  // re-authentication
  proto::ApiKey asked{-1};
  for (size_t i = 0; i < slots_.size(); ++i) {
    const AnswerSlot& slot = slots_.at(i);
    if (slot.state != AnswerSlot::State::kWaiting || slot.api_key == asked) continue;
    asked = slot.api_key;
    if (!shared_.handler.can_start_beside(next, asked)) return false;
  }
  return true;
}

// Whether to take more bytes from the client. We go on for a while even if requests wait for their
// answers: only so a client that goes away meanwhile is noticed.
bool ServerConnection::may_read() {
  if (refusing_ || !reader_.has_room() || is_muted()) return false;
  if (unsent_bytes() > shared_.options.limits.max_unsent_bytes) return false;
  if (!shared_.is_over_budget()) return true;
  if (shared_.may_pass_budget(this, held_bytes_ != 0)) return true;
  if (!std::exchange(waits_for_budget_, true)) shared_.wait_for_budget(weak_from_this());
  return false;
}

// After an answer, a pause or a write that took long: what came meanwhile may start now.
void ServerConnection::go_on() {
  if (closing_) return;
  start_requests();
  reader_.keep_rest();
  resume();
}

void ServerConnection::start(Slice frame) {
  got_request_ = true;
  ++shared_.stats.requests;
  shared_.charge(frame.size());
  if (session_.expects_raw_token()) {
    const uint64_t slot = slots_.push(proto::ApiKey::kSaslAuthenticate, -1, frame.size());
    ++waiting_;
    started_bytes_ += frame.size();
    session_step(slot, session_.on_raw_token(frame.bytes(), shared_.loop.clock()));
    return;
  }
  if (frame.size() < kMinHeaderBytes) {
    shared_.release(frame.size());
    violation("-", -1, fmt::format("request of {} bytes has no header", frame.size()));
    return;
  }
  Request request;
  request.api_key = static_cast<proto::ApiKey>(load_i16(frame.data()));
  request.version = load_i16(frame.data() + 2);
  Arena arena(16 * 1024);
  wire::Reader reader(frame.bytes(), arena);
  proto::RequestHeader header;
  decode(reader, proto::request_header_version(request.api_key, request.version), header);
  if (!reader.ok()) {
    const Result<void> fault = reader.status();
    shared_.release(frame.size());
    violation(proto::api_name(request.api_key), request.version, fault.error().to_string());
    return;
  }
  request.correlation_id = header.correlation_id;
  request.client_id = header.client_id;
  request.body = frame.bytes().subspan(reader.offset());
  request.frame = std::move(frame);
  start_request(std::move(request));
}

// Remembers what people ask of a connection: who it says it is, and what it does.
void ServerConnection::note(const Request& request) {
  ConnectionActivity& activity = info_->activity;
  ++activity.requests;
  activity.last_request_at = last_activity_;
  activity.last_api = request.api_key;
  activity.last_version = request.version;
  if (!is_null(request.client_id) && activity.client_id != request.client_id) {
    activity.client_id = request.client_id;
  }
}

void ServerConnection::start_request(Request request) {
  const proto::ApiKey key = request.api_key;
  if (refuse(request)) {
    shared_.release(request.frame.size());
    return;
  }
  note(request);
  const uint64_t slot = slots_.push(key, request.version, request.frame.size());
  ++waiting_;
  started_bytes_ += request.frame.size();
  if (key == proto::ApiKey::kApiVersions) {
    session_step(slot, session_.on_api_versions(request));
  } else if (key == proto::ApiKey::kSaslHandshake) {
    session_step(slot, session_.on_handshake(request, shared_.loop.clock()));
  } else if (key == proto::ApiKey::kSaslAuthenticate) {
    session_step(slot, session_.on_authenticate(request, shared_.loop.clock()));
  } else {
    request.connection = info_;
    request.received_at = last_activity_;
    request.responder = Responder(weak_from_this(), slot);
    shared_.handler.on_request(std::move(request));
  }
}

// Closes the connection when the request may not be here at all.
bool ServerConnection::refuse(const Request& request) {
  const proto::ApiKey key = request.api_key;
  if (session_.is_expired(shared_.loop.clock()) && key != proto::ApiKey::kSaslHandshake &&
      session_.is_ready()) {
    violation(proto::api_name(key), request.version,
              "the session has expired without re-authentication");
    return true;
  }
  if (key == proto::ApiKey::kApiVersions) return false;  // any version is answered
  const ApiRange* const range = shared_.find_api(key);
  if (range == nullptr) {
    violation(proto::api_name(key), request.version,
              fmt::format("API key {} is not served", static_cast<int16_t>(key)));
    return true;
  }
  if (request.version < range->min_version || request.version > range->max_version) {
    violation(proto::api_name(key), request.version,
              fmt::format("versions {} to {} are served", range->min_version, range->max_version));
    return true;
  }
  const bool is_sasl =
      key == proto::ApiKey::kSaslHandshake || key == proto::ApiKey::kSaslAuthenticate;
  if (session_.is_ready() || is_sasl) return false;
  violation(proto::api_name(key), request.version, "request before authentication");
  return true;
}

void ServerConnection::session_step(uint64_t slot, Result<SessionStep> step) {
  if (!step) {
    fail(slot, step.error().to_string());
  } else if (step->failed) {
    fail_authentication(slot, *std::move(step));
  } else {
    answer(slot, std::move(step->answer), Duration(0));
  }
}

// The answer is held back for a while, so that guessing is slow; then the connection closes.
void ServerConnection::fail_authentication(uint64_t slot, SessionStep step) {
  ++shared_.stats.failed_authentications;
  ODK_LOG(warn, "authentication failed", kv("peer", info_->peer_address),
          kv("listener", info_->listener), kv("reason", step.failure_reason));
  refusing_ = true;
  pause_timer_ = shared_.loop.call_after(shared_.options.limits.failed_authentication_delay,
                                         [this, slot, bytes = std::move(step.answer)]() mutable {
                                           pause_timer_ = 0;
                                           close_when_sent_ = true;
                                           if (bytes.empty()) {
                                             close();
                                           } else {
                                             answer(slot, std::move(bytes), Duration(0));
                                           }
                                         });
}

void ServerConnection::answer(uint64_t slot, SliceChain header_and_body, Duration mute_for) {
  AnswerSlot* const found = slots_.find(slot);
  if (closing_ || found == nullptr) return;
  ODK_ASSERT(found->state == AnswerSlot::State::kWaiting, "a request is answered twice");
  --waiting_;
  found->state = AnswerSlot::State::kReady;
  answers_bytes_ += header_and_body.size();
  shared_.charge(header_and_body.size());
  started_bytes_ -= found->request_bytes;
  shared_.release(std::exchange(found->request_bytes, size_t{0}));
  found->answer = std::move(header_and_body);
  if (mute_for > Duration(0)) mute(mute_for);
  if (!in_batch_) send_answers();
}

void ServerConnection::answer_nothing(uint64_t slot, Duration mute_for) {
  AnswerSlot* const found = slots_.find(slot);
  if (closing_ || found == nullptr) return;
  ODK_ASSERT(found->state == AnswerSlot::State::kWaiting, "a request is answered twice");
  --waiting_;
  found->state = AnswerSlot::State::kSilent;
  started_bytes_ -= found->request_bytes;
  shared_.release(std::exchange(found->request_bytes, size_t{0}));
  if (mute_for > Duration(0)) mute(mute_for);
  if (!in_batch_) send_answers();
}

void ServerConnection::fail(uint64_t slot, std::string_view reason) {
  const AnswerSlot* const found = slots_.find(slot);
  if (closing_ || found == nullptr) return;
  violation(proto::api_name(found->api_key), found->version, reason);
}

void ServerConnection::violation(std::string_view api, int version, std::string_view reason) {
  if (closing_) return;
  ++shared_.stats.malformed_frames;
  ODK_LOG(warn, "connection closed", kv("peer", info_->peer_address),
          kv("listener", info_->listener), kv("api", api), kv("version", version),
          kv("reason", reason));
  close();
}

void ServerConnection::lost(const Error& error) {
  if (closing_) return;
  ODK_LOG(debug, "connection ended", kv("peer", info_->peer_address),
          kv("reason", error.to_string()));
  close();
}

void ServerConnection::close() {
  if (std::exchange(closing_, true)) return;
  stream_->close();
  resume();
}

// The last act of the reader task.
void ServerConnection::finish() {
  close();
  if (timer_ != 0) shared_.loop.cancel(timer_);
  if (pause_timer_ != 0) shared_.loop.cancel(pause_timer_);
  size_t held = held_bytes_ + unsent_bytes();
  for (size_t i = 0; i < slots_.size(); ++i) held += slots_.at(i).request_bytes;
  while (!slots_.empty()) slots_.pop_front();
  reader_ = FrameReader();
  shared_.connections.erase(info_->id);
  shared_.gate.leave(info_->listener, info_->peer_address);
  --shared_.stats.connections_active;
  shared_.release(held);
  shared_.end_pass(this);
  shared_.handler.on_disconnect(*info_);
}

// Brings the budget's count of this connection's unfinished frames up to date.
void ServerConnection::count_held() {
  const size_t now = reader_.held_bytes();
  if (now > held_bytes_) {
    shared_.charge(now - held_bytes_);
    held_bytes_ = now;
  } else if (now < held_bytes_) {
    const size_t freed = held_bytes_ - now;
    held_bytes_ = now;
    shared_.release(freed);
  }
  if (now == 0) shared_.end_pass(this);
}

bool ServerConnection::is_muted() {
  if (!muted_until_) return false;
  if (shared_.loop.now() < *muted_until_) return true;
  muted_until_.reset();
  return false;
}

void ServerConnection::mute(Duration how_long) {
  const MonotonicTime until =
      shared_.loop.now() + std::chrono::duration_cast<MonotonicTime::duration>(how_long);
  if (muted_until_ && until <= *muted_until_) return;
  muted_until_ = until;
  if (pause_timer_ != 0) shared_.loop.cancel(pause_timer_);
  pause_timer_ = shared_.loop.call_at(until, [this] {
    pause_timer_ = 0;
    go_on();
  });
}

// One timer for each connection: it is not moved for every request, but looks when it goes off
// whether the connection was active meanwhile.
void ServerConnection::arm_timer() {
  const ServerLimits& limits = shared_.options.limits;
  const Duration limit = got_request_ ? limits.idle_timeout : limits.first_request_timeout;
  const MonotonicTime since = waiting_ > 0 ? shared_.loop.now() : last_activity_;
  timer_ = shared_.loop.call_at(since + std::chrono::duration_cast<MonotonicTime::duration>(limit),
                                [this] { on_timer(); });
}

void ServerConnection::on_timer() {
  timer_ = 0;
  const ServerLimits& limits = shared_.options.limits;
  const Duration quiet = shared_.loop.now() - last_activity_;
  if (!got_request_) {
    ODK_LOG(info, "connection closed", kv("peer", info_->peer_address),
            kv("reason", "no request came in time"));
    close();
  } else if (waiting_ == 0 && quiet >= limits.idle_timeout) {
    ODK_LOG(debug, "connection closed", kv("peer", info_->peer_address), kv("reason", "idle"));
    close();
  } else {
    arm_timer();
  }
}

}  // namespace odradek::rpc
