#include <gtest/gtest.h>

#include "io/certificates_for_tests.h"
#include "io/stream.h"
#include "io/task_group.h"

namespace odradek::io {
namespace {

using std::chrono::seconds;
using testing::KeyAndCertificate;
using testing::make_certificate;
using testing::make_context;

using Secured = Result<std::unique_ptr<Stream>>;

Task<void> store_connect(Loop* loop, std::unique_ptr<Stream> under,
                         std::shared_ptr<SSL_CTX> context, std::string name, Secured* into) {
  *into = co_await tls_connect(*loop, std::move(under), std::move(context), std::move(name),
                               loop->now() + seconds(10));
}

Task<void> store_accept(Loop* loop, std::unique_ptr<Stream> under, std::shared_ptr<SSL_CTX> context,
                        Secured* into) {
  *into =
      co_await tls_accept(*loop, std::move(under), std::move(context), loop->now() + seconds(10));
}

Task<void> write_all(Stream* stream, SliceChain bytes, Result<void>* result) {
  *result = co_await stream->write(std::move(bytes));
}

struct TlsTest : ::testing::Test {
  ManualClock clock;
  Loop loop{clock};
  TaskGroup tasks{loop};
  KeyAndCertificate authority = make_certificate({.common_name = "CA", .is_authority = true});
  KeyAndCertificate server_certificate = make_certificate({.common_name = "server"}, &authority);
  Secured client = Error(Errc::kInternal);
  Secured server = Error(Errc::kInternal);

  void shake(std::shared_ptr<SSL_CTX> client_context, std::shared_ptr<SSL_CTX> server_context,
             const std::string& name = "localhost", size_t capacity = 256 * 1024) {
    auto [left, right] = memory_streams(loop, capacity);
    tasks.spawn(store_connect(&loop, std::move(left), std::move(client_context), name, &client));
    tasks.spawn(store_accept(&loop, std::move(right), std::move(server_context), &server));
    loop.block_on(tasks.join());
  }
  void shake() {
    shake(make_context(nullptr, &authority), make_context(&server_certificate, nullptr));
  }

  void exchange(size_t size) {
    Buffer sent;
    sent.resize(size);
    for (size_t i = 0; i < size; ++i) sent.data()[i] = static_cast<uint8_t>(i * 31 / 7);
    const Slice whole = sent.freeze();
    SliceChain chain;
    size_t at = 0;
    for (size_t step = 1; at < size; step = step * 3 + 1) {
      const size_t count = std::min(step % 50'000 + 1, size - at);
      chain.append(whole.subslice(at, count));
      at += count;
    }
    Result<void> written;
    tasks.spawn(write_all(client->get(), chain, &written));
    Buffer read;
    read.resize(size);
    EXPECT_TRUE(loop.block_on((*server)->read_exactly(read.mutable_bytes())));
    loop.block_on(tasks.join());
    EXPECT_TRUE(written);
    EXPECT_EQ(as_text(read.bytes()), whole.text());
  }
};

TEST_F(TlsTest, CarriesBytesAndTellsTheSession) {
  shake();
  ASSERT_TRUE(client) << client.error().to_string();
  ASSERT_TRUE(server) << server.error().to_string();
  ASSERT_NE((*server)->tls_session(), nullptr);
  EXPECT_STREQ(SSL_get_servername((*server)->tls_session(), TLSEXT_NAMETYPE_host_name),
               "localhost");
  exchange(10);
  exchange(5'000'000);
}

TEST_F(TlsTest, WorksThroughANarrowStream) {
  shake(make_context(nullptr, &authority), make_context(&server_certificate, nullptr), "localhost",
        700);  // room for the session tickets, which nobody reads before the exchange
  ASSERT_TRUE(client) << client.error().to_string();
  ASSERT_TRUE(server) << server.error().to_string();
  exchange(200'000);
}

TEST_F(TlsTest, OrderlyEndIsClosed) {
  shake();
  ASSERT_TRUE(client);
  EXPECT_TRUE(loop.block_on((*client)->write(SliceChain(Slice::copy_of("bye")))));
  (*client)->close();
  std::vector<uint8_t> into(3);
  EXPECT_TRUE(loop.block_on((*server)->read_exactly(into)));
  const Result<void> end = loop.block_on((*server)->read_exactly(into));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), Errc::kClosed);
}

TEST_F(TlsTest, VerifiesIpAddresses) {
  shake(make_context(nullptr, &authority), make_context(&server_certificate, nullptr), "127.0.0.1");
  EXPECT_TRUE(client) << client.error().to_string();
  shake(make_context(nullptr, &authority), make_context(&server_certificate, nullptr), "10.0.0.1");
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().message().find("IP address mismatch"), std::string_view::npos)
      << client.error().to_string();
}

TEST_F(TlsTest, WrongNameIsToldInWords) {
  shake(make_context(nullptr, &authority), make_context(&server_certificate, nullptr),
        "other.example");
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code(), Errc::kTls);
  EXPECT_NE(client.error().message().find("ostname mismatch"), std::string_view::npos);
  EXPECT_NE(client.error().message().find("other.example"), std::string_view::npos)
      << client.error().to_string();
  EXPECT_FALSE(server);
}

