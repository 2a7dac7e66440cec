#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "rpc/client_connection.h"
#include "rpc/frame_reader.h"

namespace odradek::rpc {

// The working part of a ClientConnection. Its tasks hold it by shared_ptr, so it may outlive the
// connection object by a moment; from then on it is closed. One loop.
class ClientConnection::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(io::Loop& loop, std::unique_ptr<io::Stream> stream, ConnectOptions options);

  void start();  // begins reading

  // Versions, then identity (client_handshake.cc).
  static io::Task<Result<void>> negotiate(std::shared_ptr<Impl> self, MonotonicTime deadline);
  static io::Task<Result<void>> authenticate(std::shared_ptr<Impl> self, MonotonicTime deadline);

  enum class Urgency : uint8_t {
    kNormal,
    kHandshake,  // goes out although ordinary requests are held back
  };
  void send(proto::ApiKey key, int16_t version, const SliceChain& body, MonotonicTime deadline,
            Urgency urgency, Completion done);
  Result<void> send_no_response(proto::ApiKey key, int16_t version, const SliceChain& body);
  static io::Task<Result<RawResponse>> call(std::shared_ptr<Impl> self, proto::ApiKey key,
                                            int16_t version, SliceChain body,
                                            MonotonicTime deadline, Urgency urgency);

  // Ends the connection; what is in flight fails with `error`, in the loop's next turn.
  void end(const Error& error);
  void on_close(std::move_only_function<void(const Error&)> action);
  Result<int16_t> version_for(proto::ApiKey key, int16_t at_most) const;

  io::Loop& loop;
  std::unique_ptr<io::Stream> stream;
  ConnectOptions options;
  std::vector<ApiRange> peer_apis;
  Features peer_features;
  bool open = true;
  MonotonicTime last_used;

  size_t in_flight() const { return in_flight_.size() + queued_.size(); }

 private:
  struct Call {
    uint64_t id = 0;
    int32_t correlation_id = 0;
    proto::ApiKey api_key{};
    int16_t version = 0;
    io::TimerId timer = 0;
    MonotonicTime sent_at;
    size_t bytes_sent = 0;
    Completion done;  // empty once timed out

    Call without_completion() const {
      Call copy;
      copy.correlation_id = correlation_id;
      copy.api_key = api_key;
      copy.version = version;
      copy.sent_at = sent_at;
      copy.bytes_sent = bytes_sent;
      return copy;
    }
  };
  struct QueuedCall {
    Call call;
    SliceChain frame;  // empty for what was given up while it waited
  };

  Result<SliceChain> encode_frame(proto::ApiKey key, int16_t version, int32_t correlation_id,
                                  const SliceChain& body) const;
  void transmit(Call call, SliceChain frame);
  void send_queued();
  void time_out(uint64_t id);
  void note_done(const Call& call, size_t bytes_received, const Error* error) const;
  void schedule_flush();
  void flush();
  void fail_later(Completion done, Error error);
  Result<void> on_frame(Slice frame);
  Error connection_error(const Error& cause) const;
  void plan_reauthentication(int64_t lifetime_ms);

  static io::Task<void> read_all(std::shared_ptr<Impl> self);
  static io::Task<void> write_rest(std::shared_ptr<Impl> self);
  static io::Task<void> reauthenticate(std::shared_ptr<Impl> self);
  static io::Task<Result<void>> sasl_handshake(std::shared_ptr<Impl> self, MonotonicTime deadline);
  static io::Task<Result<int64_t>> sasl_exchange(std::shared_ptr<Impl> self,
                                                 MonotonicTime deadline);

  std::string address_;
  // Answers are as large as was asked for.
  static constexpr uint32_t kTrustedAnswerBytes = 16 * 1024 * 1024;
  FrameReader reader_{kTrustedAnswerBytes};
  std::deque<Call> in_flight_;      // in the order of their answers
  std::deque<QueuedCall> queued_;   // beyond max_in_flight, or held back
  SliceChain outgoing_;             // not given to the stream yet
  SliceChain unsent_;               // given, and not taken whole
  size_t unsent_written_ = 0;
  uint64_t next_id_ = 1;
  int32_t next_correlation_id_ = 0;
  io::TimerId reauthentication_timer_ = 0;
  bool flush_scheduled_ = false;
  bool writer_runs_ = false;
  bool holds_back_ = false;  // re-authentication is under way
  std::optional<Error> ended_with_;
  std::vector<std::move_only_function<void(const Error&)>> close_actions_;
};

}  // namespace odradek::rpc
