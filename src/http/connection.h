#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>
#include <optional>
#include <string>

#include "http/message.h"
#include "http/server.h"
#include "io/stream.h"

namespace odradek::http {

// Closes a stream when time is up. Lives as long as the stream. One loop.
class Deadline {
 public:
  Deadline(io::Loop& loop, io::Stream& stream) : loop_(loop), stream_(stream) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() { clear(); }

  void set(Duration from_now);
  void clear();

 private:
  io::Loop& loop_;
  io::Stream& stream_;
  io::TimerId timer_ = 0;
};

// One client: reads requests, calls the handler, writes the responses. Internal to http/.
class HttpConnection {
 public:
  // Handler and limits must outlive the connection.
  HttpConnection(io::Loop& loop, std::unique_ptr<io::Stream> stream, const HttpHandler& handler,
                 const HttpLimits& limits);

  // Until the client goes, misbehaves or is too slow, or close() is called.
  io::Task<void> run();
  void close();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  // A request, or the response its faults deserve, or neither: the client is gone.
  struct Incoming {
    std::optional<HttpRequest> request;
    std::optional<HttpResponse> refusal;
    bool keep_alive = false;
    bool http_1_0 = false;
  };

  io::Task<Result<bool>> read_some();
  io::Task<Incoming> read_request();
  io::Task<bool> serve_one();
  io::Task<Result<void>> write(const HttpResponse& response, bool with_body, bool keep_alive);
  // A response in pieces; HTTP/1.0 clients see its end by the end of the connection.
  class ChunkWriter;
  io::Task<bool> write_stream(const HttpResponse& response, bool http_1_0, bool keep_alive);
  io::Task<Result<void>> send(SliceChain bytes);
  io::Task<void> drain();
  // Parses what is buffered: true when more bytes are needed.
  bool parse(Parser& parser, Incoming& incoming);
  Incoming complete(Parser& parser) const;

  io::Loop& loop_;
  std::unique_ptr<io::Stream> stream_;
  const HttpHandler& handler_;
  const HttpLimits& limits_;
  Deadline deadline_;
  std::string buffer_;  // bytes read and not parsed
};

}  // namespace odradek::http
