#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "io/event.h"
#include "rpc/frame_reader.h"
#include "rpc/server_shared.h"
#include "rpc/session.h"
#include "rpc/slot_queue.h"

namespace odradek::rpc {

// One client's connection. A reader task lives as long as the connection; a writer task only
// while the client does not take its answers. Kept alive by those tasks and by the server's map.
// Nothing here calls the handler's on_disconnect() from inside a handler's own call: closing only
// marks, and the reader task ends the connection.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(ServerShared& shared, std::unique_ptr<io::Stream> stream,
                   std::shared_ptr<const ListenerOptions> listener, uint64_t id,
                   std::string principal);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  // Serves until the connection ends. `self` keeps it alive meanwhile.
  static io::Task<void> run(std::shared_ptr<ServerConnection> self);

  // From the Responder.
  void answer(uint64_t slot, SliceChain header_and_body, Duration mute);
  void answer_nothing(uint64_t slot, Duration mute);
  void fail(uint64_t slot, std::string_view reason);

  // Ends the connection soon, without an answer to what is in flight.
  void close();
  bool is_open() const { return !closing_; }
  // The reader looks again at whether it may read.
  void resume() {
    waits_for_budget_ = false;
    resume_.notify_all();
  }

  const std::shared_ptr<ConnectionInfo>& info() const { return info_; }
  size_t waiting() const { return waiting_; }  // requests started and not answered
  // The client has not moved since `since`, though it is its turn: it does not take its answers, or
  // does not end its frame. What it holds meanwhile is nobody else's.
  bool is_stalled(MonotonicTime since) const;
  // Nothing was asked that is not answered, and the client has all answers.
  bool is_idle() const { return waiting_ == 0 && slots_.empty() && unsent_bytes() == 0; }

 private:
  // Reading (server_connection.cc).
  void read();
  void start_requests();
  void go_on();
  bool may_start(Bytes frame);
  bool is_muted();
  bool may_read();
  void start(Slice frame);
  void start_request(Request request);
  void note(const Request& request);
  bool refuse(const Request& request);
  void session_step(uint64_t slot, Result<SessionStep> step);
  void fail_authentication(uint64_t slot, SessionStep step);
  void finish();
  void lost(const Error& error);
  void violation(std::string_view api, int version, std::string_view reason);
  void count_held();
  void mute(Duration how_long);
  void arm_timer();
  void on_timer();

  // Writing (server_connection_write.cc).
  size_t unsent_bytes() const { return answers_bytes_ + unsent_.size() - unsent_written_; }
  void send_answers();
  void schedule_flush();
  void flush();
  size_t gather_answers();
  void keep_unsent(size_t written);
  void pop_answers(size_t count);
  static io::Task<void> write_rest(std::shared_ptr<ServerConnection> self);

  ServerShared& shared_;
  std::unique_ptr<io::Stream> stream_;
  std::shared_ptr<const ListenerOptions> listener_;
  std::shared_ptr<ConnectionInfo> info_;
  Session session_;
  FrameReader reader_;
  SlotQueue slots_;
  io::Event resume_;
  SliceChain unsent_;  // a gathered write the client has not taken whole
  size_t unsent_written_ = 0;  // of unsent_
  size_t answers_bytes_ = 0;  // answers in slots
  size_t held_bytes_ = 0;  // of reader_, as counted in the budget
  size_t waiting_ = 0;  // requests started and not answered
  size_t started_bytes_ = 0;  // of those requests
  MonotonicTime last_activity_;
  MonotonicTime taken_at_{};  // when the client last took some of unsent_
  io::TimerId timer_ = 0;  // idle, first request
  io::TimerId pause_timer_ = 0;  // mute, delayed failure
  std::optional<MonotonicTime> muted_until_;
  bool got_request_ = false;
  bool in_batch_ = false;
  bool flush_scheduled_ = false;
  bool writer_runs_ = false;
  bool waits_for_budget_ = false;
  bool refusing_ = false;  // authentication failed: nothing more is read
  bool close_when_sent_ = false;
  bool closing_ = false;
};

}  // namespace odradek::rpc
