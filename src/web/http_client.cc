#include "web/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <utility>

#include "base/secret.h"
#include "web/curl_handles.h"

namespace odradek::web {
namespace {

constexpr size_t kIdleMax = 32;
constexpr size_t kHeaderBytesMax = 256 * 1024;
constexpr long kBufferBytes = 128 * 1024;
constexpr std::chrono::milliseconds kPollMax{1000};

// One request under way: where curl's callbacks read from and write to.
struct Transfer {
  const HttpRequest* request;
  const Clock* clock;
  MonotonicTime moved_at;  // when a byte went or came
  CURL* easy = nullptr;
  size_t piece = 0;
  size_t position = 0;  // in the piece
  size_t header_bytes = 0;
  std::vector<Header> headers{};
  Buffer body{};
  bool is_too_long = false;
  int requests = 0;

  void moved() { moved_at = clock->now(); }
};

size_t send_body(char* into, size_t /*one*/, size_t room, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::vector<Bytes>& pieces = transfer.request->body;
  transfer.moved();
  size_t sent = 0;
  while (sent < room && transfer.piece < pieces.size()) {
    const Bytes rest = pieces[transfer.piece].subspan(transfer.position);
    const size_t count = std::min(room - sent, rest.size());
    if (count > 0) std::memcpy(into + sent, rest.data(), count);
    sent += count;
    transfer.position += count;
    if (count == rest.size()) {
      ++transfer.piece;
      transfer.position = 0;
    }
  }
  return sent;
}

// curl would send a request again by itself when a kept connection turns out to be closed. Only
// the caller knows whether that may be done twice: a second request ends the transfer.
int begin_request(void* user, char* /*theirs*/, char* /*ours*/, int /*port*/, int /*our_port*/) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  transfer.moved();
  return transfer.requests++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

size_t take_header(char* data, size_t /*one*/, size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  transfer.moved();
  std::string_view line(data, size);
  if (line.starts_with("HTTP/")) transfer.headers.clear();  // what came before was a 100 Continue
  transfer.header_bytes += size;
  if (transfer.header_bytes > kHeaderBytesMax) {
    transfer.is_too_long = true;
    return 0;
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  const size_t colon = line.find(':');
  if (colon == line.npos) return size;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  line.remove_prefix(colon + 1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  transfer.headers.push_back({std::move(name), std::string(line)});
  return size;
}

size_t take_body(char* data, size_t /*one*/, size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  transfer.moved();
  const size_t max_bytes = transfer.request->max_bytes;
  if (transfer.body.empty()) {
    curl_off_t length = -1;
    curl_easy_getinfo(transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length > 0 && static_cast<uint64_t>(length) <= max_bytes) {
      transfer.body.reserve(static_cast<size_t>(length));
    }
  }
  if (size > max_bytes - transfer.body.size()) {
    transfer.is_too_long = true;
    return 0;  // ends the transfer
  }
  transfer.body.append(std::string_view(data, size));
  return size;
}

curl_off_t body_bytes(const HttpRequest& request) {
  size_t bytes = 0;
  for (const Bytes piece : request.body) bytes += piece.size();
  return static_cast<curl_off_t>(bytes);
}

void set_method(CURL* easy, const HttpRequest& request) {
  const curl_off_t bytes = body_bytes(request);
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, bytes);
  } else if (request.method == "PUT") {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, bytes);
  } else if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? std::string_view{} : std::string_view(found->value);
}

// curl's handle with the connections it keeps open.
class HttpClient::Connection {
 public:
  Connection() : multi_(curl_multi_init()), easy_(curl_easy_init()) {}

