#pragma once

#include <deque>

#include "io/task.h"
#include "io/task_group.h"
#include "proxy/upstream.h"
#include "rpc/request.h"

namespace odradek::proxy {

class Session;

// The Produce requests of one client, handled one after the other. They queue here and not in the
// server, because a producer that wants no answers (acks=0) may close its connection as soon as
// everything is sent: what it sent before is still stored. The server counts the requests' memory
// until they are answered, which bounds the queue. One loop.
class ProduceQueue {
 public:
  using Work = io::Task<Result<void>> (*)(Session& session, rpc::Request& request);

  // `session` owns the queue.
  ProduceQueue(io::Loop& loop, Session& session) : session_(&session), tasks_(loop) {}

  void push(rpc::Request request, Work work);
  // Something went to a broker that will not answer.
  void note_unanswered() { has_unanswered_ = true; }
  // The client is gone: what wants no answer is still sent, the rest is dropped, and then the
  // session's upstream connections are closed. False when there is nothing to be done.
  bool finish();
  // Ends at once, whatever is queued.
  void cancel() { tasks_.cancel(); }
  io::Task<void> join();

 private:
  struct Item {
    rpc::Request request;
    Work work = nullptr;
  };

  io::Task<void> run();

  Session* session_;
  std::deque<Item> items_;
  io::TaskGroup tasks_;
  bool is_running_ = false;
  bool has_unanswered_ = false;
};

}  // namespace odradek::proxy
