#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/loop.h"
#include "io/stream.h"
#include "proto/messages/request_header.h"
#include "rpc/message.h"
#include "rpc/server.h"

// What the tests of this folder share: a handler that records, and a client that speaks bytes.
namespace odradek::rpc::testing {

// The log lines of one test.
class CapturedLog {
 public:
  CapturedLog() {
    set_log_sink([this](LogLevel, std::string_view line) { lines_.emplace_back(line); },
                 LogLevel::debug, LogFormat::text);
  }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  ~CapturedLog() { set_log_sink(nullptr, LogLevel::off, LogFormat::text); }

  int count(std::string_view part) const {
    int found = 0;
    for (const std::string& line : lines_) found += line.find(part) != std::string::npos ? 1 : 0;
    return found;
  }
  std::string all() const {
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return text;
  }

 private:
  std::vector<std::string> lines_;
};

// Header (as the version wants it) and the same body back.
inline SliceChain echo_of(const Request& request) {
  wire::Writer writer(64);
  writer.i32(request.correlation_id);
  if (proto::response_header_version(request.api_key, request.version) >= 1) writer.uvarint(0);
  writer.append(request.frame.share(request.body));
  return writer.take();
}

class TestHandler final : public RequestHandler {
 public:
  void on_request(Request request) override {
    ++requests;
    if (on) {
      on(std::move(request));
    } else {
      SliceChain answer = echo_of(request);
      request.responder.send(std::move(answer));
    }
  }
  bool can_start_beside(proto::ApiKey next, proto::ApiKey earlier) override {
    return beside && beside(next, earlier);
  }
  void on_disconnect(const ConnectionInfo& connection) override {
    disconnected.push_back(connection);
  }
  // Keeps requests in `waiting` instead of answering.
  void hold() {
    on = [this](Request request) { waiting.push_back(std::move(request)); };
  }
  void echo(size_t index) {
    SliceChain answer = echo_of(waiting[index]);
    waiting[index].responder.send(std::move(answer));
  }

  std::function<void(Request)> on;
  std::function<bool(proto::ApiKey, proto::ApiKey)> beside;
  std::deque<Request> waiting;
  std::vector<ConnectionInfo> disconnected;
  int requests = 0;
};

inline void append_i32(std::string& text, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) text.push_back(static_cast<char>(value >> shift));
}

// A whole frame of a request.
inline std::string request_frame(proto::ApiKey key, int16_t version, int32_t correlation_id,
                                 std::string_view body, std::string_view client_id = "tester") {
  wire::Writer writer(64);
  proto::RequestHeader header;
  header.request_api_key = static_cast<int16_t>(key);
  header.request_api_version = version;
  header.correlation_id = correlation_id;
  header.client_id = client_id;
  encode(writer, proto::request_header_version(key, version), header);
  writer.raw(as_bytes(body));
  const Slice payload = writer.take().flatten();
  std::string frame;
  append_i32(frame, static_cast<uint32_t>(payload.size()));
  frame += payload.text();
  return frame;
}

template <class T>
std::string request_frame_of(const T& message, int16_t version, int32_t correlation_id) {
  wire::Writer writer(64);
  encode(writer, version, message);
  return request_frame(T::kApiKey, version, correlation_id, writer.take().flatten().text());
}

inline io::Task<void> write_text(io::Stream* stream, std::string text) {
  (void)co_await stream->write(SliceChain(Slice::copy_of(text)));
}

// One client that sends and sees bytes.
class RawClient {
 public:
  RawClient(io::Loop& loop, std::unique_ptr<io::Stream> stream)
      : loop_(&loop), stream_(std::move(stream)) {}

  // Sends what the server takes now; false when it does not take all.
  bool send(const std::string& text) {
    const Slice slice = Slice::copy_of(text);
    Result<size_t> written = stream_->write_now(SliceChain(slice), 0);
    const bool all = written && *written == text.size();
    loop_->run_ready();
    return all;
  }
  // Everything that came so far.
  std::string receive() {
    loop_->run_ready();
    std::vector<uint8_t> chunk(65536);
    while (true) {
      const Result<size_t> count = stream_->read_now(chunk);
      if (!count) {
        closed_ = true;
        break;
      }
      if (*count == 0) break;
      received_.append(reinterpret_cast<const char*>(chunk.data()), *count);
      loop_->run_ready();
    }
    return received_;
  }
  // The payloads of the complete frames that came, which are then forgotten.
  std::vector<std::string> frames() {
    receive();
    std::vector<std::string> result;
    size_t at = 0;
    while (received_.size() - at >= 4) {
      const auto* size_at = reinterpret_cast<const uint8_t*>(received_.data() + at);
      const size_t size = (size_t{size_at[0]} << 24U) | (size_t{size_at[1]} << 16U) |
                          (size_t{size_at[2]} << 8U) | size_at[3];
      if (received_.size() - at - 4 < size) break;
      result.push_back(received_.substr(at + 4, size));
      at += 4 + size;
    }
    received_.erase(0, at);
    return result;
  }
  bool is_closed() {
    receive();
    return closed_;
  }
  void close() {
    stream_->close();
    loop_->run_ready();
  }

 private:
  io::Loop* loop_;
  std::unique_ptr<io::Stream> stream_;
  std::string received_;
  bool closed_ = false;
};

inline int32_t correlation_of(const std::string& payload) {
  if (payload.size() < 4) return -1;
  const auto* at = reinterpret_cast<const uint8_t*>(payload.data());
  return static_cast<int32_t>((uint32_t{at[0]} << 24U) | (uint32_t{at[1]} << 16U) |
                              (uint32_t{at[2]} << 8U) | at[3]);
}

// A server over memory streams under a clock turned by hand.
struct ServerFixture {
  ManualClock clock;
  io::Loop loop{clock};
  TestHandler handler;
  ServerOptions options = default_options();
  ListenerOptions listener;
  std::unique_ptr<Server> server;
  CapturedLog log;

  static ServerOptions default_options() {
    ServerOptions result;
    result.apis = {{proto::ApiKey::kProduce, 0, 13},
                   {proto::ApiKey::kFetch, 4, 18},
                   {proto::ApiKey::kMetadata, 0, 13},
                   {proto::ApiKey::kHeartbeat, 0, 4},
                   {proto::ApiKey::kApiVersions, 0, 4}};
    return result;
  }

  ServerFixture() = default;
  ServerFixture(const ServerFixture&) = delete;
  ServerFixture& operator=(const ServerFixture&) = delete;
  ~ServerFixture() {
    handler.waiting.clear();
    if (server != nullptr) loop.block_on(server->stop());
  }

  void start() { server = std::make_unique<Server>(loop, handler, options); }
  std::unique_ptr<io::Stream> connect_stream(size_t capacity = 256 * 1024) {
    if (server == nullptr) start();
    auto [ours, theirs] = io::memory_streams(loop, capacity);
    server->serve(std::move(theirs), listener);
    loop.run_ready();
    return std::move(ours);
  }
  RawClient connect(size_t capacity = 256 * 1024) { return {loop, connect_stream(capacity)}; }
};

}  // namespace odradek::rpc::testing
