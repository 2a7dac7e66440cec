#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "client/client_core.h"
#include "odradek/admin.h"

namespace odradek::client {

using cluster::Cluster;

// Starts `task(cluster, arguments..., deadline)` on the loop: every method of kafka::Admin.
template <class T, class Task, class... Arguments>
kafka::Op<T> start(const std::shared_ptr<kafka::ClientCore>& core, std::chrono::milliseconds wait,
                   Task task, Arguments... arguments) {
  kafka::ClientCore* const client = core.get();  // outlives what runs on its loop
  const MonotonicTime deadline = client->loop().now() + wait;
  return client->run<T>([client, deadline, task, ... held = std::move(arguments)]() mutable {
    return task(client->cluster(), std::move(held)..., deadline);
  });
}

}  // namespace odradek::client
