// Requests of every API the proxy offers, in every version, with any body, through framing and
// handlers of a whole proxy in front of a broker in memory. Input: any number of
// [api u8][version u8][length u16][body].
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "proxy/handlers/handler.h"
#include "proxy/proxy.h"
#include "rpc/client_connection.h"

namespace odradek::proxy {
namespace {

constexpr size_t kHeaderBytes = 4;
constexpr int kRequestsMax = 8;
// A request may wait long, for data or for other members; then the client goes away.
constexpr Duration kPatience = std::chrono::milliseconds(20);

class Target {
 public:
  Target() : handlers_(all_handlers()) {
    broker::BrokerOptions broker_options;
    broker_options.loop = &loop_;
    broker_options.memory_bytes_max = 8 << 20;
    broker_options.topics.push_back({"t", 2, {}});
    broker_options.topics.push_back({"plain", 3, {}});
    broker_ = std::make_unique<broker::Broker>(std::move(broker_options));
    ODK_ASSERT(broker_->start().has_value());
    ProxyOptions options;
    options.kafka.bootstrap = {{"127.0.0.1", broker_->port()}};
    options.fallback = MappingSpec{.virtual_partitions = 6, .physical_partitions = 2};
    options.auto_create = true;
    proxy_ = std::make_unique<Proxy>(loop_, std::move(options));
    ODK_ASSERT(loop_.block_on(proxy_->start()).has_value());
  }
  ~Target() {
    client_.reset();
    loop_.block_on(proxy_->stop());
    loop_.block_on(broker_->stop_async());
  }

  void run(Bytes input) {
    for (int n = 0; n < kRequestsMax && input.size() >= kHeaderBytes; ++n) {
      const size_t length =
          std::min<size_t>(size_t{input[2]} * 256 + input[3], input.size() - kHeaderBytes);
      ask(input[0], input[1], input.subspan(kHeaderBytes, length));
      input = input.subspan(kHeaderBytes + length);
    }
    if (++runs_ % 256 == 0) broker_->reset();
  }

 private:
  void ask(uint8_t api, uint8_t version, Bytes body) {
    connect();
    if (client_ == nullptr) return;
    const Handler& handler = handlers_[api % handlers_.size()];
    const auto range = static_cast<uint8_t>(handler.max_version - handler.min_version + 1);
    const auto asked = static_cast<int16_t>(handler.min_version + version % range);
    const auto answer = loop_.block_on(client_->call_raw(
        handler.key, asked, SliceChain(Slice::copy_of(body)), loop_.now() + kPatience));
    if (!answer) client_.reset();
  }

  void connect() {
    if (client_ != nullptr && client_->is_open()) return;
    const io::HostPort to = *io::parse_host_port(proxy_->address());
    rpc::ConnectOptions options;
    options.host = to.host;
    options.port = to.port;
    options.deadline = loop_.now() + std::chrono::seconds(5);
    auto made = loop_.block_on(rpc::ClientConnection::connect(loop_, std::move(options)));
    ODK_ASSERT(made.has_value(), "the proxy does not take connections any more");
    client_ = *std::move(made);
  }

  std::vector<Handler> handlers_;
  io::Loop loop_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<Proxy> proxy_;
  std::unique_ptr<rpc::ClientConnection> client_;
  uint64_t runs_ = 0;
};

}  // namespace
}  // namespace odradek::proxy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* target = new odradek::proxy::Target;  // tidy: allow new, lives as the process does
  target->run({data, size});
  return 0;
}
