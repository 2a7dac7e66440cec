#pragma once

#include <iterator>
#include <utility>
#include <vector>

#include "client/admin/ask.h"

namespace odradek::client {

// The brokers of the cluster, as known now.
inline io::Task<Result<std::vector<int32_t>>> broker_ids(cluster::Cluster& cluster,
                                                         MonotonicTime deadline) {
  auto metadata = co_await cluster.refresh({}, deadline);
  if (!metadata) co_return metadata.error();
  std::vector<int32_t> ids;
  for (const cluster::Broker& broker : (*metadata)->brokers) ids.push_back(broker.id);
  co_return ids;
}

// Asks every broker for its share of a list; the list is whole or an error.
template <class Api>
io::Task<Result<typename Api::Value>> ask_every_broker(cluster::Cluster& cluster, Api api,
                                                       MonotonicTime deadline) {
  auto ids = co_await broker_ids(cluster, deadline);
  if (!ids) co_return ids.error().with_context(Api::kDoing);
  auto replies = co_await ask(cluster, Route::kBroker, std::move(api), *std::move(ids), deadline);
  co_return std::move(replies).joined();
}

}  // namespace odradek::client
