#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "odradek/admin_cluster.h"       // IWYU pragma: export
#include "odradek/admin_configs.h"       // IWYU pragma: export
#include "odradek/admin_groups.h"        // IWYU pragma: export
#include "odradek/admin_result.h"        // IWYU pragma: export
#include "odradek/admin_security.h"      // IWYU pragma: export
#include "odradek/admin_topics.h"        // IWYU pragma: export
#include "odradek/admin_transactions.h"  // IWYU pragma: export
#include "odradek/client.h"
#include "odradek/op.h"
#include "odradek/types.h"

namespace odradek::kafka {

// Looks after a cluster: what Kafka's own AdminClient does. Any thread.
//
// Every call ends within its time, `wait`. It goes to the broker that must answer it (controller,
// coordinator, leader, one broker after another), and is sent again, there or where that broker
// moved, until then; what would fail again is not. A call about many things answers for each of
// them, in the order asked; all() makes one Result of that. The call itself fails when nobody could
// be asked: ErrorKind::network, timeout, authentication, unsupported (a broker that does not offer
// it), invalid_argument (two wishes for one topic, partition or replica), or when the cluster
// refuses it as a whole.
class Admin {
 public:
  using Wait = std::chrono::milliseconds;
  static constexpr Wait kDefaultWait{30'000};
  // Whether a change is made, or only checked.
  enum class Mode : bool { apply, validate_only };

  explicit Admin(const Client& client);

  // --- topics
  Op<std::vector<Named<CreatedTopic>>> create_topics(std::vector<NewTopic> topics,
                                                     Wait wait = kDefaultWait);
  Op<std::vector<Named<CreatedTopic>>> create_topics(std::vector<NewTopic> topics, Mode mode,
                                                     Wait wait = kDefaultWait);
  Op<std::vector<Outcome>> delete_topics(std::vector<std::string> names, Wait wait = kDefaultWait);
  Op<std::vector<Outcome>> delete_topics_by_id(std::vector<TopicId> ids, Wait wait = kDefaultWait);
  Op<std::vector<Outcome>> create_partitions(std::vector<NewPartitions> topics,
                                             Wait wait = kDefaultWait);
  Op<std::vector<Outcome>> create_partitions(std::vector<NewPartitions> topics, Mode mode,
                                             Wait wait = kDefaultWait);
  Op<std::vector<TopicInfo>> list_topics(Wait wait = kDefaultWait);
  // ServerCode::unknown_topic_or_partition for one that does not exist.
  Op<std::vector<Named<TopicInfo>>> describe_topics(std::vector<std::string> names,
                                                    Wait wait = kDefaultWait);
  Op<std::vector<Named<TopicInfo>>> describe_topics_by_id(std::vector<TopicId> ids,
                                                          Wait wait = kDefaultWait);

  // --- configurations
  Op<std::vector<ConfigEntry>> describe_configs(Resource resource, Wait wait = kDefaultWait);
  Op<std::vector<ResourceConfigs>> describe_configs(std::vector<Resource> resources,
                                                    DescribeConfigsOptions options,
                                                    Wait wait = kDefaultWait);
  // Changes the named entries and leaves the others (KIP-339).
  Op<void> alter_configs(Resource resource, std::vector<ConfigChange> changes,
                         Wait wait = kDefaultWait);
  Op<std::vector<ResourceOutcome>> alter_configs(std::vector<ResourceChanges> changes,
                                                 Mode mode = Mode::apply, Wait wait = kDefaultWait);
  // Those that have a configuration of their own; no types means all (KIP-1142).
  Op<std::vector<Resource>> list_config_resources(std::vector<ResourceType> types,
                                                  Wait wait = kDefaultWait);

  // --- groups. Lists ask every broker.
  Op<std::vector<GroupListing>> list_groups(Wait wait = kDefaultWait);
  Op<std::vector<GroupListing>> list_groups(GroupFilter filter, Wait wait = kDefaultWait);
  // Groups of the classic and of the consumer protocol.
  Op<GroupDescription> describe_group(std::string group, Wait wait = kDefaultWait);
  Op<std::vector<Named<GroupDescription>>> describe_groups(std::vector<std::string> groups,
                                                           Wait wait = kDefaultWait);
  Op<std::vector<Outcome>> delete_groups(std::vector<std::string> groups, Wait wait = kDefaultWait);
  // The outcomes bear the instance id, or else the member id. Nobody given: removes all members.
  Op<std::vector<Outcome>> remove_members(std::string group, std::vector<MemberToRemove> members,
                                          std::string reason = {}, Wait wait = kDefaultWait);

  // --- offsets of groups
  // All committed offsets of a group, or those of the given partitions.
  Op<std::vector<CommittedOffset>> group_offsets(std::string group, Wait wait = kDefaultWait);
  Op<std::vector<CommittedOffset>> group_offsets(std::string group,
                                                 std::vector<TopicPartition> partitions,
                                                 Wait wait = kDefaultWait);
  Op<std::vector<Named<std::vector<CommittedOffset>>>> offsets_of_groups(
      std::vector<std::string> groups, Wait wait = kDefaultWait);
  // Only of a group without members. ServerCode::unknown_member_id otherwise.
  Op<std::vector<OfPartition<void>>> alter_group_offsets(std::string group,
                                                         std::vector<CommittedOffset> offsets,
                                                         Wait wait = kDefaultWait);
  // ServerCode::group_subscribed_to_topic while a member reads the topic.
  Op<std::vector<OfPartition<void>>> delete_group_offsets(std::string group,
                                                          std::vector<TopicPartition> partitions,
                                                          Wait wait = kDefaultWait);

  // --- records
  Op<std::vector<OfPartition<ListedOffset>>> list_offsets(std::vector<TopicPartition> partitions,
                                                          OffsetSpec spec,
                                                          Wait wait = kDefaultWait);
  Op<std::vector<OfPartition<ListedOffset>>> list_offsets(std::vector<TopicPartition> partitions,
                                                          int64_t timestamp_ms,
                                                          Wait wait = kDefaultWait);
  Op<std::vector<OfPartition<ListedOffset>>> list_offsets(std::vector<OffsetQuery> queries,
                                                          Isolation isolation,
                                                          Wait wait = kDefaultWait);
  // Deletes the records before the given offsets (-1: all of them); gives the new first offsets.
  Op<std::vector<OfPartition<int64_t>>> delete_records(std::vector<PartitionOffset> before,
                                                       Wait wait = kDefaultWait);

  // --- access control, users, quotas
  Op<std::vector<Acl>> describe_acls(AclFilter filter, Wait wait = kDefaultWait);
  Op<std::vector<AclOutcome>> create_acls(std::vector<Acl> acls, Wait wait = kDefaultWait);
  Op<std::vector<AclDeletion>> delete_acls(std::vector<AclFilter> filters,
                                           Wait wait = kDefaultWait);
  // No users given: all that have credentials.
  Op<std::vector<Named<std::vector<ScramInfo>>>> describe_scram_users(
      std::vector<std::string> users, Wait wait = kDefaultWait);
  // By user.
  Op<std::vector<Outcome>> alter_scram_users(ScramChanges changes, Wait wait = kDefaultWait);
  // Those that match all filters; `strict`: and have no other entity type.
  Op<std::vector<ClientQuota>> describe_client_quotas(std::vector<QuotaFilter> filters,
                                                      bool strict = false,
                                                      Wait wait = kDefaultWait);
  Op<std::vector<QuotaOutcome>> alter_client_quotas(std::vector<QuotaChange> changes,
                                                    Mode mode = Mode::apply,
                                                    Wait wait = kDefaultWait);
  // `lifetime` 0: as long as the broker allows; no owner: who asks.
  Op<DelegationToken> create_delegation_token(std::vector<std::string> renewers,
                                              std::chrono::milliseconds lifetime,
                                              std::string owner = {}, Wait wait = kDefaultWait);
  // Both give the new time of expiry; -1 ms renews by the broker's default, or expires now.
  Op<int64_t> renew_delegation_token(std::string hmac, std::chrono::milliseconds period,
                                     Wait wait = kDefaultWait);
  Op<int64_t> expire_delegation_token(std::string hmac, std::chrono::milliseconds period,
                                      Wait wait = kDefaultWait);
  // No owners given: all tokens the user may describe.
  Op<std::vector<DelegationToken>> describe_delegation_tokens(std::vector<std::string> owners,
                                                              Wait wait = kDefaultWait);

  // --- cluster
  Op<ClusterInfo> describe_cluster(Wait wait = kDefaultWait);
  Op<ClusterInfo> describe_cluster(DescribeClusterOptions options, Wait wait = kDefaultWait);
  Op<Features> describe_features(Wait wait = kDefaultWait);
  Op<std::vector<Outcome>> update_features(std::vector<FeatureUpdate> updates,
                                           Mode mode = Mode::apply, Wait wait = kDefaultWait);
  Op<QuorumInfo> describe_quorum(Wait wait = kDefaultWait);
  // Forgets a broker that is gone for good.
  Op<void> unregister_broker(int32_t broker, Wait wait = kDefaultWait);

  // --- partitions and replicas
  // ServerCode 84 (ELECTION_NOT_NEEDED) where the leader is right already.
  Op<std::vector<OfPartition<void>>> elect_leaders(Election election,
                                                   std::vector<TopicPartition> partitions,
                                                   Wait wait = kDefaultWait);
  // All partitions of the cluster; answers for those that needed one.
  Op<std::vector<OfPartition<void>>> elect_all_leaders(Election election, Wait wait = kDefaultWait);
  Op<std::vector<OfPartition<void>>> alter_reassignments(std::vector<Reassignment> reassignments,
                                                         Wait wait = kDefaultWait);
  // Those under way; no partitions means all.
  Op<std::vector<OngoingReassignment>> list_reassignments(std::vector<TopicPartition> partitions,
                                                          Wait wait = kDefaultWait);
  // No brokers given: all.
  Op<std::vector<OfBroker<std::vector<LogDir>>>> describe_log_dirs(std::vector<int32_t> brokers,
                                                                   Wait wait = kDefaultWait);
  Op<std::vector<ReplicaMoveOutcome>> alter_replica_log_dirs(std::vector<ReplicaMove> moves,
                                                             Wait wait = kDefaultWait);

  // --- transactions and producers
  Op<std::vector<TransactionListing>> list_transactions(TransactionFilter filter,
                                                        Wait wait = kDefaultWait);
  Op<std::vector<Named<TransactionDescription>>> describe_transactions(
      std::vector<std::string> transactional_ids, Wait wait = kDefaultWait);
  Op<void> abort_transaction(TransactionToAbort transaction, Wait wait = kDefaultWait);
  // No producer with such an id goes on; its open transaction is aborted.
  Op<std::vector<Named<FencedProducer>>> fence_producers(std::vector<std::string> transactional_ids,
                                                         Wait wait = kDefaultWait);
  // Of the leaders, or of the replicas at `broker`.
  Op<std::vector<OfPartition<std::vector<ActiveProducer>>>> describe_producers(
      std::vector<TopicPartition> partitions, std::optional<int32_t> broker = {},
      Wait wait = kDefaultWait);

 private:
  std::shared_ptr<ClientCore> core_;
};

}  // namespace odradek::kafka
