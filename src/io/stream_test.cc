#include "io/stream.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "io/task_group.h"

namespace odradek::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using Pair = std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>>;

Task<void> accept_one(Listener* listener, std::unique_ptr<Stream>* into) {
  Result<std::unique_ptr<Stream>> accepted = co_await listener->accept();
  if (accepted) *into = *std::move(accepted);
}

Pair tcp_pair(Loop& loop, const std::string& host = "127.0.0.1") {
  auto listener = Listener::bind(loop, host, 0);
  EXPECT_TRUE(listener) << listener.error().to_string();
  Pair made;
  TaskGroup tasks(loop);
  tasks.spawn(accept_one(listener->get(), &made.second));
  auto connected =
      loop.block_on(connect_tcp(loop, host, (*listener)->port(), loop.now() + seconds(10)));
  EXPECT_TRUE(connected) << connected.error().to_string();
  made.first = *std::move(connected);
  loop.block_on(tasks.join());
  return made;
}

Slice pattern(size_t size, uint8_t seed) {
  Buffer buffer(size);
  buffer.resize(size);
  for (size_t i = 0; i < size; ++i) buffer.data()[i] = static_cast<uint8_t>(seed + i * 7 / 3);
  return buffer.freeze();
}

Task<void> write_all(Stream* stream, SliceChain bytes, Result<void>* result) {
  *result = co_await stream->write(std::move(bytes));
}

Task<void> wait_once(Stream* stream, Result<void>* result) {
  *result = co_await stream->wait_readable();
}

// Every kind of stream behaves alike.
struct StreamTest : ::testing::TestWithParam<std::string> {
  Loop loop;
  Pair streams = GetParam() == "memory"
                     ? memory_streams(loop)
                     : tcp_pair(loop, GetParam() == "tcp6" ? "::1" : "127.0.0.1");
  Stream& left = *streams.first;
  Stream& right = *streams.second;
};

INSTANTIATE_TEST_SUITE_P(All, StreamTest, ::testing::Values("memory", "tcp", "tcp6"),
                         [](const auto& info) { return info.param; });

TEST_P(StreamTest, CarriesGatheredWritesBothWaysWhole) {
  for (const size_t size : {1U, 100U, 70'000U, 3'000'000U}) {
    SliceChain chain;
    Buffer expected;
    for (int i = 0; i < 300; ++i) {
      const Slice piece = pattern(size / 300 + 1, static_cast<uint8_t>(i));
      chain.append(piece);
      expected.append(piece.bytes());
    }
    TaskGroup tasks(loop);
    Result<void> written;
    tasks.spawn(write_all(&left, chain, &written));
    Buffer read;
    read.resize(expected.size());
    const Result<void> got = loop.block_on(right.read_exactly(read.mutable_bytes()));
    EXPECT_TRUE(got);
    loop.block_on(tasks.join());
    EXPECT_TRUE(written);
    EXPECT_EQ(as_text(read.bytes()), as_text(expected.bytes()));
  }
  EXPECT_TRUE(loop.block_on(right.write(SliceChain(Slice::copy_of("back")))));
  std::vector<uint8_t> read(4);
  EXPECT_TRUE(loop.block_on(left.read_exactly(read)));
  EXPECT_EQ(as_text(read), "back");
}

TEST_P(StreamTest, ReadsNothingWithoutWaitingWhenNothingIsThere) {
  std::vector<uint8_t> into(10);
  const Result<size_t> got = left.read_now(into);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, 0U);
}

TEST_P(StreamTest, TakesOnlySoMuchFromAWriterWhosePeerDoesNotRead) {
  const SliceChain chain(pattern(64 * 1024 * 1024, 1));
  size_t total = 0;
  while (true) {
    const Result<size_t> taken = left.write_now(chain, total);
    ASSERT_TRUE(taken);
    if (*taken == 0) break;
    total += *taken;
  }
  EXPECT_LT(total, chain.size());
  TaskGroup tasks(loop);
  Result<void> written;
  SliceChain rest(chain.slices().front().subslice(total, chain.size() - total));
  tasks.spawn(write_all(&left, rest, &written));
  Buffer read;
  read.resize(chain.size());
  EXPECT_TRUE(loop.block_on(right.read_exactly(read.mutable_bytes())));
  loop.block_on(tasks.join());
  EXPECT_TRUE(written);
  EXPECT_EQ(as_text(read.bytes()), chain.slices().front().text());
}

