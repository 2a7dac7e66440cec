#include "backup/cli/session.h"

namespace odradek::backup {

Result<std::unique_ptr<Session>> open_session(const Settings& settings, std::string_view section) {
  ODK_TRY(ArchiveKeys keys, archive_keys(settings));
  const ClusterSettings& cluster = section == "source" ? settings.source : settings.target;
  ODK_TRY(cluster::ClusterOptions options, cluster_options(cluster, section));
  auto session = std::make_unique<Session>(std::move(keys));
  ODK_TRY(session->store, open_store(settings));
  session->cluster = std::make_unique<cluster::Cluster>(session->runtime.loop, std::move(options));
  return session;
}

}  // namespace odradek::backup