  Result<HttpResponse> send(const HttpRequest& request, const HttpClientOptions& options,
                            const Clock& clock) {
    if (multi_ == nullptr || easy_ == nullptr) {
      return Error(Errc::kNetwork, "cannot start an HTTP request");
    }
    Transfer transfer{.request = &request, .clock = &clock, .moved_at = clock.now()};
    transfer.easy = easy_.get();
    Headers headers;
    ODK_TRY_VOID(set_headers(headers, request));
    std::array<char, CURL_ERROR_SIZE> reason{};
    set_options(request, options, transfer);
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy_.get(), CURLOPT_ERRORBUFFER, reason.data());
    Result<CURLcode> code = run(transfer, options);
    curl_easy_reset(easy_.get());
    if (!code) return code.error();
    if (transfer.is_too_long) {
      return Error(Errc::kLimitExceeded,
                   fmt::format("the answer is longer than {} bytes", request.max_bytes));
    }
    if (transfer.requests > 1) return Error(Errc::kNetwork, "the connection was closed");
    if (*code != CURLE_OK) {
      const char* const words = reason[0] != '\0' ? reason.data() : curl_easy_strerror(*code);
      // A handshake that was cut is no refused certificate.
      const bool is_cut = *code == CURLE_SSL_CONNECT_ERROR;
      return Error(is_cut ? Errc::kNetwork : code_of_curl(*code), words);
    }
    return HttpResponse{
        .status = status_, .headers = std::move(transfer.headers), .body = transfer.body.freeze()};
  }

 private:
  static Result<void> set_headers(Headers& headers, const HttpRequest& request) {
    bool fits = append_header(headers, "Expect:");  // no second's pause before a body
    // Without one of ours curl would call every POST a form.
    if (std::ranges::find(request.headers, "content-type", &Header::name) ==
        request.headers.end()) {
      fits = fits && append_header(headers, "Content-Type:");
    }
    for (const Header& header : request.headers) {
      if (header.value.find_first_of("\r\n") != std::string::npos) {
        return Error(Errc::kInvalidArgument, fmt::format("header {} has a line end", header.name));
      }
      // An empty value is said by a semicolon: "Name:" would take curl's own header away.
      std::string line =
          header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
      fits = fits && append_header(headers, line.c_str());
      wipe(line);
    }
    if (!fits) return Error(Errc::kLimitExceeded, "no memory for the headers of a request");
    return {};
  }

  void set_options(const HttpRequest& request, const HttpClientOptions& options,
                   Transfer& transfer) {
    CURL* const easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);  // other threads have signals of their own
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "odradek");
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kBufferBytes);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (request.fresh_connection) curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    if (!options.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    }
    if (request.direct) {
      curl_easy_setopt(easy, CURLOPT_PROXY, "");
    } else if (!options.proxy.empty()) {
      curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
    }
    set_method(easy, request);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, begin_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  }

  Result<CURLcode> run(const Transfer& transfer, const HttpClientOptions& options) {
    const std::chrono::milliseconds own = transfer.request->stall_timeout;
    const std::chrono::milliseconds stall_timeout = own.count() > 0 ? own : options.stall_timeout;
    const int poll_ms =
        static_cast<int>(std::clamp<int64_t>(stall_timeout.count() / 4, 1, kPollMax.count()));
    if (curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK) {
      return Error(Errc::kNetwork, "cannot start an HTTP request");
    }
    int running = 1;
    bool stalled = false;
    CURLMcode code = CURLM_OK;
    while (code == CURLM_OK && running > 0 && !stalled) {
      code = curl_multi_perform(multi_.get(), &running);
      if (code != CURLM_OK || running == 0) break;
      code = curl_multi_poll(multi_.get(), nullptr, 0, poll_ms, nullptr);
      stalled = transfer.clock->now() - transfer.moved_at > stall_timeout;
    }
    int left = 0;
    const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left);
    const bool is_done = message != nullptr && message->msg == CURLMSG_DONE;
    const CURLcode result = is_done ? message->data.result : CURLE_RECV_ERROR;
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    status_ = static_cast<int>(status);
    curl_multi_remove_handle(multi_.get(), easy_.get());
    if (is_done) return result;
    if (stalled) {
      return Error(Errc::kTimedOut, fmt::format("no byte moved for {} ms", stall_timeout.count()));
    }
    return Error(Errc::kNetwork, curl_multi_strerror(code));
  }

  Multi multi_;
  Easy easy_;
  int status_ = 0;
};

HttpClient::HttpClient(HttpClientOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(&clock) {}

HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  std::unique_ptr<Connection> connection = take();
  Result<HttpResponse> response = connection->send(request, options_, *clock_);
  give_back(std::move(connection));
  return response;
}

std::unique_ptr<HttpClient::Connection> HttpClient::take() {
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return std::make_unique<Connection>();
}

void HttpClient::give_back(std::unique_ptr<Connection> connection) {
  const MutexLock lock(mutex_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(connection));
}

}  // namespace odradek::web
