#include "rpc/request.h"
#include "rpc/server_connection.h"

namespace odradek::rpc {

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this == &other) return *this;
  Responder unused(std::move(*this));  // closes its connection if nobody answered
  connection_ = std::move(other.connection_);
  slot_ = std::exchange(other.slot_, 0);
  return *this;
}

Responder::~Responder() {
  if (slot_ == 0) return;
  if (const std::shared_ptr<ServerConnection> connection = connection_.lock()) {
    connection->fail(slot_, "the request was dropped without an answer");
  }
}

std::shared_ptr<ServerConnection> Responder::take() { return connection_.lock(); }

void Responder::send(SliceChain header_and_body) {
  send_then_mute(std::move(header_and_body), Duration(0));
}

void Responder::send_then_mute(SliceChain header_and_body, Duration mute) {
  ODK_ASSERT(slot_ != 0, "a request is answered twice");
  const uint64_t slot = std::exchange(slot_, 0);
  if (const auto connection = take()) connection->answer(slot, std::move(header_and_body), mute);
}

void Responder::send_nothing(Duration mute) {
  ODK_ASSERT(slot_ != 0, "a request is answered twice");
  const uint64_t slot = std::exchange(slot_, 0);
  if (const auto connection = take()) connection->answer_nothing(slot, mute);
}

void Responder::close(std::string_view reason) {
  ODK_ASSERT(slot_ != 0, "a request is answered twice");
  const uint64_t slot = std::exchange(slot_, 0);
  if (const auto connection = take()) connection->fail(slot, reason);
}

bool Responder::is_connected() const {
  const std::shared_ptr<ServerConnection> connection = connection_.lock();
  return connection != nullptr && connection->is_open();
}

}  // namespace odradek::rpc
