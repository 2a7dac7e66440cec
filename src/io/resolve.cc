#include "io/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "io/canonical_hosts.h"
#include "io/event.h"

namespace odradek::io {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// One look-up. Asio asks the system's resolver on a thread that cannot be interrupted, so an
// answer may come after the asking task gave up: both hold this.
struct Resolution {
  explicit Resolution(Loop& loop) : resolver(loop.context().get_executor()), answered(loop) {}

  asio::ip::basic_resolver<tcp, asio::io_context::executor_type> resolver;
  Event answered;
  bool done = false;
  boost::system::error_code failed;
  tcp::resolver::results_type found;
};
using ResolutionPtr = std::shared_ptr<Resolution>;

auto on_answer(ResolutionPtr resolution) {
  return [resolution = std::move(resolution)](boost::system::error_code failed,
                                              const tcp::resolver::results_type& found) {
    resolution->done = true;
    resolution->failed = failed;
    resolution->found = found;
    resolution->answered.notify_all();
  };
}

Task<Result<void>> wait_for(ResolutionPtr resolution, std::string what, MonotonicTime deadline) {
  while (!resolution->done) {
    Result<void> waited = co_await resolution->answered.wait(deadline);
    if (!waited) {
      resolution->resolver.cancel();
      co_return Error(waited.error().code(), fmt::format("resolving {}", what));
    }
  }
  if (resolution->failed || resolution->found.empty()) {
    const std::string reason =
        resolution->failed ? resolution->failed.message() : "no address of that name";
    co_return Error(Errc::kNetwork, fmt::format("cannot resolve {}: {}", what, reason));
  }
  co_return Result<void>{};
}

}  // namespace

Task<Result<std::vector<tcp::endpoint>>> resolve(Loop& loop, std::string host, uint16_t port,
                                                 MonotonicTime deadline) {
  boost::system::error_code not_numeric;
  const asio::ip::address numeric = asio::ip::make_address(host, not_numeric);
  if (!not_numeric) co_return std::vector<tcp::endpoint>{{numeric, port}};
  const auto resolution = std::make_shared<Resolution>(loop);
  resolution->resolver.async_resolve(
      host, std::to_string(port), asio::ip::resolver_base::numeric_service, on_answer(resolution));
  const Result<void> answered = co_await wait_for(resolution, host, deadline);
  if (!answered) co_return answered.error();
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : resolution->found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Task<Result<std::vector<HostPort>>> canonical_hosts(Loop& loop, HostPort place,
                                                    MonotonicTime deadline) {
  auto endpoints = co_await resolve(loop, place.host, place.port, deadline);
  if (!endpoints) co_return endpoints.error();
  std::vector<HostPort> hosts;
  for (const tcp::endpoint& endpoint : *endpoints) {
    const auto resolution = std::make_shared<Resolution>(loop);
    resolution->resolver.async_resolve(endpoint, on_answer(resolution));
    const std::string address = endpoint.address().to_string();
    const Result<void> answered = co_await wait_for(resolution, address, deadline);
    if (!answered && answered.error().code() != Errc::kNetwork) co_return answered.error();
    HostPort host{.host = answered ? resolution->found.begin()->host_name() : address,
                  .port = place.port};
    if (std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(std::move(host));
  }
  co_return hosts;
}

}  // namespace odradek::io
