#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cluster/cluster.h"
#include "proxy/proxy_stats.h"
#include "proxy/topic_resolver.h"

namespace odradek::proxy {

// A topic as a request names it: by name, or by id where the name is empty.
struct TopicRef {
  std::string name;
  Uuid id;
};

// Topics resolved together, with the metadata they view.
struct ResolvedTopics {
  cluster::MetadataPtr metadata;
  std::vector<ResolvedTopic> topics;  // in the order asked
  std::vector<std::string> names;     // likewise; empty where an id is unknown
};

// Finds the topics of requests in the cluster's metadata. Shared by all clients; one loop.
class TopicDirectory {
 public:
  // All outlive the directory.
  TopicDirectory(cluster::Cluster& cluster, const MappingRegistry& registry, ProxyStats& stats)
      : cluster_(&cluster), registry_(&registry), stats_(&stats) {}

  // From the cache where it can tell; asks the cluster about topics it does not know. Never fails
  // as a whole: when the cluster cannot be asked, unknown topics get `when_unreachable`.
  io::Task<ResolvedTopics> resolve(std::vector<TopicRef> refs, proto::ErrorCode when_unreachable,
                                   MonotonicTime deadline);
  // Asks the cluster in any case: after a broker said that it does not lead a partition.
  io::Task<ResolvedTopics> resolve_anew(std::vector<TopicRef> refs,
                                        proto::ErrorCode when_unreachable, MonotonicTime deadline);

  // Remembers which topic has this id: clients learn ids from our Metadata answers.
  void learn(const Uuid& id, std::string_view name);

  const MappingRegistry& registry() const { return *registry_; }
  // Another registry from now on; what was resolved views the old one.
  void use(const MappingRegistry& registry) { registry_ = &registry; }

 private:
  std::string name_of(const Uuid& id) const;
  io::Task<void> learn_unknown(const std::vector<TopicRef>& refs, MonotonicTime deadline);
  // Names sorted into those the cluster has, and those it refuses.
  struct Found {
    std::vector<std::string> existing;
    std::map<std::string, proto::ErrorCode, std::less<>> refused;
  };
  io::Task<Result<Found>> find(const std::vector<std::string>& names, MonotonicTime deadline);
  // `asked`: what find() gave; nothing when the cluster could not be asked.
  ResolvedTopics look_up(const std::vector<TopicRef>& refs, std::vector<std::string> names,
                         const Result<Found>& asked, proto::ErrorCode when_unreachable) const;
  std::vector<std::string> names_of(const std::vector<TopicRef>& refs) const;
  bool has_wrong_id(const ResolvedTopics& resolved, const std::vector<TopicRef>& refs) const;

  cluster::Cluster* cluster_;
  const MappingRegistry* registry_;
  ProxyStats* stats_;
  std::unordered_map<Uuid, std::string> names_;
  MonotonicTime all_asked_at_{};
};

}  // namespace odradek::proxy