TEST_P(StreamTest, PeerGetsWhatWasSentAndThenTheEnd) {
  EXPECT_TRUE(loop.block_on(left.write(SliceChain(Slice::copy_of("bye")))));
  left.close();
  std::vector<uint8_t> into(3);
  EXPECT_TRUE(loop.block_on(right.read_exactly(into)));
  const Result<void> end = loop.block_on(right.read_exactly(into));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), Errc::kClosed);
}

TEST_P(StreamTest, CloseFailsTheWaitingReader) {
  TaskGroup tasks(loop);
  Result<void> result;
  tasks.spawn(wait_once(&left, &result));
  loop.run_ready();
  left.close();
  loop.block_on(tasks.join());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Errc::kClosed);
  std::vector<uint8_t> into(3);
  EXPECT_EQ(left.read_now(into).error().code(), Errc::kClosed);
  EXPECT_EQ(left.write_now(SliceChain(Slice::copy_of("x")), 0).error().code(), Errc::kClosed);
}

TEST_P(StreamTest, CancellingTheReaderLeavesTheStreamUsable) {
  TaskGroup tasks(loop);
  Result<void> result;
  tasks.spawn(wait_once(&left, &result));
  loop.run_ready();
  tasks.cancel();
  loop.block_on(tasks.join());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Errc::kCancelled);
  EXPECT_TRUE(loop.block_on(right.write(SliceChain(Slice::copy_of("x")))));
  std::vector<uint8_t> into(1);
  EXPECT_TRUE(loop.block_on(left.read_exactly(into)));
}

TEST_P(StreamTest, NamesBothEnds) {
  EXPECT_EQ(left.local_address(), right.peer_address());
  EXPECT_EQ(left.peer_address(), right.local_address());
  if (GetParam() == "tcp6") EXPECT_TRUE(left.peer_address().starts_with("[::1]:"));
}

TEST(Tcp, RefusedConnectionIsToldInWords) {
  Loop loop;
  uint16_t port = 0;
  {
    auto listener = Listener::bind(loop, "127.0.0.1", 0);
    ASSERT_TRUE(listener);
    port = (*listener)->port();
  }
  auto connected = loop.block_on(connect_tcp(loop, "127.0.0.1", port, loop.now() + seconds(10)));
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code(), Errc::kNetwork);
  EXPECT_EQ(connected.error().message(),
            "cannot connect to 127.0.0.1:" + std::to_string(port) + ": connection refused");
}

TEST(Tcp, UnknownNameIsToldInWords) {
  Loop loop;
  auto connected =
      loop.block_on(connect_tcp(loop, "no-such-host.invalid", 9092, loop.now() + seconds(20)));
  ASSERT_FALSE(connected);
  EXPECT_NE(connected.error().to_string().find("no-such-host.invalid"), std::string::npos);
}

TEST(Tcp, NamesAreResolved) {
  Loop loop;
  const Pair streams = tcp_pair(loop, "localhost");
  EXPECT_NE(streams.first, nullptr);
  EXPECT_NE(streams.second, nullptr);
}

TEST(Tcp, ConnectingGivesUpAtTheDeadline) {
  // A full accept queue swallows connection attempts, as a black hole would.
  Loop loop;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(fd, 0), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
  std::vector<std::unique_ptr<Stream>> queued;
  std::optional<Error> error;
  for (int i = 0; i < 4 && !error; ++i) {
    auto connected = loop.block_on(
        connect_tcp(loop, "127.0.0.1", ntohs(address.sin_port), loop.now() + milliseconds(50)));
    if (connected) {
      queued.push_back(*std::move(connected));
    } else {
      error = connected.error();
    }
  }
  ::close(fd);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Errc::kTimedOut);
}

