#include "rpc/client_impl.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "io/address.h"
#include "io/event.h"
#include "io/task_group.h"
#include "proto/messages/request_header.h"
#include "proto/messages/response_header.h"
#include "rpc/message.h"

namespace odradek::rpc {

ClientConnection::Impl::Impl(io::Loop& the_loop, std::unique_ptr<io::Stream> the_stream,
                             ConnectOptions the_options)
    : loop(the_loop),
      stream(std::move(the_stream)),
      options(std::move(the_options)),
      last_used(the_loop.now()),
      address_(io::HostPort{options.host, options.port}.to_string()) {}

void ClientConnection::Impl::start() { io::spawn_self_owned(loop, read_all(shared_from_this())); }

// --- Sending -------------------------------------------------------------------------------------

Result<SliceChain> ClientConnection::Impl::encode_frame(proto::ApiKey key, int16_t version,
                                                        int32_t correlation_id,
                                                        const SliceChain& body) const {
  wire::Writer writer(64);
  writer.i32(0);
  proto::RequestHeader header;
  header.request_api_key = static_cast<int16_t>(key);
  header.request_api_version = version;
  header.correlation_id = correlation_id;
  header.client_id = options.client_id;
  encode(writer, proto::request_header_version(key, version), header);
  ODK_TRY_VOID(writer.status());
  const size_t payload_bytes = writer.size() - 4 + body.size();
  if (payload_bytes > INT32_MAX) {
    return Error(Errc::kLimitExceeded, fmt::format("request of {} bytes", payload_bytes));
  }
  writer.patch_i32(0, static_cast<int32_t>(payload_bytes));
  for (const Slice& slice : body.slices()) writer.append(slice);
  return writer.finish();
}

void ClientConnection::Impl::send(proto::ApiKey key, int16_t version, const SliceChain& body,
                                  MonotonicTime deadline, Urgency urgency, Completion done) {
  if (!open) return fail_later(std::move(done), *ended_with_);
  Call call;
  call.id = next_id_++;
  call.correlation_id = next_correlation_id_;
  next_correlation_id_ = next_correlation_id_ == INT32_MAX ? 0 : next_correlation_id_ + 1;
  call.api_key = key;
  call.version = version;
  call.done = std::move(done);
  Result<SliceChain> frame = encode_frame(key, version, call.correlation_id, body);
  if (!frame) return fail_later(std::move(call.done), std::move(frame).error());
  call.sent_at = loop.now();
  call.bytes_sent = frame->size();
  call.timer = loop.call_at(deadline, [this, id = call.id] { time_out(id); });
  const bool must_wait = holds_back_ || in_flight_.size() >= options.max_in_flight;
  if (must_wait && urgency == Urgency::kNormal) {
    queued_.push_back({std::move(call), *std::move(frame)});
  } else {
    transmit(std::move(call), *std::move(frame));
  }
}

Result<void> ClientConnection::Impl::send_no_response(proto::ApiKey key, int16_t version,
                                                      const SliceChain& body) {
  if (!open) return *ended_with_;
  const int32_t correlation_id = next_correlation_id_;
  next_correlation_id_ = next_correlation_id_ == INT32_MAX ? 0 : next_correlation_id_ + 1;
  ODK_TRY(SliceChain frame, encode_frame(key, version, correlation_id, body));
  if (holds_back_ || !queued_.empty()) {
    queued_.push_back({Call{}, std::move(frame)});  // id 0: no answer to wait for
    return {};
  }
  outgoing_.append(std::move(frame));
  schedule_flush();
  return {};
}

// A single request leaves at once; those that come while it is under way leave together.
void ClientConnection::Impl::transmit(Call call, SliceChain frame) {
  const bool is_alone = in_flight_.empty() && outgoing_.empty();
  in_flight_.push_back(std::move(call));
  outgoing_.append(std::move(frame));
  if (!is_alone) return schedule_flush();
  last_used = loop.now();
  flush();
}

void ClientConnection::Impl::send_queued() {
  while (!queued_.empty() && !holds_back_ && in_flight_.size() < options.max_in_flight) {
    QueuedCall next = std::move(queued_.front());
    queued_.pop_front();
    if (next.call.id == 0) {
      outgoing_.append(std::move(next.frame));
      schedule_flush();
    } else {
      transmit(std::move(next.call), std::move(next.frame));
    }
  }
}

// What waits within one turn of the loop leaves in one write.
void ClientConnection::Impl::schedule_flush() {
  last_used = loop.now();
  if (std::exchange(flush_scheduled_, true)) return;
  loop.post([self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->flush();
  });
}

void ClientConnection::Impl::flush() {
  if (!open || writer_runs_ || outgoing_.empty()) return;
  Result<size_t> written = stream->write_now(outgoing_, 0);
  if (!written) return end(connection_error(written.error()));
  if (*written == outgoing_.size()) {
    outgoing_.clear();
    return;
  }
  unsent_ = std::exchange(outgoing_, {});
  unsent_written_ = *written;
  writer_runs_ = true;
  io::spawn_self_owned(loop, write_rest(shared_from_this()));
}

io::Task<void> ClientConnection::Impl::write_rest(std::shared_ptr<Impl> self) {
  while (self->open && self->unsent_written_ < self->unsent_.size()) {
    Result<void> writable = co_await self->stream->wait_writable();
    if (!self->open) break;
    if (!writable) {
      self->end(self->connection_error(writable.error()));
      break;
    }
    Result<size_t> written = self->stream->write_now(self->unsent_, self->unsent_written_);
    if (!written) {
      self->end(self->connection_error(written.error()));
      break;
    }
    self->unsent_written_ += *written;
  }
  self->unsent_.clear();
  self->unsent_written_ = 0;
  self->writer_runs_ = false;
  self->flush();
}

// --- Receiving -----------------------------------------------------------------------------------

io::Task<void> ClientConnection::Impl::read_all(std::shared_ptr<Impl> self) {
  while (self->open) {
    if (!self->reader_.may_have_more()) {
      self->reader_.keep_rest();
      Result<void> readable = co_await self->stream->wait_readable();
      if (!self->open) break;
      if (!readable) {
        self->end(self->connection_error(readable.error()));
        break;
      }
    }
    Result<size_t> count = self->reader_.read(*self->stream, self->loop.scratch());
    if (!count) {
      self->end(self->connection_error(count.error()));
      break;
    }
    while (self->open) {
      Result<std::optional<Bytes>> frame = self->reader_.peek(self->options.max_response_bytes);
      Result<void> handled;
      if (!frame) {
        handled = std::move(frame).error();
      } else if (*frame) {
        handled = self->on_frame(self->reader_.take());
      } else {
        break;
      }
      if (!handled) self->end(self->connection_error(handled.error()));
    }
  }
  self->reader_ = FrameReader(kTrustedAnswerBytes);
}

Result<void> ClientConnection::Impl::on_frame(Slice frame) {
  if (in_flight_.empty()) return Error(Errc::kMalformed, "an answer that was not asked for");
  const Call& expected = in_flight_.front();
  Arena arena(16 * 1024);
  wire::Reader reader(frame.bytes(), arena);
  proto::ResponseHeader header;
  const int16_t header_version = proto::response_header_version(expected.api_key, expected.version);
  decode(reader, header_version, header);
  ODK_TRY_VOID(reader.status());
  if (header.correlation_id != expected.correlation_id) {
    return Error(Errc::kMalformed, fmt::format("answer with correlation id {}, expected {} ({})",
                                               header.correlation_id, expected.correlation_id,
                                               proto::api_name(expected.api_key)));
  }
  last_used = loop.now();
  Call call = std::move(in_flight_.front());
  in_flight_.pop_front();
  send_queued();
  if (!call.done) return {};  // too late
  loop.cancel(call.timer);
  note_done(call, frame.size() + 4, nullptr);
  const Bytes body = frame.bytes().subspan(reader.offset());
  call.done(RawResponse{std::move(frame), body});
  return {};
}

// --- Deadlines and the end -----------------------------------------------------------------------

void ClientConnection::Impl::time_out(uint64_t id) {
  const auto has_id = [id](const auto& entry) { return entry.id == id; };
  Completion done;
  Call late;
  if (const auto at = std::ranges::find_if(in_flight_, has_id); at != in_flight_.end()) {
    // Its place stays: the answer may come and must be told from the next one.
    done = std::exchange(at->done, nullptr);
    late = at->without_completion();
  } else {
    const auto queued = std::ranges::find_if(
        queued_, [id](const QueuedCall& entry) { return entry.call.id == id; });
    ODK_ASSERT(queued != queued_.end());
    done = std::move(queued->call.done);
    late = queued->call.without_completion();
    queued_.erase(queued);
  }
  const Error error(Errc::kTimedOut,
                    fmt::format("{} to {}, correlation id {}", proto::api_name(late.api_key),
                                stream->peer_address(), late.correlation_id));
  note_done(late, 0, &error);
  done(error);
}

void ClientConnection::Impl::note_done(const Call& call, size_t bytes_received,
                                       const Error* error) const {
  ODK_LOG(trace, "request ended", kv("broker", address_), kv("api", proto::api_name(call.api_key)),
          kv("version", call.version), kv("correlation_id", call.correlation_id),
          kv("error", error == nullptr ? std::string() : error->to_string()));
  if (!options.on_request_done) return;
  options.on_request_done({.address = address_,
                           .api_key = call.api_key,
                           .version = call.version,
                           .correlation_id = call.correlation_id,
                           .bytes_sent = call.bytes_sent,
                           .bytes_received = bytes_received,
                           .duration = loop.now() - call.sent_at,
                           .error = error});
}

void ClientConnection::Impl::fail_later(Completion done, Error error) {
  loop.post(
      [done = std::move(done), error = std::move(error)]() mutable { done(std::move(error)); });
}

void ClientConnection::Impl::end(const Error& error) {
  if (!std::exchange(open, false)) return;
  ended_with_ = error;
  stream->close();
  if (reauthentication_timer_ != 0) loop.cancel(reauthentication_timer_);
  std::vector<Completion> unanswered;
  const auto give_up = [&](Call& call) {
    if (!call.done) return;
    loop.cancel(call.timer);
    note_done(call, 0, &error);
    unanswered.push_back(std::move(call.done));
  };
  for (Call& call : in_flight_) give_up(call);
  for (QueuedCall& queued : queued_) give_up(queued.call);
  in_flight_.clear();
  queued_.clear();
  outgoing_.clear();
  auto actions = std::exchange(close_actions_, {});
  if (unanswered.empty() && actions.empty()) return;
  loop.post([error, calls = std::move(unanswered), actions = std::move(actions)]() mutable {
    for (Completion& done : calls) done(error);
    for (auto& action : actions) action(error);
  });
}

void ClientConnection::Impl::on_close(std::move_only_function<void(const Error&)> action) {
  if (open) {
    close_actions_.push_back(std::move(action));
    return;
  }
  loop.post([error = *ended_with_, action = std::move(action)]() mutable { action(error); });
}

Error ClientConnection::Impl::connection_error(const Error& cause) const {
  return cause.with_context(fmt::format("connection to {}", stream->peer_address()));
}

// --- A call as a coroutine -----------------------------------------------------------------------

io::Task<Result<RawResponse>> ClientConnection::Impl::call(std::shared_ptr<Impl> self,
                                                           proto::ApiKey key, int16_t version,
                                                           SliceChain body, MonotonicTime deadline,
                                                           Urgency urgency) {
  // Shared with the completion: either side may be gone first.
  struct Waiting {
    explicit Waiting(io::Loop& loop) : answered(loop) {}
    io::Event answered;
    std::optional<Result<RawResponse>> result;
  };
  const auto waiting = std::make_shared<Waiting>(self->loop);
  self->send(key, version, body, deadline, urgency, [waiting](Result<RawResponse> result) {
    waiting->result = std::move(result);
    waiting->answered.notify_all();
  });
  while (!waiting->result) {
    Result<void> woken = co_await waiting->answered.wait();
    if (!woken) co_return std::move(woken).error();
  }
  co_return *std::move(waiting->result);
}

}  // namespace odradek::rpc
