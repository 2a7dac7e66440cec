#include "backup/cli/position_settings.h"

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
}

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
  return options;
}

}  // namespace odradek::backup
