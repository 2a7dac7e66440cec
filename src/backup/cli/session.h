#pragma once

#include <memory>

#include "backup/cli/runtime.h"
#include "cluster/cluster.h"

namespace odradek::backup {

// What commands on an archive and one cluster run with.
struct Session {
  std::unique_ptr<store::ObjectStore> store;
  Runtime runtime;
  std::unique_ptr<cluster::Cluster> cluster;
  ArchiveKeys keys;

  explicit Session(ArchiveKeys archive) : keys(std::move(archive)) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (cluster != nullptr) runtime.loop.block_on(cluster->stop());
  }

  // Waits for what the task gives.
  template <class Task>
  auto wait(Task task) {
    return runtime.loop.block_on(std::move(task));
  }
};

// Of the section `target` or `source`. Connects nothing yet. Errors: kConfig, kIo, kTls.
Result<std::unique_ptr<Session>> open_session(const Settings& settings,
                                              std::string_view section = "target");

}  // namespace odradek::backup
