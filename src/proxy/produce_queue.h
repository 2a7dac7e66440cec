#pragma once

#include <cstdint>
#include <deque>

#include "io/event.h"
#include "io/task.h"
#include "io/task_group.h"
#include "proxy/upstream.h"
#include "rpc/request.h"

namespace odradek::proxy {

class Session;

// The Produce requests of one client. They leave for the brokers in the order they came, the next
// as soon as the one before has left, and a few are under way at a time, as on a connection to a
// broker. They queue here and not in the server, because a producer that wants no answers (acks=0)
// may close its connection as soon as everything is sent: what it sent before is still stored. The
// server counts the requests' memory until they are answered, which bounds the queue. One loop.
class ProduceQueue {
 public:
  using Work = io::Task<Result<void>> (*)(Session& session, rpc::Request& request);

  // `session` owns the queue.
  ProduceQueue(io::Loop& loop, Session& session)
      : session_(&session), changed_(loop), tasks_(loop) {}

  void push(rpc::Request request, Work work);

  // For the work that is to leave: all it sends at first was handed to the connections.
  void departed();
  // For work that has not departed: until those before it are done. Errors: kCancelled.
  io::Task<Result<void>> until_alone();
  // True when nothing else is under way; then nothing follows before this work is done, so that
  // what it sends anew comes before what the client sent later.
  bool keep_alone();
  // So many bytes went to brokers that will not answer.
  void note_unanswered(size_t bytes) {
    has_unanswered_ = true;
    unanswered_bytes_ += bytes;
  }
  // They are so many that the brokers have to take them before more is sent.
  bool has_too_much_unanswered() const { return unanswered_bytes_ > kUnansweredBytesMax; }
  // The brokers have taken them.
  void note_settled() { unanswered_bytes_ = 0; }

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
  // As many as clients that keep the order have at most.
  static constexpr size_t kUnderWayMax = 5;
  // More waits in the proxy, where nothing says how slow a broker is.
  static constexpr size_t kUnansweredBytesMax = 8 * 1024 * 1024;

  void start();
  bool may_begin() const;
  io::Task<void> run();
  io::Task<void> serve(Item item, uint64_t number);

  Session* session_;
  std::deque<Item> items_;
  io::Event changed_;
  io::TaskGroup tasks_;
  uint64_t begun_ = 0;        // numbers the works
  uint64_t departing_ = 0;    // the number of the one that has not left yet; 0: none
  size_t under_way_ = 0;
  bool is_kept_alone_ = false;
  bool has_failed_ = false;
  bool is_running_ = false;
  bool has_unanswered_ = false;
  size_t unanswered_bytes_ = 0;  // since the brokers are known to have all
};

}  // namespace odradek::proxy