TEST_F(TlsTest, UnknownAuthorityIsToldInWords) {
  const KeyAndCertificate stranger = make_certificate({.common_name = "x", .is_authority = true});
  shake(make_context(nullptr, &stranger), make_context(&server_certificate, nullptr));
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().message().find("not accepted"), std::string_view::npos)
      << client.error().to_string();
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message().find("does not trust our certificate"), std::string_view::npos)
      << server.error().to_string();
}

TEST_F(TlsTest, ExpiredCertificateIsToldInWords) {
  const KeyAndCertificate old =
      make_certificate({.common_name = "server", .valid_seconds = -3600}, &authority);
  shake(make_context(nullptr, &authority), make_context(&old, nullptr));
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().message().find("expired"), std::string_view::npos);
}

TEST_F(TlsTest, MissingClientCertificateIsToldToTheServer) {
  shake(make_context(nullptr, &authority), make_context(&server_certificate, &authority));
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message().find("sent no certificate"), std::string_view::npos)
      << server.error().to_string();
}

TEST_F(TlsTest, ClientCertificateIsSeen) {
  const KeyAndCertificate own = make_certificate({.common_name = "alice"}, &authority);
  shake(make_context(&own, &authority), make_context(&server_certificate, &authority));
  ASSERT_TRUE(server) << server.error().to_string();
  const std::unique_ptr<X509, decltype(&X509_free)> seen(
      SSL_get1_peer_certificate((*server)->tls_session()), &X509_free);
  ASSERT_NE(seen, nullptr);
}

TEST_F(TlsTest, PlaintextPeerIsToldInWords) {
  auto [left, right] = memory_streams(loop);
  tasks.spawn(
      store_accept(&loop, std::move(right), make_context(&server_certificate, nullptr), &server));
  const std::string kafka("\x00\x00\x00\x14\x00\x12\x00\x03 and so on", 18);
  EXPECT_TRUE(loop.block_on(left->write(SliceChain(Slice::copy_of(kafka)))));
  loop.block_on(tasks.join());
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message().find("does not speak TLS"), std::string_view::npos)
      << server.error().to_string();
}

TEST_F(TlsTest, SilentPeerTimesOut) {
  auto [left, right] = memory_streams(loop);
  tasks.spawn(
      store_accept(&loop, std::move(right), make_context(&server_certificate, nullptr), &server));
  loop.run_ready();
  clock.advance(seconds(10));
  loop.run_ready();
  loop.block_on(tasks.join());
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), Errc::kTimedOut);
}

TEST_F(TlsTest, PeerThatLeavesDuringTheHandshakeIsNotAMystery) {
  auto [left, right] = memory_streams(loop);
  tasks.spawn(
      store_accept(&loop, std::move(right), make_context(&server_certificate, nullptr), &server));
  loop.run_ready();
  left->close();
  loop.block_on(tasks.join());
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), Errc::kTls);
  EXPECT_NE(server.error().message().find("closed the connection"), std::string_view::npos);
}

TEST_F(TlsTest, GarbageAfterTheHandshakeBreaksTheStreamOnly) {
  shake();
  ASSERT_TRUE(client);
  std::vector<uint8_t> into(10);
  EXPECT_EQ(*(*client)->read_now(into), 0U);
}

}  // namespace
}  // namespace odradek::io
