#include "backup/cli/session.h"

namespace odradek::backup {

Result<std::unique_ptr<Session>> open_session(const Settings& settings) {
  ODK_TRY(ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(cluster::ClusterOptions target, cluster_options(settings.target, "target"));
  auto session = std::make_unique<Session>(std::move(keys));
  ODK_TRY(session->store, open_store(settings));
  session->cluster = std::make_unique<cluster::Cluster>(session->runtime.loop, std::move(target));
  return session;
}

}  // namespace odradek::backup
