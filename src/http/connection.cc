#include "http/connection.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <exception>

#include "base/log.h"

namespace odradek::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr size_t kReadBytes = 16 * 1024;
constexpr size_t kMaxDrainedBytes = 1024 * 1024;
constexpr Duration kMaxDrainTime = std::chrono::seconds(2);
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view to_view(boost::beast::string_view text) { return {text.data(), text.size()}; }

int status_of(const boost::system::error_code& error) {
  if (error == beast_http::error::header_limit) return 431;
  if (error == beast_http::error::body_limit) return 413;
  if (error == beast_http::error::bad_version) return 505;
  return 400;
}

// A header a handler made from somebody's input must not become two.
std::string on_one_line(std::string_view value) {
  std::string result(value);
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return result;
}

// A stream is delimited by chunks where the connection is kept, else by its end.
std::string header_of(const HttpResponse& response, TimestampMs now_ms, bool keep_alive) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\n",
                                 response.status, reason_phrase(response.status),
                                 fmt::gmtime(static_cast<std::time_t>(now_ms / 1000)));
  const bool has_body = response.status != 204 && response.status != 304;
  if (response.stream) {
    text += fmt::format("Content-Type: {}\r\n", on_one_line(response.content_type));
    if (keep_alive) text += "Transfer-Encoding: chunked\r\n";
  } else if (has_body) {
    text += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n",
                        on_one_line(response.content_type), response.body.size());
  }
  for (const auto& [name, value] : response.headers) {
    text += fmt::format("{}: {}\r\n", on_one_line(name), on_one_line(value));
  }
  text += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return text;
}

io::Task<HttpResponse> call_handler(const HttpHandler& handler, HttpRequest request) {
  const std::string what = request.method + " " + request.path;
  try {
    HttpResponse response = co_await handler(std::move(request));
    co_return response;
  } catch (const std::exception& exception) {
    ODK_LOG(error, "HTTP handler failed", kv("request", what), kv("reason", exception.what()));
  }
  co_return plain_response(500);
}

}  // namespace

void Deadline::set(Duration from_now) {
  clear();
  timer_ = loop_.call_after(from_now, [this] {
    timer_ = 0;
    stream_.close();
  });
}

void Deadline::clear() {
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = 0;
}

HttpConnection::HttpConnection(io::Loop& loop, std::unique_ptr<io::Stream> stream,
                               const HttpHandler& handler, const HttpLimits& limits)
    : loop_(loop),
      stream_(std::move(stream)),
      handler_(handler),
      limits_(limits),
      deadline_(loop, *stream_) {}

void HttpConnection::close() { stream_->close(); }

io::Task<void> HttpConnection::run() {
  bool goes_on = true;
  while (goes_on) {
    goes_on = co_await serve_one();
  }
  deadline_.clear();
  stream_->close();
}

// Reads at least one byte into the buffer; false at the end of the stream.
io::Task<Result<bool>> HttpConnection::read_some() {
  while (true) {
    // On the stack of this step only: an idle connection keeps no buffer.
    const auto read_now = [this]() -> Result<size_t> {
      std::array<uint8_t, kReadBytes> chunk;
      ODK_TRY(const size_t count, stream_->read_now(chunk));
      buffer_.append(reinterpret_cast<const char*>(chunk.data()), count);
      return count;
    };
    const Result<size_t> count = read_now();
    if (!count && count.error().code() == Errc::kClosed) co_return false;
    if (!count) co_return count.error();
    if (*count > 0) co_return true;
    Result<void> readable = co_await stream_->wait_readable();
    if (!readable) co_return std::move(readable).error();
  }
}

bool HttpConnection::parse(Parser& parser, Incoming& incoming) {
  if (buffer_.empty()) return true;
  boost::system::error_code error;
  const size_t used = parser.put(boost::asio::buffer(buffer_), error);
  buffer_.erase(0, used);
  if (error == beast_http::error::need_more) return true;
  if (error) {
    incoming.refusal = plain_response(status_of(error));
    return false;
  }
  return !parser.is_done();
}

HttpConnection::Incoming HttpConnection::complete(Parser& parser) const {
  Incoming incoming;
  auto& message = parser.get();
  HttpRequest request;
  request.method = to_view(message.method_string());
  request.target = to_view(message.target());
  const size_t question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = request.target.substr(question + 1);
  for (const auto& field : message.base()) {
    request.headers.emplace_back(to_view(field.name_string()), to_view(field.value()));
  }
  request.body = std::move(message.body());
  request.peer_address = stream_->peer_address();
  incoming.keep_alive = parser.keep_alive();
  incoming.http_1_0 = message.version() == 10;
  if (!incoming.http_1_0 && request.header("Host").empty()) {
    incoming.refusal = plain_response(400);
  } else {
    incoming.request = std::move(request);
  }
  return incoming;
}

