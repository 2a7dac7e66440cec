#include "proxy/handlers/00_produce.h"
#include "proxy/handlers/01_fetch.h"
#include "proxy/handlers/02_list_offsets.h"
#include "proxy/handlers/03_metadata.h"
#include "proxy/handlers/08_offset_commit.h"
#include "proxy/handlers/09_offset_fetch.h"
#include "proxy/handlers/10_find_coordinator.h"
#include "proxy/handlers/11_join_group.h"
#include "proxy/handlers/12_heartbeat.h"
#include "proxy/handlers/13_leave_group.h"
#include "proxy/handlers/14_sync_group.h"
#include "proxy/handlers/15_describe_groups.h"
#include "proxy/handlers/16_list_groups.h"
#include "proxy/handlers/19_create_topics.h"
#include "proxy/handlers/20_delete_topics.h"
#include "proxy/handlers/21_delete_records.h"
#include "proxy/handlers/22_init_producer_id.h"
#include "proxy/handlers/23_offset_for_leader_epoch.h"
#include "proxy/handlers/24_add_partitions_to_txn.h"
#include "proxy/handlers/25_add_offsets_to_txn.h"
#include "proxy/handlers/26_end_txn.h"
#include "proxy/handlers/28_txn_offset_commit.h"
#include "proxy/handlers/32_describe_configs.h"
#include "proxy/handlers/37_create_partitions.h"
#include "proxy/handlers/42_delete_groups.h"
#include "proxy/handlers/47_offset_delete.h"
#include "proxy/handlers/60_describe_cluster.h"
#include "proxy/handlers/61_describe_producers.h"
#include "proxy/handlers/65_describe_transactions.h"
#include "proxy/handlers/66_list_transactions.h"
#include "proxy/handlers/68_consumer_group_heartbeat.h"
#include "proxy/handlers/69_consumer_group_describe.h"
#include "proxy/handlers/75_describe_topic_partitions.h"
#include "proxy/handlers/handler.h"

namespace odradek::proxy {

std::vector<Handler> all_handlers() {
  return {
      produce_handler(),
      fetch_handler(),
      list_offsets_handler(),
      metadata_handler(),
      offset_commit_handler(),
      offset_fetch_handler(),
      find_coordinator_handler(),
      join_group_handler(),
      heartbeat_handler(),
      leave_group_handler(),
      sync_group_handler(),
      describe_groups_handler(),
      list_groups_handler(),
      create_topics_handler(),
      delete_topics_handler(),
      delete_records_handler(),
      init_producer_id_handler(),
      offset_for_leader_epoch_handler(),
      add_partitions_to_txn_handler(),
      add_offsets_to_txn_handler(),
      end_txn_handler(),
      txn_offset_commit_handler(),
      describe_configs_handler(),
      create_partitions_handler(),
      delete_groups_handler(),
      offset_delete_handler(),
      describe_cluster_handler(),
      describe_producers_handler(),
      describe_transactions_handler(),
      list_transactions_handler(),
      consumer_group_heartbeat_handler(),
      consumer_group_describe_handler(),
      describe_topic_partitions_handler(),
  };
}

}  // namespace odradek::proxy
