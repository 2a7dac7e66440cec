#include "backup/restore/verify_restore.h"

#include <fmt/format.h>

#include "backup/restore/restore_units.h"

namespace odradek::backup {

Result<RestoreState> find_restore(store::ObjectStore& store, const ArchiveKeys& keys,
                                  const std::string& restore_id, const std::string& cluster_id) {
  if (!restore_id.empty()) return read_restore_state(store, keys, restore_id);
  ODK_TRY(std::vector<RestoreState> restores, read_restores(store, keys));
  for (auto restore = restores.rbegin(); restore != restores.rend(); ++restore) {
    if (restore->phase == RestorePhase::kDone && restore->target_cluster_id == cluster_id) {
      return std::move(*restore);
    }
  }
  return Error(Errc::kNotFound, fmt::format("backup {} has no finished restore into this cluster",
                                            keys.backup_id()));
}

io::Task<Result<VerifyRestoreReport>> verify_restore(cluster::Cluster& cluster,
                                                     store::ObjectStore& store,
                                                     io::WorkerPool& workers,
                                                     VerifyRestoreOptions options) {
  const ArchiveKeys keys(options.backup_id);
  ODK_CO_TRY(const ArchiveState archive,
             co_await workers.run([&store, &keys] { return read_archive(store, keys); }));
  ODK_CO_TRY(const cluster::MetadataPtr first,
             co_await cluster.refresh({}, cluster.request_deadline()));
  ODK_CO_TRY(const RestoreState state, co_await workers.run([&store, &keys, &options, &first] {
    return find_restore(store, keys, options.restore_id, first->cluster_id);
  }));
  Source source(cluster);
  const LoadContext context{&cluster, nullptr, &source, &store, &workers, nullptr, {}};
  VerifyRestoreReport report;
  report.restore_id = state.restore_id;
  for (const RestoredTopic& topic : state.topics) {
    const std::vector<std::string> names = {topic.target};
    ODK_CO_TRY(const cluster::MetadataPtr metadata,
               co_await cluster.refresh(names, cluster.request_deadline()));
    const cluster::Topic* const known = metadata->topic(topic.target);
    if (known == nullptr || known->error != proto::ErrorCode::kNone) {
      report.differences.push_back(fmt::format("topic {} is gone", topic.target));
      continue;
    }
    const Uuid topic_id = known->id;
    ODK_CO_TRY(std::vector<LoadUnit> units, units_of(topic, archive, keys, state.restore_id));
    for (LoadUnit& unit : units) {
      unit.target.topic_id = topic_id;
      UnitVerifier verifier(context, unit, options.verify);
      const Result<VerifyCounters> verified = co_await verifier.run();
      if (verified) {
        report.counters.add(*verified);
      } else if (verified.error().code() == Errc::kChecksum) {
        report.differences.emplace_back(verified.error().message());
      } else {
        co_return verified.error();
      }
    }
    ++report.topics;
  }
  co_return report;
}

}  // namespace odradek::backup
