// Any bytes on any kind of listener: the server survives, and gives back all it held.
// The first byte chooses the listener and how the input is cut into pieces.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "auth/credentials.h"
#include "base/assert.h"
#include "rpc/message.h"
#include "rpc/server.h"

namespace odradek::rpc {
namespace {

// Answers, keeps or drops requests, as their correlation id says.
class FuzzHandler final : public RequestHandler {
 public:
  void on_request(Request request) override {
    switch (request.correlation_id & 7) {
      case 0: kept.push_back(std::move(request)); break;
      case 1: request.responder.send_nothing(); break;
      case 2: request.responder.close("fuzzed"); break;
      case 3: break;  // dropped
      default: {
        wire::Writer writer(16);
        writer.i32(request.correlation_id);
        writer.append(request.frame.share(request.body));
        request.responder.send(writer.take());
      }
    }
  }
  bool can_start_beside(proto::ApiKey next, proto::ApiKey waiting) override {
    return next == waiting;
  }
  std::vector<Request> kept;
};

void run(const uint8_t* data, size_t size) {
  if (size == 0) return;
  const uint8_t choice = data[0];
  ManualClock clock;
  io::Loop loop(clock);
  FuzzHandler handler;
  ServerOptions options;
  options.limits.max_frame_bytes = 1024 * 1024;
  options.limits.max_buffered_bytes = (choice & 2) != 0 ? 100 : 1024 * 1024;
  for (const proto::ApiInfo& api : proto::all_apis()) {
    options.apis.push_back({api.key, api.min_version, api.max_version});
  }
  ListenerOptions listener;
  const auto users = std::make_shared<auth::MemoryCredentialStore>();
  if ((choice & 1) != 0) {
    SaslOptions sasl;
    sasl.mechanisms = {"PLAIN", "SCRAM-SHA-256"};
    sasl.start = [users](std::string_view mechanism) {
      auth::SaslServerOptions with;
      with.credentials = users;
      return auth::make_sasl_server(mechanism, with);
    };
    listener.sasl = std::move(sasl);
  }
  Server server(loop, handler, std::move(options));
  auto [ours, theirs] = io::memory_streams(loop, (choice & 4) != 0 ? 256 : 1024 * 1024);
  server.serve(std::move(theirs), listener);
  loop.run_ready();

  const size_t piece = (choice & 8) != 0 ? 7 : 100'000;
  std::vector<uint8_t> answers(4096);
  for (size_t at = 1; at < size;) {
    const size_t count = std::min(piece, size - at);
    const SliceChain chain(Slice::copy_of(Bytes(data + at, count)));
    const Result<size_t> taken = ours->write_now(chain, 0);
    if (!taken) break;
    at += *taken;
    loop.run_ready();
    const Result<size_t> read = ours->read_now(answers);
    loop.run_ready();
    if (*taken == 0 && (!read || *read == 0)) break;  // the server takes no more
  }
  clock.advance(std::chrono::seconds(1));
  loop.run_ready();
  handler.kept.clear();
  loop.run_ready();
  loop.block_on(server.stop());
  ODK_ASSERT(server.stats().connections_active == 0);
  ODK_ASSERT(server.buffered_bytes() == 0, "{} bytes are not given back", server.buffered_bytes());
}

}  // namespace
}  // namespace odradek::rpc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  odradek::rpc::run(data, size);
  return 0;
}