io::Task<HttpConnection::Incoming> HttpConnection::read_request() {
  Parser parser;
  parser.eager(true);
  parser.header_limit(static_cast<std::uint32_t>(limits_.max_header_bytes));
  parser.body_limit(limits_.max_body_bytes);
  Incoming incoming;
  bool continued = false;
  deadline_.set(buffer_.empty() ? limits_.idle_timeout : limits_.request_timeout);
  bool is_started = !buffer_.empty();
  while (true) {
    const bool needs_more = parse(parser, incoming);
    if (incoming.refusal) co_return incoming;
    if (!needs_more) co_return complete(parser);
    if (parser.is_header_done() && !continued && parser.get().version() >= 11 &&
        beast_http::token_list(parser.get()[beast_http::field::expect]).exists("100-continue")) {
      continued = true;
      Result<void> written = co_await stream_->write(Slice::of_static(as_bytes(kContinue)));
      if (!written) co_return incoming;
    }
    Result<bool> read = co_await read_some();
    if (!read || !*read) co_return incoming;
    if (!is_started) deadline_.set(limits_.request_timeout);
    is_started = true;
  }
}

// Gives false when the connection is to be closed.
io::Task<bool> HttpConnection::serve_one() {
  Incoming incoming = co_await read_request();
  deadline_.clear();
  if (incoming.refusal) {
    ODK_LOG(debug, "HTTP request refused", kv("peer", stream_->peer_address()),
            kv("status", incoming.refusal->status));
    Result<void> refused = co_await write(*incoming.refusal, true, false);
    if (refused) co_await drain();
    co_return false;
  }
  if (!incoming.request) co_return false;
  const bool is_head = incoming.request->method == "HEAD";
  HttpResponse response = co_await call_handler(handler_, *std::move(incoming.request));
  if (response.stream && !is_head) {
    const bool goes_on = co_await write_stream(response, incoming.http_1_0, incoming.keep_alive);
    co_return goes_on;
  }
  Result<void> written = co_await write(response, !is_head, incoming.keep_alive);
  co_return written.has_value() && incoming.keep_alive;
}

io::Task<Result<void>> HttpConnection::send(SliceChain bytes) {
  deadline_.set(limits_.response_timeout);
  Result<void> written = co_await stream_->write(std::move(bytes));
  deadline_.clear();
  co_return written;
}

io::Task<Result<void>> HttpConnection::write(const HttpResponse& response, bool with_body,
                                             bool keep_alive) {
  SliceChain bytes;
  bytes.append(Slice::copy_of(header_of(response, loop_.clock().wall_ms(), keep_alive)));
  const bool has_body = response.status != 204 && response.status != 304;
  if (with_body && has_body) bytes.append(Slice::copy_of(response.body));
  Result<void> written = co_await send(std::move(bytes));
  co_return written;
}

class HttpConnection::ChunkWriter final : public BodyWriter {
 public:
  ChunkWriter(HttpConnection& connection, bool in_chunks)
      : connection_(connection), in_chunks_(in_chunks) {}

  io::Task<Result<void>> write(std::string piece) override {
    if (failed_) co_return Errc::kClosed;
    if (piece.empty()) co_return Result<void>();  // an empty chunk would be the last one
    SliceChain bytes;
    if (in_chunks_) bytes.append(Slice::copy_of(fmt::format("{:x}\r\n", piece.size())));
    bytes.append(Slice::copy_of(piece));
    if (in_chunks_) bytes.append(Slice::copy_of("\r\n"));
    Result<void> written = co_await connection_.send(std::move(bytes));
    failed_ = !written;
    co_return written;
  }

  bool failed() const { return failed_; }

 private:
  HttpConnection& connection_;
  bool in_chunks_;
  bool failed_ = false;
};

io::Task<bool> HttpConnection::write_stream(const HttpResponse& response, bool http_1_0,
                                            bool keep_alive) {
  const bool in_chunks = keep_alive && !http_1_0;
  SliceChain header;
  header.append(Slice::copy_of(header_of(response, loop_.clock().wall_ms(), in_chunks)));
  Result<void> begun = co_await send(std::move(header));
  if (!begun) co_return false;
  ChunkWriter writer(*this, in_chunks);
  try {
    co_await response.stream(writer);
  } catch (const std::exception& exception) {
    ODK_LOG(error, "HTTP stream failed", kv("reason", exception.what()));
    co_return false;  // cut short, so that the client does not take it for whole
  }
  if (writer.failed() || !in_chunks) co_return false;
  SliceChain end;
  end.append(Slice::copy_of("0\r\n\r\n"));
  Result<void> ended = co_await send(std::move(end));
  co_return ended.has_value();
}

// Closing with unread bytes resets the connection, and the client might lose the refusal: so read
// on until it is quiet for a moment.
io::Task<void> HttpConnection::drain() {
  const MonotonicTime until = loop_.now() + kMaxDrainTime;
  size_t drained = buffer_.size();
  while (drained < kMaxDrainedBytes && loop_.now() < until) {
    buffer_.clear();
    deadline_.set(limits_.linger_timeout);
    Result<bool> read = co_await read_some();
    if (!read || !*read) co_return;
    drained += buffer_.size();
  }
}

}  // namespace odradek::http
