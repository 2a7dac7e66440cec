#include "proxy/proxy_service.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace odradek::proxy {
namespace {

constexpr Duration kStopProducingAfter = std::chrono::seconds(5);

}  // namespace

ProxyService::ProxyService(ProxyContext& context) : context_(&context), reapers_(context.loop) {
  for (const Handler& handler : all_handlers()) handlers_.emplace(handler.key, handler);
}

void ProxyService::on_request(rpc::Request request) {
  ++context_->stats.requests[request.api_key];
  const auto handler = handlers_.find(request.api_key);
  if (handler == handlers_.end()) {
    request.responder.close("API without a handler");
    return;
  }
  std::shared_ptr<Session>& session = sessions_[request.connection->id];
  if (session == nullptr) {
    session = std::make_shared<Session>(*context_, ++last_session_, std::string(request.client_id),
                                        request.connection->principal);
  }
  if (handler->second.is_queued) {
    session->produce_queue.push(std::move(request), handler->second.run);
    return;
  }
  session->tasks.spawn(serve(session.get(), &handler->second, std::move(request)));
}

io::Task<void> ProxyService::serve(Session* session, const Handler* handler, rpc::Request request) {
  const Result<void> served = co_await handler->run(*session, request);
  session->note_served(request);
  if (served || session->is_closed) co_return;
  session->count_closed(request.api_key);
  request.responder.close(served.error().to_string());
}

void ProxyService::on_disconnect(const rpc::ConnectionInfo& connection) {
  const auto found = sessions_.find(connection.id);
  if (found == sessions_.end()) return;
  std::shared_ptr<Session> session = std::move(found->second);
  sessions_.erase(found);
  end(std::move(session));
}

void ProxyService::end(std::shared_ptr<Session> session) {
  session->close();
  std::erase_if(ending_, [](const auto& ended) { return ended.expired(); });
  ending_.push_back(session);
  reapers_.spawn(reap(std::move(session)));
}

// The session goes when the last of its tasks has gone.
io::Task<void> ProxyService::reap(std::shared_ptr<Session> session) {
  co_await session->tasks.join();
  co_await session->produce_queue.join();
}

io::Task<void> ProxyService::stop() {
  for (auto& [id, session] : std::exchange(sessions_, {})) end(session);
  const io::TimerId timer = context_->loop.call_after(kStopProducingAfter, [this] {
    for (const auto& ending : ending_) {
      if (const std::shared_ptr<Session> session = ending.lock()) session->abort();
    }
  });
  co_await reapers_.join();
  context_->loop.cancel(timer);
}

}  // namespace odradek::proxy
