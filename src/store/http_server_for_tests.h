#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "store/cloud/text.h"

// An HTTP server for tests that may also behave badly: cut, be silent, say anything.
namespace odradek::store {

struct Asked {
  std::string method{};
  std::string path{};   // decoded
  std::string target{};  // as it came
  std::map<std::string, std::string> query{};    // decoded
  std::map<std::string, std::string> headers{};  // names in lower case
  std::string body{};

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
  bool has(const std::string& name) const { return query.contains(name); }
  std::string parameter(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::string() : found->second;
  }
};

struct Told {
  int status = 200;
  std::map<std::string, std::string> headers{};
  std::string body{};
  bool hang_up = false;                  // closes without a word
  bool is_silent = false;                // says nothing until the client goes
  std::optional<size_t> cut_after{};     // closes after so many bytes of the body
};

class HttpServerForTests {
 public:
  using Handler = std::function<Told(const Asked&)>;

  explicit HttpServerForTests(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    ODK_ASSERT(::bind(listener_, generic, size) == 0 && ::listen(listener_, 64) == 0);
    ODK_ASSERT(::getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  HttpServerForTests(const HttpServerForTests&) = delete;
  HttpServerForTests& operator=(const HttpServerForTests&) = delete;
  ~HttpServerForTests() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() {
    const std::lock_guard lock(mutex_);
    return connections_;
  }

 private:
  void accept_all() {
    while (true) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const std::lock_guard lock(mutex_);
      ++connections_;
      sockets_.insert(socket);
      threads_.emplace_back([this, socket] {
        serve(socket);
        const std::lock_guard own(mutex_);
        sockets_.erase(socket);
        ::close(socket);
      });
    }
  }

  void serve(int socket) {
    std::string input;
    while (std::optional<Asked> asked = read_request(socket, input)) {
      const Told told = handler_(*asked);
      if (told.hang_up) return;
      if (told.is_silent) {
        std::string ignored;
        while (read_more(socket, ignored)) ignored.clear();
        return;
      }
      if (!send_answer(socket, *asked, told)) return;
    }
  }

  static bool read_more(int socket, std::string& input) {
    char buffer[65536];
    const ssize_t count = ::recv(socket, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    input.append(buffer, static_cast<size_t>(count));
    return true;
  }

  static std::optional<Asked> read_request(int socket, std::string& input) {
    size_t end = 0;
    while ((end = input.find("\r\n\r\n")) == input.npos) {
      if (!read_more(socket, input)) return std::nullopt;
    }
    Asked asked;
    read_head(std::string_view(input).substr(0, end), asked);
    input.erase(0, end + 4);
    const std::string length = asked.header("content-length");
    const size_t wanted = length.empty() ? 0 : std::stoull(length);
    while (input.size() < wanted) {
      if (!read_more(socket, input)) return std::nullopt;
    }
    asked.body = input.substr(0, wanted);
    input.erase(0, wanted);
    return asked;
  }

  static std::string decoded(std::string_view text) {
    return cloud::percent_decode(text, cloud::Plus::kIsPlus).value();
  }

  static void read_head(std::string_view head, Asked& asked) {
    const size_t first_end = head.find("\r\n");
    std::string_view line = head.substr(0, first_end);
    asked.method = std::string(line.substr(0, line.find(' ')));
    line.remove_prefix(asked.method.size() + 1);
    asked.target = std::string(line.substr(0, line.find(' ')));
    const size_t mark = asked.target.find('?');
    asked.path = decoded(std::string_view(asked.target).substr(0, mark));
    std::string_view query =
        mark == asked.target.npos ? "" : std::string_view(asked.target).substr(mark + 1);
    while (!query.empty()) {
      const std::string_view part = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(query.size(), part.size() + 1));
      const size_t equal = part.find('=');
      asked.query[decoded(part.substr(0, equal))] =
          equal == part.npos ? "" : decoded(part.substr(equal + 1));
    }
    std::string_view rest = first_end == head.npos ? "" : head.substr(first_end + 2);
    while (!rest.empty()) {
      const std::string_view header = rest.substr(0, rest.find("\r\n"));
      rest.remove_prefix(std::min(rest.size(), header.size() + 2));
      std::string name(header.substr(0, header.find(':')));
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      asked.headers[name] = std::string(cloud::trim(header.substr(name.size() + 1)));
    }
  }

  static bool send_answer(int socket, const Asked& asked, const Told& told) {
    std::string text = "HTTP/1.1 " + std::to_string(told.status) + " Said\r\n";
    bool has_length = false;
    for (const auto& [name, value] : told.headers) {
      text += name + ": " + value + "\r\n";
      has_length = has_length || name == "content-length";
    }
    if (!has_length && told.status != 204) {
      text += "content-length: " + std::to_string(told.body.size()) + "\r\n";
    }
    text += "\r\n";
    if (asked.method != "HEAD") text += told.body.substr(0, told.cut_after.value_or(SIZE_MAX));
    size_t sent = 0;
    while (sent < text.size()) {
      const ssize_t count = ::send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += static_cast<size_t>(count);
    }
    return !told.cut_after.has_value();
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  int connections_ = 0;
  std::set<int> sockets_;
  std::vector<std::thread> threads_;
};

// Notes what came, lets a test answer first, then the server it stands before.
class AskedLog {
 public:
  using Before = std::function<std::optional<Told>(const Asked&)>;

  void answer_first(Before before) {
    const std::lock_guard lock(mutex_);
    before_ = std::move(before);
  }
  std::optional<Told> note(const Asked& asked) {
    Before before;
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(asked);
      before = before_;
    }
    return before ? before(asked) : std::nullopt;
  }
  std::vector<Asked> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  Before before_;
  std::vector<Asked> asked_;
};

}  // namespace odradek::store
