#include "backup/cli/restore_settings.h"

namespace odradek::backup {

void declare_restore(config::Binder& binder, RestoreSettings& s) {
  binder.add("restore.topic_mapping", s.topic_mapping, "archived topic: topic to restore it as");
  binder.add("restore.replication_factor", s.replication_factor,
             "for topics that are created; the archived one without");
  binder.choice("restore.expired_data", s.expired_data,
                {{"refuse", ExpiredData::kRefuse},
                 {"keep", ExpiredData::kKeep},
                 {"hold", ExpiredData::kHold}},
                "when the target's retention would delete restored records: stop, ignore it, or "
                "leave retention off");
  binder.choice("restore.verify_after", s.verify_after,
                {{"full", VerifyAfter::kFull}, {"off", VerifyAfter::kOff}},
                "read everything back and compare");
  binder.add("restore.consumer_groups", s.consumer_groups, "restore the positions of groups");
  binder
      .add("restore.max_concurrent_partitions", s.max_concurrent_partitions,
           "partitions restored at once")
      .range(1, 256);
}

Result<RestoreOptions> restore_options(const std::string& backup_id, const ClusterSettings& target,
                                       const RestoreSettings& s) {
  ODK_TRY(NameFilter topics, NameFilter::make(target.topics_include, target.topics_exclude));
  ODK_TRY(NameFilter groups, NameFilter::make(target.groups_include, target.groups_exclude));
  RestoreOptions options;
  options.topics = std::move(topics);
  options.groups = std::move(groups);
  options.backup_id = backup_id;
  options.restore_id = Uuid::random().to_string();
  options.restore_groups = s.consumer_groups;
  options.topic_mapping = s.topic_mapping;
  options.replication_factor = s.replication_factor;
  options.expired_data = s.expired_data;
  options.verify = s.verify_after;
  options.partitions_at_once = s.max_concurrent_partitions;
  return options;
}

}  // namespace odradek::backup
