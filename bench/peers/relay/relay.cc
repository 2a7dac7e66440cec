// The least a proxy can do: passes the bytes of each connection on, both ways, in one thread.
//   relay PORT TARGET_PORT
// For benchmarks on one machine: what a proxy adds beyond this is its own. A peer that does not
// read stops everybody.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <unordered_map>
#include <vector>

namespace {

constexpr int kOn = 1;
constexpr int kEventsMax = 64;
constexpr size_t kPieceBytes = 256 * 1024;

sockaddr_in local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int checked(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

class Relay {
 public:
  Relay(int port, int target_port) : target_(local(target_port)) {
    const sockaddr_in address = local(port);
    checked(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    checked(listen(listener_, SOMAXCONN), "listen");
    watch(listener_);
  }

  [[noreturn]] void run() {
    std::vector<epoll_event> events(kEventsMax);
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), kEventsMax, -1);
      for (int i = 0; i < count; ++i) {
        const int socket = events[static_cast<size_t>(i)].data.fd;
        if (socket == listener_) {
          accept_one();
        } else {
          pass_on(socket);
        }
      }
    }
  }

 private:
  void watch(int socket) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event), "epoll_ctl");
  }

  void accept_one() {
    const int client = checked(accept(listener_, nullptr, nullptr), "accept");
    const int server = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
    checked(connect(server, reinterpret_cast<const sockaddr*>(&target_), sizeof target_),
            "connect");
    for (const int end : {client, server}) {
      checked(setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn), "setsockopt");
      watch(end);
    }
    other_ends_[client] = server;
    other_ends_[server] = client;
  }

  void pass_on(int from) {
    const auto found = other_ends_.find(from);
    if (found == other_ends_.end()) return;  // closed by an event before
    const int to = found->second;
    const ssize_t received = recv(from, piece_.data(), piece_.size(), 0);
    if (received <= 0) return forget(from, to);
    ssize_t sent = 0;
    while (sent < received) {
      const ssize_t taken =
          send(to, piece_.data() + sent, static_cast<size_t>(received - sent), MSG_NOSIGNAL);
      if (taken <= 0) return forget(from, to);
      sent += taken;
    }
  }

  void forget(int one, int other) {
    for (const int end : {one, other}) {
      other_ends_.erase(end);
      close(end);
    }
  }

  sockaddr_in target_;
  int listener_ = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
  int epoll_ = checked(epoll_create1(0), "epoll_create1");
  std::unordered_map<int, int> other_ends_;
  std::vector<char> piece_ = std::vector<char>(kPieceBytes);
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: relay PORT TARGET_PORT\n");
    return 2;
  }
  Relay(std::atoi(argv[1]), std::atoi(argv[2])).run();
}
