#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "client/admin/replies.h"
#include "client/admin/route.h"
#include "io/task_group.h"

// Asks about many things at once: finds out which broker must answer for which of them, sends each
// broker one request, all at the same time, and goes on with what is open until the deadline.
//
// An Api says what is asked and how the answer reads:
//   using Request, Key, Value;
//   static constexpr std::string_view kDoing;          // "delete group"
//   Request request(const std::vector<Key>& keys);     // views what the Api holds; called once
//   Result<void> read(const Response&, const std::vector<Key>& keys, Replies<Key, Value>&);
// read() leaves a key that the answer does not name alone; its own error concerns all keys. An Api
// is copied for each broker. Optional:
//   static constexpr bool kOneByOne = true;            // a request carries one key only
//   static bool fits(const std::vector<Key>& keys, const Key&);  // may stand with those in one
//   static constexpr int16_t kAtMost;                  // the highest version to use
//   static bool repeats(const Error&);                 // instead of the route's own rule
//   Result<void> check(int16_t version) const;         // refuses a version that cannot do it
namespace odradek::client {

template <class Api>
using RepliesOf = Replies<typename Api::Key, typename Api::Value>;

template <class Api>
io::Task<Result<void>> ask_connection(cluster::Cluster& cluster, Place place, Api api,
                                      const std::vector<typename Api::Key>& keys,
                                      RepliesOf<Api>& replies, MonotonicTime deadline) {
  auto connection = co_await connect(cluster, place, deadline);
  if (!connection) co_return connection.error();
  int16_t at_most = INT16_MAX;
  if constexpr (requires { Api::kAtMost; }) at_most = Api::kAtMost;
  ODK_CO_TRY(const int16_t version, (*connection)->version_for(Api::Request::kApiKey, at_most));
  if constexpr (requires { api.check(version); }) {
    ODK_CO_TRY_VOID(api.check(version));
  }
  auto request = api.request(keys);
  auto answer = co_await (*connection)->call(request, version, deadline);
  if (!answer) co_return answer.error();
  Result<void> read = api.read(answer->message, keys, replies);
  co_return read;
}

// One broker's part of a round.
template <class Api>
io::Task<void> ask_place(cluster::Cluster* cluster, Place place, Api api,
                         std::vector<typename Api::Key> keys, RepliesOf<Api>* replies,
                         MonotonicTime deadline) {
  const MonotonicTime request_deadline = std::min(deadline, cluster->request_deadline());
  replies->begin(keys);
  const Result<void> asked =
      co_await ask_connection(*cluster, place, std::move(api), keys, *replies, request_deadline);
  if (!asked) replies->fail_all(keys, asked.error());
  if (asked) replies->expect(keys);
}

// Groups keys by the broker to ask, as one request can carry them.
template <class Api>
std::vector<std::pair<Place, std::vector<typename Api::Key>>> parts(
    const std::map<Place, std::vector<typename Api::Key>>& places) {
  using Key = typename Api::Key;
  std::vector<std::pair<Place, std::vector<Key>>> parts;
  for (const auto& [place, keys] : places) {
    if constexpr (requires { Api::kOneByOne; }) {
      for (const Key& key : keys) parts.emplace_back(place, std::vector<Key>(1, key));
    } else if constexpr (requires { Api::fits(keys, keys.front()); }) {
      const size_t first = parts.size();
      for (const Key& key : keys) {
        auto part = parts.begin() + static_cast<ptrdiff_t>(first);
        while (part != parts.end() && !Api::fits(part->second, key)) ++part;
        if (part == parts.end()) part = parts.insert(part, {place, {}});
        part->second.push_back(key);
      }
    } else {
      parts.emplace_back(place, keys);
    }
  }
  return parts;
}

template <class Api>
using Places = std::map<Place, std::vector<typename Api::Key>>;

// So long the others wait in the first round for look-ups that find nothing; those have more time
// in each later round.
inline constexpr Duration kFirstLookUpMax = std::chrono::seconds(1);

// What the cluster answered to a look-up is the key's outcome; else nobody answered.
template <class Api>
void place_or_fail(const Result<Place>& place, const typename Api::Key& key, Places<Api>& places,
                   RepliesOf<Api>& replies) {
  if (place) {
    places[*place].push_back(key);
  } else if (place.error().code() == Errc::kServer) {
    replies.fail(key, place.error());
  } else {
    replies.fail_all({key}, place.error());
  }
}

template <class Api>
io::Task<void> look_up(cluster::Cluster* cluster, Route route, typename Api::Key key,
                       Places<Api>* places, RepliesOf<Api>* replies, MonotonicTime deadline) {
  const auto place = co_await find_coordinator(*cluster, route, key, deadline);
  place_or_fail<Api>(place, key, *places, *replies);
}

// Whom to ask about which of the keys. Those it finds no broker for have failed, or are open still.
template <class Api>
io::Task<Places<Api>> find_places(cluster::Cluster& cluster, Route route,
                                  std::vector<typename Api::Key> keys, RepliesOf<Api>& replies,
                                  MonotonicTime until) {
  using Key = typename Api::Key;
  Places<Api> places;
  if constexpr (requires(Key key) { partition_of(key); }) {
    if (route == Route::kLeader) {
      std::vector<std::string> topics;
      topics.reserve(keys.size());
      for (const Key& key : keys) topics.push_back(partition_of(key).topic);
      const Result<void> known = co_await learn_leaders(cluster, std::move(topics), until);
      for (const Key& key : keys) {
        const auto place =
            known ? leader_of(cluster, partition_of(key)) : Result<Place>(known.error());
        place_or_fail<Api>(place, key, places, replies);
      }
      co_return places;
    }
  }
  if constexpr (std::is_same_v<Key, std::string>) {
    if (route == Route::kGroupCoordinator || route == Route::kTransactionCoordinator) {
      io::TaskGroup looking(cluster.loop());
      for (const Key& key : keys) {
        looking.spawn(look_up<Api>(&cluster, route, key, &places, &replies, until));
      }
      co_await looking.join();
      co_return places;
    }
  }
  for (const Key& key : keys) place_or_fail<Api>(known_place(route, key), key, places, replies);
  co_return places;
}

// The outcomes of all keys; every key is settled. Errors come as replies.
template <class Api>
io::Task<RepliesOf<Api>> ask(cluster::Cluster& cluster, Route route, Api api,
                             std::vector<typename Api::Key> keys, MonotonicTime deadline) {
  using Key = typename Api::Key;
  bool (*repeats)(const Error&) = rule_of(route);
  if constexpr (requires(Error error) { Api::repeats(error); }) repeats = Api::repeats;
  RepliesOf<Api> replies(std::move(keys), Api::kDoing, repeats);
  const Duration patience_max = cluster.options().request_timeout;
  for (Duration patience = kFirstLookUpMax;; patience = std::min(2 * patience, patience_max)) {
    const std::vector<Key> open = replies.open();
    if (open.empty()) break;
    const MonotonicTime until = std::min(deadline, cluster.loop().now() + patience);
    const auto places = co_await find_places<Api>(cluster, route, open, replies, until);
    io::TaskGroup asking(cluster.loop());
    for (auto& [place, some] : parts<Api>(places)) {
      asking.spawn(ask_place<Api>(&cluster, place, api, std::move(some), &replies, deadline));
    }
    co_await asking.join();
    const std::vector<Key> left = replies.open();
    if (left.empty()) break;
    for (const Key& key : left) forget_place(cluster, route, key);
    const Error why = replies.reason().value_or(Error(Errc::kTimedOut));
    const Result<void> paused = co_await pause_admin(cluster, deadline, why);
    if (paused) continue;
    replies.give_up(paused.error());
    break;
  }
  co_return replies;
}

// ask(), as what a method of kafka::Admin gives.
template <class Api>
io::Task<Result<std::vector<typename RepliesOf<Api>::Item>>> ask_items(
    cluster::Cluster& cluster, Route route, Api api, std::vector<typename Api::Key> keys,
    MonotonicTime deadline) {
  auto replies = co_await ask(cluster, route, std::move(api), std::move(keys), deadline);
  co_return std::move(replies).items();
}

}  // namespace odradek::client
