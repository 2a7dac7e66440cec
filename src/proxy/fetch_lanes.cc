#include "proxy/fetch_lanes.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/assert.h"

namespace odradek::proxy {
namespace {

// An answer that came while no Fetch was under way and has no data tells only what was true then.
constexpr Duration kEmptyAnswerAgeMax = std::chrono::seconds(1);
// So long a client may take to ask for what was read ahead for it.
constexpr Duration kUnaskedAgeMax = std::chrono::seconds(2);

bool has_records(const proto::FetchResponse& response) {
  return std::ranges::any_of(response.responses, [](const auto& topic) {
    return std::ranges::any_of(topic.partitions,
                               [](const auto& data) { return !data.records.bytes.empty(); });
  });
}

}  // namespace

const FetchKey* FetchLanes::Ask::find(std::string_view topic, const Uuid& topic_id,
                                      int32_t partition) const {
  const auto place = [](const FetchKey& key) {
    return std::tuple(std::string_view(key.topic), key.topic_id, key.partition);
  };
  const auto found =
      std::ranges::lower_bound(keys, std::tuple(topic, topic_id, partition), {}, place);
  const bool is_found =
      found != keys.end() && place(*found) == std::tuple(topic, topic_id, partition);
  return is_found ? &*found : nullptr;
}

FetchLanes::FetchLanes(io::Loop& loop, Upstream& upstream, ProxyStats& stats)
    : loop_(&loop), upstream_(&upstream), stats_(&stats), state_(std::make_shared<State>(loop)) {}

void FetchLanes::begin() {
  ++state_->round;
  habit_.begin_fetch();
  const MonotonicTime now = loop_->now();
  for (size_t i = state_->answers.size(); i-- > 0;) {
    Answer& answer = *state_->answers[i];
    answer.is_current = false;
    const bool is_useless = !answer.response || (now - state_->arrived[i] > kEmptyAnswerAgeMax &&
                                                 !has_records(answer.response->message));
    if (!is_useless) continue;
    state_->answers.erase(state_->answers.begin() + static_cast<ptrdiff_t>(i));
    state_->arrived.erase(state_->arrived.begin() + static_cast<ptrdiff_t>(i));
  }
}

const FetchLanes::Slot* FetchLanes::wanted_slot(int32_t broker) const {
  for (const auto& [key, slot] : state_->slots) {
    if (key.first == broker && slot.is_busy && slot.is_wanted) return &slot;
  }
  return nullptr;
}

bool FetchLanes::is_busy(int32_t broker) const { return wanted_slot(broker) != nullptr; }

bool FetchLanes::covers(const Ask& ask) const {
  const Slot* slot = wanted_slot(ask.broker);
  if (slot == nullptr || slot->ask.version != ask.version ||
      slot->ask.isolation_level != ask.isolation_level) {
    return false;
  }
  if (!slot->ask.ahead) return std::ranges::includes(slot->ask.keys, ask.keys);
  // One that begins earlier reaches as far, most likely.
  return std::ranges::all_of(ask.keys, [&](const FetchKey& key) {
    const FetchKey* asked = slot->ask.find(key.topic, key.topic_id, key.partition);
    return asked != nullptr && asked->offset <= key.offset;
  });
}

void FetchLanes::abandon(int32_t broker) {
  for (auto& [key, slot] : state_->slots) {
    if (key.first != broker) continue;
    if (slot.is_busy && slot.is_wanted && slot.ask.ahead) note_wasted();
    slot.is_wanted = false;
  }
}

// A slot without a request, else the other one: its connection is closed and opened anew.
uint32_t FetchLanes::free_slot(int32_t broker) {
  for (uint32_t number = 0; number < kSlots; ++number) {
    if (!state_->slots[{broker, number}].is_busy) return number;
  }
  upstream_->drop(broker, Purpose::fetch(0));
  Slot& slot = state_->slots[{broker, 0}];
  slot.is_busy = false;
  slot.serial = 0;
  slot.ask = {};
  return 0;
}

void FetchLanes::finish(State& state, std::pair<int32_t, uint32_t> key, MonotonicTime now,
                        Result<rpc::RawResponse> raw) {
  Slot& slot = state.slots[key];
  slot.is_busy = false;
  if (!slot.is_wanted) {
    slot.ask = {};  // with its share of the budget
    return;
  }
  auto answer = std::make_unique<Answer>(
      Answer{std::move(slot.ask), Errc::kClosed, slot.round == state.round});
  if (raw) {
    const int16_t version = answer->ask.version;
    answer->response =
        rpc::decode_body<proto::FetchResponse>(std::move(raw->frame), raw->body, version);
  } else {
    answer->response = std::move(raw).error();
  }
  state.answers.push_back(std::move(answer));
  state.arrived.push_back(now);
  state.changed.notify_all();
}

io::Task<Result<void>> FetchLanes::send(Ask ask, SliceChain body, MonotonicTime deadline) {
  ODK_ASSERT(!is_busy(ask.broker), "broker {}", ask.broker);
  const std::pair key{ask.broker, free_slot(ask.broker)};
  Result<Upstream::Connection> connected =
      co_await upstream_->connection(key.first, Purpose::fetch(key.second), deadline);
  if (!connected) co_return connected.error();
  start(key, *connected, std::move(ask), std::move(body), deadline);
  co_return Result<void>{};
}

void FetchLanes::start(std::pair<int32_t, uint32_t> key, const Upstream::Connection& connection,
                       Ask ask, SliceChain body, MonotonicTime deadline) {
  Slot& slot = state_->slots[key];
  slot.round = state_->round;
  slot.is_busy = true;
  slot.is_wanted = true;
  slot.ask = std::move(ask);
  const int16_t version = slot.ask.version;
  const uint64_t serial = ++state_->last_serial;
  slot.serial = serial;
  connection->send(proto::ApiKey::kFetch, version, std::move(body), deadline,
                   [state = std::weak_ptr(state_), key, serial, loop = loop_,
                    stats = stats_](Result<rpc::RawResponse> raw) {
                     const std::shared_ptr<State> alive = state.lock();
                     if (alive == nullptr || alive->slots[key].serial != serial) return;
                     const bool is_ahead = alive->slots[key].ask.ahead != nullptr;
                     finish(*alive, key, loop->now(), std::move(raw));
                     if (is_ahead) forget_unasked(alive, *loop, *stats);
                   });
}

bool FetchLanes::may_read_ahead(int32_t broker) const {
  if (!habit_.may_read_ahead()) return false;
  const bool is_under_way = std::ranges::any_of(state_->slots, [&](const auto& entry) {
    return entry.first.first == broker && entry.second.is_busy;
  });
  const bool waits_here = std::ranges::any_of(
      state_->answers, [&](const auto& answer) { return answer->ask.broker == broker; });
  return !is_under_way && !waits_here;
}

void FetchLanes::send_ahead(Ask ask, SliceChain body, MonotonicTime deadline) {
  ODK_ASSERT(may_read_ahead(ask.broker), "broker {}", ask.broker);
  const std::pair key{ask.broker, free_slot(ask.broker)};
  const auto connection = upstream_->open_connection(key.first, Purpose::fetch(key.second));
  if (connection == nullptr) return;
  ++stats_->reads_ahead;
  start(key, connection, std::move(ask), std::move(body), deadline);
}

void FetchLanes::note_wasted() {
  habit_.note_wasted();
  ++stats_->reads_ahead_wasted;
}

// Who stops reading, or dies slowly, must not keep what others could use.
void FetchLanes::forget_unasked(const std::shared_ptr<State>& state, io::Loop& loop,
                                ProxyStats& stats) {
  loop.call_after(kUnaskedAgeMax, [weak = std::weak_ptr(state), &loop, &stats] {
    const std::shared_ptr<State> alive = weak.lock();
    if (alive == nullptr) return;
    for (size_t i = alive->answers.size(); i-- > 0;) {
      const bool is_old = loop.now() - alive->arrived[i] >= kUnaskedAgeMax;
      if (!is_old || !alive->answers[i]->ask.ahead) continue;
      ++stats.reads_ahead_wasted;
      alive->answers.erase(alive->answers.begin() + static_cast<ptrdiff_t>(i));
      alive->arrived.erase(alive->arrived.begin() + static_cast<ptrdiff_t>(i));
    }
  });
}

std::unique_ptr<FetchLanes::Answer> FetchLanes::take() {
  if (state_->answers.empty()) return nullptr;
  std::unique_ptr<Answer> answer = std::move(state_->answers.front());
  state_->answers.pop_front();
  state_->arrived.pop_front();
  return answer;
}

io::Task<Result<void>> FetchLanes::wait(MonotonicTime deadline) {
  const std::shared_ptr<State> state = state_;
  while (state->answers.empty() && !state->is_woken) {
    const Result<void> woken = co_await state->changed.wait(deadline);
    if (!woken) co_return woken.error();
  }
  state->is_woken = false;
  co_return Result<void>{};
}

std::function<void()> FetchLanes::waker() const {
  return [state = std::weak_ptr(state_)] {
    const std::shared_ptr<State> alive = state.lock();
    if (alive == nullptr) return;
    alive->is_woken = true;
    alive->changed.notify_all();
  };
}

bool FetchLanes::expects_any() const {
  return std::ranges::any_of(state_->slots, [](const auto& entry) {
    return entry.second.is_busy && entry.second.is_wanted;
  });
}

bool FetchLanes::expects_soon() const {
  return std::ranges::any_of(state_->slots, [this](const auto& entry) {
    const Slot& slot = entry.second;
    return slot.is_busy && slot.is_wanted && slot.round == state_->round && !slot.ask.may_wait;
  });
}

}  // namespace odradek::proxy
