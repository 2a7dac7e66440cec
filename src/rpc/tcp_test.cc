// The server and the client connection over real sockets, with and without TLS.
#include <gtest/gtest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iostream>

#include "io/certificates_for_tests.h"
#include "io/task_group.h"
#include "rpc/client_connection.h"
#include "rpc/rpc_for_tests.h"

namespace odradek::rpc {
namespace {

using io::testing::make_certificate;
using io::testing::make_context;
using proto::ApiKey;
using std::chrono::seconds;
using testing::request_frame;

struct TcpServerTest : ::testing::Test {
  io::Loop loop;
  testing::TestHandler handler;
  testing::CapturedLog log;
  ServerOptions options = testing::ServerFixture::default_options();
  std::unique_ptr<Server> server;
  uint16_t port = 0;

  ~TcpServerTest() override {
    handler.waiting.clear();
    if (server != nullptr) loop.block_on(server->stop());
  }
  void start(ListenerOptions listener = {}) {
    server = std::make_unique<Server>(loop, handler, options);
    const Result<uint16_t> bound = server->listen(std::move(listener));
    ASSERT_TRUE(bound) << bound.error().to_string();
    port = *bound;
  }
  ConnectOptions connect_options() {
    ConnectOptions result;
    result.host = "127.0.0.1";
    result.port = port;
    result.deadline = loop.now() + seconds(20);
    return result;
  }
  Result<std::unique_ptr<ClientConnection>> connect() {
    return loop.block_on(ClientConnection::connect(loop, connect_options()));
  }
  int raw_socket() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  // Runs the loop until `done`, at most 20 s.
  void run_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (!done() && std::chrono::steady_clock::now() < deadline) loop.run_ready();
    EXPECT_TRUE(done());
  }
  void expect_echo(ClientConnection& client, size_t size) {
    const std::string body(size, 'e');
    const auto answer = loop.block_on(client.call_raw(
        ApiKey::kHeartbeat, 0, SliceChain(Slice::copy_of(body)), loop.now() + seconds(20)));
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(as_text(answer->body), body);
  }
};

TEST_F(TcpServerTest, ServesOnAPortAndKnowsTheAddresses) {
  start();
  auto client = connect();
  ASSERT_TRUE(client) << client.error().to_string();
  expect_echo(**client, 10);
  expect_echo(**client, 20'000'000);
  const auto info = server->connections().at(0);
  EXPECT_EQ(info->local_address, "127.0.0.1:" + std::to_string(port));
  EXPECT_TRUE(info->peer_address.starts_with("127.0.0.1:"));
  EXPECT_EQ(info->listener, "PLAINTEXT");
}

TEST_F(TcpServerTest, TheSamePortTwiceIsToldInWords) {
  start();
  ListenerOptions again;
  again.port = port;
  const auto bound = server->listen(again);
  ASSERT_FALSE(bound);
  EXPECT_NE(bound.error().message().find("address already in use"), std::string_view::npos);
}

TEST_F(TcpServerTest, SlowReadersGetEverythingInTheEnd) {
  start();
  const int fd = raw_socket();
  const int small = 64 * 1024;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  const std::string body(1'000'000, 's');
  const std::string frame = request_frame(ApiKey::kHeartbeat, 0, 1, body);
  size_t sent = 0;
  size_t received = 0;
  const size_t expected = 20 * (4 + 4 + body.size());
  std::vector<char> chunk(100'000);
  run_until([&] {
    while (sent < 20 * frame.size()) {
      const size_t at = sent % frame.size();
      const ssize_t count =
          ::send(fd, frame.data() + at, frame.size() - at, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count <= 0) break;
      sent += static_cast<size_t>(count);
    }
    const ssize_t count = ::recv(fd, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (count > 0) received += static_cast<size_t>(count);
    return received >= expected;
  });
  EXPECT_EQ(received, expected);
  ::close(fd);
}

TEST_F(TcpServerTest, HalfClosedClientIsGone) {
  start();
  const int fd = raw_socket();
  run_until([&] { return server->stats().connections_active == 1; });
  ::shutdown(fd, SHUT_WR);
  run_until([&] { return handler.disconnected.size() == 1; });
  char byte = 0;
  EXPECT_EQ(::recv(fd, &byte, 1, 0), 0);
  ::close(fd);
}

TEST_F(TcpServerTest, MoreConnectionsThanAllowedAreTurnedAway) {
  options.limits.max_connections = 2;
  start();
  auto first = connect();
  auto second = connect();
  ASSERT_TRUE(first && second);
  const auto third = connect();
  EXPECT_FALSE(third);
  EXPECT_EQ(log.count("too many connections"), 1);
  first->reset();
  run_until([&] { return server->stats().connections_active == 1; });
  EXPECT_TRUE(connect());
}

TEST_F(TcpServerTest, AThousandIdleConnectionsOwnLittleMemory) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 8192);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  constexpr size_t kConnections = 1000;
  start();
  const std::string frame = request_frame(ApiKey::kHeartbeat, 0, 1, std::string(2000, 'x'));
  const auto open_one = [&] {
    const int fd = raw_socket();
    EXPECT_EQ(::send(fd, frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
    return fd;
  };
  std::vector<int> sockets = {open_one()};  // what is allocated once is allocated now
  run_until([&] { return handler.requests == 1; });
  const size_t before = ::mallinfo2().uordblks;
  while (sockets.size() <= kConnections) sockets.push_back(open_one());
  run_until([&] { return handler.requests == static_cast<int>(kConnections) + 1; });
  const size_t each = (::mallinfo2().uordblks - before) / kConnections;
  RecordProperty("bytes_per_idle_connection", static_cast<int>(each));
  std::cerr << "bytes per idle connection: " << each << "\n";
  EXPECT_LT(each, 4000U);
  for (const int fd : sockets) ::close(fd);
  run_until([&] { return server->stats().connections_active == 0; });
}

struct TlsServerTest : TcpServerTest {
  io::testing::KeyAndCertificate authority =
      make_certificate({.common_name = "CA", .is_authority = true});
  io::testing::KeyAndCertificate certificate =
      make_certificate({.common_name = "server"}, &authority);

  Result<std::unique_ptr<ClientConnection>> connect_tls(std::shared_ptr<SSL_CTX> context) {
    ConnectOptions asked = connect_options();
    asked.security.tls = [context] { return context; };
    return loop.block_on(ClientConnection::connect(loop, std::move(asked)));
  }
};

TEST_F(TlsServerTest, SpeaksTls) {
  ListenerOptions listener;
  listener.name = "SSL";
  listener.tls = [context = make_context(&certificate, nullptr)] { return context; };
  start(listener);
  auto client = connect_tls(make_context(nullptr, &authority));
  ASSERT_TRUE(client) << client.error().to_string();
  expect_echo(**client, 10);
  expect_echo(**client, 5'000'000);
  for (int i = 0; i < 100; ++i) expect_echo(**client, 100);
}

TEST_F(TlsServerTest, TakesThePrincipalFromTheClientsCertificate) {
  ListenerOptions listener;
  listener.tls = [context = make_context(&certificate, &authority)] { return context; };
  listener.tls_principal = [](SSL* session) -> Result<std::string> {
    const std::unique_ptr<X509, decltype(&X509_free)> seen(SSL_get1_peer_certificate(session),
                                                           &X509_free);
    std::vector<char> name(100);
    X509_NAME_oneline(X509_get_subject_name(seen.get()), name.data(), 100);
    return "User:" + std::string(name.data());
  };
  start(listener);
  const auto alice = make_certificate({.common_name = "alice"}, &authority);
  auto client = connect_tls(make_context(&alice, &authority));
  ASSERT_TRUE(client) << client.error().to_string();
  EXPECT_EQ(server->connections().at(0)->principal, "User:/CN=alice");
  const auto stranger = connect_tls(make_context(nullptr, &authority));
  ASSERT_FALSE(stranger);
  run_until([&] { return log.count("sent no certificate") == 1; });
}

TEST_F(TlsServerTest, PlaintextOnATlsPortAndTheOtherWayRoundAreExplained) {
  ListenerOptions listener;
  listener.tls = [context = make_context(&certificate, nullptr)] { return context; };
  start(listener);
  const auto plain = connect();
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.error().message().find("TLS"), std::string_view::npos)
      << plain.error().to_string();
  EXPECT_EQ(log.count("does not speak TLS"), 1) << log.all();

  loop.block_on(server->stop());
  server.reset();
  start();
  const auto secure = connect_tls(make_context(nullptr, &authority));
  ASSERT_FALSE(secure);
  EXPECT_NE(secure.error().message().find("does it speak TLS"), std::string_view::npos)
      << secure.error().to_string();
  EXPECT_EQ(log.count("the peer speaks TLS"), 1);
}

TEST_F(TlsServerTest, UntrustedServersAreExplained) {
  ListenerOptions listener;
  listener.tls = [context = make_context(&certificate, nullptr)] { return context; };
  start(listener);
  const auto other = make_certificate({.common_name = "other", .is_authority = true});
  const auto client = connect_tls(make_context(nullptr, &other));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code(), Errc::kTls);
  EXPECT_NE(client.error().message().find("not accepted"), std::string_view::npos);
}

TEST_F(TlsServerTest, SilentClientsDoNotHoldAHandshakeForEver) {
  options.limits.tls_handshake_timeout = std::chrono::milliseconds(20);
  ListenerOptions listener;
  listener.tls = [context = make_context(&certificate, nullptr)] { return context; };
  start(listener);
  const int fd = raw_socket();
  run_until([&] { return server->stats().connections_accepted == 1; });
  run_until([&] { return server->stats().connections_active == 0; });
  ::close(fd);
}

}  // namespace
}  // namespace odradek::rpc
