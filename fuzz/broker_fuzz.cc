// Requests of every advertised API and version with any body, through framing, dispatcher and
// handlers of a whole broker under a clock turned by hand. Input: any number of
// [API key u8][version u8][length u16][body]; 255 for a key lets time pass, 254 goes on with the
// other of two connections. Seeds (broker_seeds.py) are the requests of the differential test, so
// that it starts from whole conversations: groups, sessions, transactions.

#include <array>
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
constexpr uint8_t kOtherConnection = 254;

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
    std::array<std::unique_ptr<io::Stream>, 2> connections;
    size_t current = 0;
    while (input.size() >= kHeaderBytes) {
      const size_t length =
          std::min<size_t>(size_t{input[2]} * 256 + input[3], input.size() - kHeaderBytes);
      if (input[0] == kPassTime) {
        clock_.advance(std::chrono::milliseconds(length));
      } else if (input[0] == kOtherConnection) {
        current = 1 - current;
      } else {
        send(connection(connections[current]), input[0], input[1],
             input.subspan(kHeaderBytes, length));
      }
      loop_.run_ready();
      input = input.subspan(kHeaderBytes + length);
    }
    clock_.advance(std::chrono::seconds(60));
    loop_.run_ready();
    for (auto& stream : connections) stream.reset();
    loop_.run_ready();
    if (++runs_ % 16 == 0) broker_->reset();
  }

 private:
  // Reads answers away. False when the broker has closed the connection.
  bool drain(io::Stream& stream) {
    while (true) {
      const Result<size_t> read = stream.read_now(answers_);
      if (!read) return false;
      if (*read == 0) return true;
    }
  }

  // Opens it at its first use, and again after the broker has closed it.
  io::Stream& connection(std::unique_ptr<io::Stream>& stream) {
    if (stream == nullptr || !drain(*stream)) {
      auto [ours, theirs] = io::memory_streams(loop_, 1 << 20);
      broker_->serve(std::move(theirs));
      stream = std::move(ours);
      loop_.run_ready();
    }
    return *stream;
  }

  static void send(io::Stream& stream, uint8_t api, uint8_t version, Bytes body) {
    const auto handlers = all_handlers();
    const HandlerInfo* known = find_handler(static_cast<proto::ApiKey>(api));
    const HandlerInfo& handler = known != nullptr ? *known : *handlers[api % handlers.size()];
    const int range = handler.max_version - handler.min_version + 1;
    const bool offered = version >= handler.min_version && version <= handler.max_version;
    const auto chosen =
        static_cast<int16_t>(offered ? version : handler.min_version + version % range);
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
  std::array<uint8_t, 65536> answers_{};
  size_t runs_ = 0;
};

}  // namespace
}  // namespace odradek::broker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* target = new odradek::broker::Target;  // tidy: allow new, lives as the process does
  target->run({data, size});
  return 0;
}