TEST(Tcp, PortInUseIsToldInWords) {
  Loop loop;
  auto first = Listener::bind(loop, "127.0.0.1", 0);
  ASSERT_TRUE(first);
  auto second = Listener::bind(loop, "127.0.0.1", (*first)->port());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message(),
            "cannot listen on " + (*first)->address() + ": address already in use");
  const auto foreign = Listener::bind(loop, "192.0.2.1", 0);
  EXPECT_FALSE(foreign);
}

TEST(Tcp, TheSamePortCanBeTakenAgainAtOnce) {
  Loop loop;
  auto first = Listener::bind(loop, "127.0.0.1", 0);
  ASSERT_TRUE(first);
  const uint16_t port = (*first)->port();
  TaskGroup tasks(loop);
  std::unique_ptr<Stream> accepted;
  tasks.spawn(accept_one(first->get(), &accepted));
  auto client = loop.block_on(connect_tcp(loop, "127.0.0.1", port, loop.now() + seconds(10)));
  ASSERT_TRUE(client);
  loop.block_on(tasks.join());
  accepted.reset();  // our side closes first: the port stays in TIME_WAIT
  first->reset();
  auto again = Listener::bind(loop, "127.0.0.1", port);
  EXPECT_TRUE(again) << again.error().to_string();
}

TEST(Tcp, ClosingTheListenerEndsAccept) {
  Loop loop;
  auto listener = Listener::bind(loop, "127.0.0.1", 0);
  ASSERT_TRUE(listener);
  TaskGroup tasks(loop);
  std::unique_ptr<Stream> accepted;
  tasks.spawn(accept_one(listener->get(), &accepted));
  loop.run_ready();
  (*listener)->close();
  loop.block_on(tasks.join());
  EXPECT_EQ(accepted, nullptr);
}

TEST(Tcp, ListenerSurvivesRunningOutOfDescriptors) {
  Loop loop;
  auto listener = Listener::bind(loop, "127.0.0.1", 0);
  ASSERT_TRUE(listener);
  const Pair warm = tcp_pair(loop);  // what the process opens on first use is open now
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((*listener)->port());
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);

  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{static_cast<rlim_t>(client) + 1, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  TaskGroup tasks(loop);
  std::unique_ptr<Stream> accepted;
  tasks.spawn(accept_one(listener->get(), &accepted));
  std::vector<int> filler;
  for (int fd = ::dup(client); fd >= 0; fd = ::dup(client)) filler.push_back(fd);
  loop.run_ready();
  uint8_t byte = 0;
  // Turned away at once: the client sees the end instead of waiting for ever.
  EXPECT_LE(::recv(client, &byte, 1, 0), 0);
  for (const int fd : filler) ::close(fd);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(accepted, nullptr);

  auto next =
      loop.block_on(connect_tcp(loop, "127.0.0.1", (*listener)->port(), loop.now() + seconds(10)));
  EXPECT_TRUE(next);
  loop.block_on(tasks.join());
  EXPECT_NE(accepted, nullptr);
  ::close(client);
}

TEST(Tcp, AResetIsANetworkError) {
  Loop loop;
  auto listener = Listener::bind(loop, "127.0.0.1", 0);
  ASSERT_TRUE(listener);
  TaskGroup tasks(loop);
  std::unique_ptr<Stream> accepted;
  tasks.spawn(accept_one(listener->get(), &accepted));
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((*listener)->port());
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  loop.block_on(tasks.join());
  const linger at_once{1, 0};
  ::setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(client);
  std::vector<uint8_t> into(1);
  const Result<void> got = loop.block_on(accepted->read_exactly(into));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Errc::kNetwork);
  EXPECT_NE(got.error().message().find("reset by peer"), std::string::npos)
      << got.error().to_string();
}

}  // namespace
}  // namespace odradek::io
