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
//   Request request(const std::vector<Key>& keys);     // views what the Api holds
//   Result<void> read(const Response&, const std::vector<Key>& keys, Replies<Key, Value>&);
// read() leaves a key that the answer does not name alone; its own error concerns all keys. An Api
// is copied for each broker. Optional:
//   static constexpr bool kOneByOne = true;            // a request carries one key only
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
    } else {
      parts.emplace_back(place, keys);
    }
  }
  return parts;
}

// The outcomes of all keys; every key is settled. Errors come as replies.
template <class Api>
io::Task<RepliesOf<Api>> ask(cluster::Cluster& cluster, Route route, Api api,
                             std::vector<typename Api::Key> keys, MonotonicTime deadline) {
  using Key = typename Api::Key;
  bool (*repeats)(const Error&) = rule_of(route);
  if constexpr (requires(Error error) { Api::repeats(error); }) repeats = Api::repeats;
  RepliesOf<Api> replies(std::move(keys), Api::kDoing, repeats);
  while (true) {
    const std::vector<Key> open = replies.open();
    if (open.empty()) break;
    std::map<Place, std::vector<Key>> places;
    for (const Key& key : open) {
      Result<Place> place = co_await find_place(cluster, route, key, deadline);
      if (place) places[*place].push_back(key);
      if (!place) replies.fail_all({key}, place.error());
    }
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
