#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/event.h"
#include "proto/messages/fetch_response.h"
#include "proxy/read_ahead.h"
#include "proxy/upstream.h"
#include "rpc/message.h"

namespace odradek::proxy {

// What an upstream Fetch asks of one physical partition.
struct FetchKey {
  std::string topic;  // empty where the version names topics by id
  Uuid topic_id;
  int32_t partition = 0;
  int64_t offset = 0;

  auto operator<=>(const FetchKey&) const = default;
};

// The upstream Fetches of one client connection, at most one wanted per broker. One that waits at
// its broker for new data goes on waiting when the client was answered by another broker's data,
// and serves the client's next Fetch, which is most often the same. A second connection takes over
// when it is not. What the client will most likely ask next may be asked before it does. One loop.
class FetchLanes {
 public:
  struct Ask {
    int32_t broker = -1;
    int16_t version = 0;
    int8_t isolation_level = 0;
    std::vector<FetchKey> keys;  // sorted, each partition once
    bool may_wait = true;  // at the broker, for new data
    ReadAheadBudget::Share ahead{};  // set when the client has not asked for it

    // Null for a partition that is not asked.
    const FetchKey* find(std::string_view topic, const Uuid& topic_id, int32_t partition) const;
  };
  struct Answer {
    Ask ask;
    Result<rpc::Decoded<proto::FetchResponse>> response;
    bool is_current = false;  // asked by the Fetch under way, not by an earlier one
  };

  // All outlive the object.
  FetchLanes(io::Loop& loop, Upstream& upstream, ProxyStats& stats);

  // A client's Fetch begins: requests under way now are an earlier one's.
  void begin();
  // True while a request of that broker is under way.
  bool is_busy(int32_t broker) const;
  // True while one is under way that will answer all keys (and maybe more).
  bool covers(const Ask& ask) const;
  // Nobody wants the answer of the broker's request under way any more.
  void abandon(int32_t broker);
  // Sends the encoded request. The broker is not busy. Errors: those of Upstream::connection().
  io::Task<Result<void>> send(Ask ask, SliceChain body, MonotonicTime deadline);

  // True when nothing is under way at that broker, nor waits here, and the client was seen to go on
  // where it stopped.
  bool may_read_ahead(int32_t broker) const;
  // Sends a request with a share of the budget at once; not when that needs a new connection. Its
  // answer waits two seconds for the client to ask.
  void send_ahead(Ask ask, SliceChain body, MonotonicTime deadline);
  // An answer to a request sent ahead was of no use.
  void note_wasted();

  // The oldest answer not taken yet, if any.
  std::unique_ptr<Answer> take();
  // Lets wait() return though there is no answer: something else happened that was waited for.
  // The function outlives this object harmlessly.
  std::function<void()> waker() const;
  // Ends when this object does, and nobody is there to be woken.
  std::weak_ptr<const void> lifetime() const { return state_; }
  // Until take() has something, or a waker was called: success; else kTimedOut or kCancelled.
  io::Task<Result<void>> wait(MonotonicTime deadline);
  // Is a request under way whose answer is wanted? `soon`: one that does not wait for new data.
  bool expects_any() const;
  bool expects_soon() const;

 private:
  struct Slot {
    Ask ask;
    uint64_t round = 0;
    uint64_t serial = 0;  // of the request, so that a late answer is not taken for another's
    bool is_busy = false;
    bool is_wanted = false;
  };
  struct State {
    explicit State(io::Loop& loop) : changed(loop) {}
    io::Event changed;
    std::map<std::pair<int32_t, uint32_t>, Slot> slots;  // by broker and number
    std::deque<std::unique_ptr<Answer>> answers;
    std::deque<MonotonicTime> arrived;  // beside `answers`
    bool is_woken = false;
    uint64_t round = 0;
    uint64_t last_serial = 0;
  };
  static constexpr uint32_t kSlots = 2;

  void start(std::pair<int32_t, uint32_t> key, const Upstream::Connection& connection, Ask ask,
             SliceChain body, MonotonicTime deadline);
  static void finish(State& state, std::pair<int32_t, uint32_t> key, MonotonicTime now,
                     Result<rpc::RawResponse> raw);
  static void forget_unasked(const std::shared_ptr<State>& state, io::Loop& loop,
                             ProxyStats& stats);
  const Slot* wanted_slot(int32_t broker) const;
  uint32_t free_slot(int32_t broker);

  io::Loop* loop_;
  Upstream* upstream_;
  ProxyStats* stats_;
  std::shared_ptr<State> state_;
  ReadAheadHabit habit_;
};

}  // namespace odradek::proxy
