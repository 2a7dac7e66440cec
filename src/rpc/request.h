#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/slice.h"
#include "proto/api_key.h"

namespace odradek::rpc {

class ServerConnection;

// What a connection has done so far, for people who look.
struct ConnectionActivity {
  MonotonicTime connected_at;
  MonotonicTime last_request_at;
  uint64_t requests = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  size_t waiting = 0;  // requests started and not answered
  proto::ApiKey last_api{-1};
  int16_t last_version = -1;
  std::string client_id;  // of the last request that had one
};

// What the server knows of one client connection; products hang their own state on `attachment`.
struct ConnectionInfo {
  uint64_t id = 0;
  std::string peer_address;
  std::string local_address;       // the address the client reached
  std::string listener;            // the listener's name
  std::string principal = "User:ANONYMOUS";
  std::string client_software_name;     // from ApiVersions v3+
  std::string client_software_version;
  bool is_inside = false;  // of this process itself, as the dashboard's: trusted, and not counted
  bool is_tls = false;
  ConnectionActivity activity;
  std::shared_ptr<void> attachment;
};

// The way back for one request: send exactly one of answer, nothing, or close. Answers leave in
// request order whatever the order they are given in. Belongs to the connection's loop; outliving
// the connection is fine, the answer is then dropped. Destroyed unused, it closes the connection.
class Responder {
 public:
  Responder() = default;
  Responder(std::weak_ptr<ServerConnection> connection, uint64_t slot)
      : connection_(std::move(connection)), slot_(slot) {}
  Responder(Responder&& other) noexcept
      : connection_(std::move(other.connection_)), slot_(std::exchange(other.slot_, 0)) {}
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  // `body` starts with the response header (rpc::encode_response does that); the size prefix is
  // ours.
  void send(SliceChain header_and_body);
  // As send(), then reads nothing from the connection for `mute` (quotas, KIP-219).
  void send_then_mute(SliceChain header_and_body, Duration mute);
  // acks=0: this request has no answer. Reads nothing for `mute`.
  void send_nothing(Duration mute = Duration(0));
  // Closes the connection; one log line with peer, API and `reason`.
  void close(std::string_view reason);

  bool is_connected() const;

 private:
  std::shared_ptr<ServerConnection> take();

  std::weak_ptr<ServerConnection> connection_;
  uint64_t slot_ = 0;  // 0: used or never valid
};

// One request as it came: header decoded, body not. Keeps its frame alive.
struct Request {
  proto::ApiKey api_key{};
  int16_t version = 0;
  int32_t correlation_id = 0;
  std::string_view client_id;  // view into frame; null when absent
  Slice frame;  // without the size prefix
  Bytes body;  // view into frame, after the header
  std::shared_ptr<ConnectionInfo> connection;
  MonotonicTime received_at;
  Responder responder;
};

}  // namespace odradek::rpc
