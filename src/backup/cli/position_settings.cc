#include "backup/cli/position_settings.h"

#include "backup/cli/session.h"
#include "backup/cli/settings.h"

namespace odradek::backup {

void declare_positions(config::Binder& binder, PositionSettings& s) {
  binder.choice("restore.consumer_group_strategy", s.strategy,
                {{"auto", PositionStrategy::kAutomatic},
                 {"skip", PositionStrategy::kSkip},
                 {"header-based", PositionStrategy::kMap},
                 {"cluster-scan", PositionStrategy::kScan},
                 {"timestamp-based", PositionStrategy::kTimestamp},
                 {"manual", PositionStrategy::kManual}},
                "where groups go on: by the restore's offset map, by the header x-original-offset, "
                "by time; auto takes the first that can; manual only reports, skip does nothing");
  binder.choice("restore.positions_from", s.are_live, {{"archive", false}, {"source", true}},
                "positions as the archive has them, or as the source cluster has them now");
}

namespace {

Result<GroupsSnapshot> live_groups(const Settings& settings) {
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings, "source"));
  Source source(*session->cluster);
  GroupsSnapshot snapshot;
  snapshot.at = session->runtime.clock.wall_ms();
  ODK_TRY(snapshot.groups, session->wait(source.groups({})));
  std::erase_if(snapshot.groups, [](const GroupState& group) { return group.offsets.empty(); });
  return snapshot;
}

}  // namespace

Result<PositionOptions> position_options(const Settings& settings) {
  PositionOptions options;
  options.backup_id = settings.backup_id;
  options.restore_id = settings.restore.restore_id;
  ODK_TRY(options.groups,
          NameFilter::make(settings.target.groups_include, settings.target.groups_exclude));
  ODK_TRY(options.topics,
          NameFilter::make(settings.target.topics_include, settings.target.topics_exclude));
  options.strategy = settings.positions.strategy;
  options.topic_mapping = settings.restore.topic_mapping;
  if (settings.positions.are_live) {
    ODK_TRY(options.live_groups, live_groups(settings));
  }
  return options;
}

}  // namespace odradek::backup
