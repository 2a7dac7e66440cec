// Server CPU for each request and answer over loopback: an echo handler behind rpc::Server on its
// own thread, plain sockets in front. The number that counts is server_us; wall clock is
// mostly the kernel's and the machine's load.
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "io/event.h"
#include "rpc/client_connection.h"
#include "rpc/message.h"
#include "rpc/server.h"

namespace odradek::rpc {
namespace {

class EchoHandler final : public RequestHandler {
 public:
  void on_request(Request request) override {
    wire::Writer writer(16);
    writer.i32(request.correlation_id);
    writer.append(request.frame.share(request.body));
    request.responder.send(writer.take());
  }
};

class EchoServer {
 public:
  EchoServer() : thread_([this] { run(); }) {
    while (port_ == 0) std::this_thread::yield();
  }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;
  ~EchoServer() {
    loop_.stop();
    thread_.join();
  }

  uint16_t port() const { return port_; }
  double cpu_seconds() {
    clockid_t clock{};
    pthread_getcpuclockid(thread_.native_handle(), &clock);
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }

 private:
  void run() {
    EchoHandler handler;
    ServerOptions options;
    options.apis = {{proto::ApiKey::kHeartbeat, 0, 4}};
    Server server(loop_, handler, std::move(options));
    port_ = server.listen({}).value();
    loop_.run();
    loop_.block_on(server.stop());
  }

  io::Loop loop_;
  std::atomic<uint16_t> port_ = 0;
  std::thread thread_;
};

int connect_to(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) std::abort();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

std::string request_of(size_t body_bytes) {
  // size, Heartbeat v0, correlation id, null client id
  const size_t payload = 10 + body_bytes;
  std::string frame(4 + payload, 'b');
  const uint8_t header[14] = {static_cast<uint8_t>(payload >> 24U),
                              static_cast<uint8_t>(payload >> 16U),
                              static_cast<uint8_t>(payload >> 8U),
                              static_cast<uint8_t>(payload),
                              0,
                              12,
                              0,
                              0,
                              0,
                              0,
                              0,
                              1,
                              0xFF,
                              0xFF};
  frame.replace(0, sizeof header, reinterpret_cast<const char*>(header), sizeof header);
  return frame;
}

void send_all(int fd, const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t count = ::send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (count <= 0) std::abort();
    at += static_cast<size_t>(count);
  }
}

void receive_all(int fd, std::vector<char>& into, size_t bytes) {
  while (bytes > 0) {
    const ssize_t count = ::recv(fd, into.data(), std::min(into.size(), bytes), 0);
    if (count <= 0) std::abort();
    bytes -= static_cast<size_t>(count);
  }
}

// Args: connections, requests in flight on each, body bytes.
void echo(benchmark::State& state) {
  const auto connections = static_cast<size_t>(state.range(0));
  const auto depth = static_cast<size_t>(state.range(1));
  const auto body_bytes = static_cast<size_t>(state.range(2));
  EchoServer server;
  std::vector<int> sockets;
  sockets.reserve(connections);
  for (size_t i = 0; i < connections; ++i) sockets.push_back(connect_to(server.port()));
  std::string batch;
  for (size_t i = 0; i < depth; ++i) batch += request_of(body_bytes);
  const size_t answer_bytes = depth * (4 + 4 + body_bytes);
  std::vector<char> buffer(256 * 1024);

  const double cpu_before = server.cpu_seconds();
  for ([[maybe_unused]] const auto iteration : state) {
    for (const int fd : sockets) send_all(fd, batch);
    for (const int fd : sockets) receive_all(fd, buffer, answer_bytes);
  }
  const double cpu = server.cpu_seconds() - cpu_before;
  const auto operations =
      static_cast<double>(state.iterations()) * static_cast<double>(connections * depth);
  state.counters["server_us"] = 1e6 * cpu / operations;
  state.SetItemsProcessed(static_cast<int64_t>(operations));
  for (const int fd : sockets) ::close(fd);
}
BENCHMARK(echo)
    ->Name("rpc/echo")
    ->ArgNames({"connections", "depth", "bytes"})
    ->Args({1, 1, 128})
    ->Args({1, 16, 1024})
    ->Args({50, 16, 1024})
    ->Args({1, 1, 1024 * 1024})
    ->UseRealTime();

io::Task<void> call_batch(ClientConnection* client, io::Loop* loop, const SliceChain* body,
                          size_t depth) {
  io::Event answered(*loop);
  size_t missing = depth;
  for (size_t i = 0; i < depth; ++i) {
    client->send(proto::ApiKey::kHeartbeat, 0, *body, loop->now() + std::chrono::seconds(30),
                 [&answered, &missing](Result<RawResponse> answer) {
                   if (!answer) std::abort();
                   if (--missing == 0) answered.notify_all();
                 });
  }
  while (missing > 0) {
    Result<void> woken = co_await answered.wait();
    if (!woken) std::abort();
  }
}

// Our own client connection: `depth` calls under way on one connection; client_us is the CPU of
// the benchmark's own thread.
void client_calls(benchmark::State& state) {
  const auto depth = static_cast<size_t>(state.range(0));
  EchoServer server;
  io::Loop loop;
  ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.deadline = loop.now() + std::chrono::seconds(10);
  auto connected = loop.block_on(ClientConnection::connect(loop, std::move(options)));
  if (!connected) std::abort();
  const SliceChain body(Slice::copy_of(std::string(1024, 'c')));

  timespec before{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  for ([[maybe_unused]] const auto iteration : state) {
    loop.block_on(call_batch(connected->get(), &loop, &body, depth));
  }
  timespec after{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  const double cpu = static_cast<double>(after.tv_sec - before.tv_sec) +
                     1e-9 * static_cast<double>(after.tv_nsec - before.tv_nsec);
  const auto operations = static_cast<double>(state.iterations()) * static_cast<double>(depth);
  state.counters["client_us"] = 1e6 * cpu / operations;
  state.SetItemsProcessed(static_cast<int64_t>(operations));
}
BENCHMARK(client_calls)
    ->Name("rpc/client")
    ->ArgName("depth")
    ->Arg(1)
    ->Arg(16)
    ->Arg(64)
    ->UseRealTime();

}  // namespace
}  // namespace odradek::rpc
