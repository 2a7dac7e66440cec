// TLS with a hostile peer, or with somebody between who changes what both say. Both ends end in
// time, and what arrives is what was sent. The first byte chooses who is attacked and how.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "io/certificates_for_tests.h"
#include "io/stream.h"
#include "io/task_group.h"

namespace odradek::io {
namespace {

using testing::KeyAndCertificate;
using testing::make_certificate;
using testing::make_context;

constexpr std::chrono::seconds kHandshakeMax(10);
constexpr size_t kPieceBytes = 4096;
constexpr std::string_view kSecret = "what the client has to say, whole or not at all";

struct World {
  KeyAndCertificate authority = make_certificate({.common_name = "CA", .is_authority = true});
  KeyAndCertificate server = make_certificate({.common_name = "server"}, &authority);
  KeyAndCertificate client = make_certificate({.common_name = "client"}, &authority);
  std::shared_ptr<SSL_CTX> of_client = make_context(&client, &authority);
  std::shared_ptr<SSL_CTX> of_server = make_context(&server, nullptr);
  std::shared_ptr<SSL_CTX> of_strict_server = make_context(&server, &authority);
};

World& world() {
  static World world;
  return world;
}

using Secured = Result<std::unique_ptr<Stream>>;

// One end of a connection: the handshake, then a message in the client's direction.
Task<void> run_client(Loop* loop, std::unique_ptr<Stream> under) {
  const MonotonicTime deadline = loop->now() + kHandshakeMax;
  const Secured secured =
      co_await tls_connect(*loop, std::move(under), world().of_client, "localhost", deadline);
  if (!secured) co_return;
  const Result<void> written = co_await (*secured)->write(SliceChain(Slice::copy_of(kSecret)));
  if (written) (*secured)->close();
}

Task<void> run_server(Loop* loop, std::unique_ptr<Stream> under, bool is_strict) {
  const MonotonicTime deadline = loop->now() + kHandshakeMax;
  const Secured secured = co_await tls_accept(
      *loop, std::move(under), is_strict ? world().of_strict_server : world().of_server, deadline);
  if (!secured) co_return;
  std::vector<uint8_t> message(kSecret.size());
  const Result<void> read = co_await (*secured)->read_exactly(message);
  ODK_ASSERT(!read || as_text(message) == kSecret, "changed on the way");
}

// Passes on what one side says, changed as the input tells: pairs of how many bytes stay as they
// are, and what the next one is combined with.
class Meddler {
 public:
  explicit Meddler(Bytes plan) : plan_(plan) {}

  // False when there is nothing to pass on, or nobody to pass it to.
  bool pass(Stream& from, Stream& to) {
    std::vector<uint8_t> piece(kPieceBytes);
    const Result<size_t> count = from.read_now(piece);
    if (!count) to.close();
    if (!count || *count == 0) return false;
    piece.resize(*count);
    for (uint8_t& byte : piece) change(byte);
    const SliceChain chain(Slice::copy_of(piece));
    const Result<size_t> taken = to.write_now(chain, 0);
    return taken && *taken > 0;
  }

 private:
  void change(uint8_t& byte) {
    if (plan_.size() < 2) return;
    if (unchanged_++ < plan_[0]) return;
    byte ^= plan_[1];
    unchanged_ = 0;
    plan_ = plan_.subspan(2);
  }

  Bytes plan_;
  size_t unchanged_ = 0;
};

void meddle(Loop& loop, TaskGroup& tasks, Bytes plan, bool is_strict) {
  auto [client, before_client] = memory_streams(loop);
  auto [server, before_server] = memory_streams(loop);
  tasks.spawn(run_client(&loop, std::move(client)));
  tasks.spawn(run_server(&loop, std::move(server), is_strict));
  // The first half is for what the server hears.
  Meddler to_server(plan.first(plan.size() / 2));
  Meddler to_client(plan.subspan(plan.size() / 2));
  bool has_progress = true;
  while (has_progress) {
    loop.run_ready();
    has_progress = to_server.pass(*before_client, *before_server);
    loop.run_ready();
    has_progress |= to_client.pass(*before_server, *before_client);
  }
  before_client->close();
  before_server->close();
}

void talk(Loop& loop, Stream& peer, Bytes words) {
  std::vector<uint8_t> answers(kPieceBytes);
  while (!words.empty()) {
    const SliceChain chain(Slice::copy_of(words.first(std::min(words.size(), kPieceBytes))));
    const Result<size_t> taken = peer.write_now(chain, 0);
    if (!taken) break;
    words = words.subspan(*taken);
    loop.run_ready();
    const Result<size_t> read = peer.read_now(answers);
    loop.run_ready();
    if (*taken == 0 && (!read || *read == 0)) break;
  }
}

void run(Bytes input) {
  if (input.empty()) return;
  const uint8_t choice = input[0];
  input = input.subspan(1);
  ManualClock clock;
  Loop loop(clock);
  TaskGroup tasks(loop);
  const bool is_strict = (choice & 4) != 0;
  if ((choice & 3) >= 2) {
    meddle(loop, tasks, input, is_strict);
  } else {
    auto [ours, theirs] = memory_streams(loop);
    if ((choice & 1) != 0) {
      tasks.spawn(run_client(&loop, std::move(ours)));
    } else {
      tasks.spawn(run_server(&loop, std::move(ours), is_strict));
    }
    loop.run_ready();
    talk(loop, *theirs, input);
    if ((choice & 8) != 0) theirs->close();
    loop.run_ready();
    clock.advance(kHandshakeMax);
    loop.run_ready();
    theirs->close();
  }
  loop.block_on(tasks.join());
}

}  // namespace
}  // namespace odradek::io

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  odradek::io::run({data, size});
  return 0;
}
