// Requests of every advertised API and version with any body, through framing, dispatcher and
// handlers of a whole broker. Input: any number of [api u8][version u8][length u16][body]; an api
// byte of 255 lets time pass instead.

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "broker/broker.h"
#include "broker/handlers/apis.h"
#include "io/loop.h"
#include "io/stream.h"
#include "proto/api_table.h"
#include "wire/writer.h"

namespace odradek::broker {
namespace {

constexpr size_t kHeaderBytes = 4;
constexpr uint8_t kPassTime = 255;

class Target {
 public:
  Target() {
    BrokerOptions options;
    options.loop = &loop_;
    options.memory_bytes_max = 8 << 20;
    options.topics.push_back({"t", 2, {}});
    options.topics.push_back({"compacted", 1, {{"cleanup.policy", "compact"}}});
    broker_ = std::make_unique<Broker>(std::move(options));
    const Result<void> started = broker_->start();
    ODK_ASSERT(started.has_value());
  }

  void run(Bytes input) {
    auto [ours, theirs] = io::memory_streams(loop_, 1 << 20);
    broker_->serve(std::move(theirs));
    loop_.run_ready();
    while (input.size() >= kHeaderBytes) {
      const size_t length =
          std::min<size_t>(size_t{input[2]} * 256 + input[3], input.size() - kHeaderBytes);
      if (input[0] == kPassTime) {
        clock_.advance(std::chrono::milliseconds(length));
      } else {
        send(*ours, input[0], input[1], input.subspan(kHeaderBytes, length));
      }
      loop_.run_ready();
      input = input.subspan(kHeaderBytes + length);
    }
    clock_.advance(std::chrono::seconds(60));
    loop_.run_ready();
    ours->close();
    ours.reset();
    loop_.run_ready();
    if (++runs_ % 64 == 0) broker_->reset();
  }

 private:
  static void send(io::Stream& stream, uint8_t api, uint8_t version, Bytes body) {
    const auto handlers = all_handlers();
    const HandlerInfo& handler = *handlers[api % handlers.size()];
    const int range = handler.max_version - handler.min_version + 1;
    const auto chosen = static_cast<int16_t>(handler.min_version + version % range);
    wire::Writer writer(64 + body.size());
    writer.i32(0);
    writer.i16(static_cast<int16_t>(handler.key));
    writer.i16(chosen);
    writer.i32(1);
    writer.string("fuzz", false, true);
    if (proto::request_header_version(handler.key, chosen) >= 2) writer.uvarint(0);
    writer.raw(body);
    writer.patch_i32(0, static_cast<int32_t>(writer.size() - sizeof(int32_t)));
    // A stream that was closed, or is full, just takes less.
    (void)stream.write_now(writer.take(), 0);
  }

  ManualClock clock_;
  io::Loop loop_{clock_};
  std::unique_ptr<Broker> broker_;
  size_t runs_ = 0;
};

}  // namespace
}  // namespace odradek::broker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* target = new odradek::broker::Target;  // tidy: allow new, lives as the process does
  target->run({data, size});
  return 0;
}
