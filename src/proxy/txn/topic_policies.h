#pragma once

#include <map>
#include <optional>
#include <string>

#include "cluster/cluster.h"

namespace odradek::proxy {

// Whether the mark of a transactional batch survives in a topic. It is in attribute bits that a
// broker rewrites when it sets timestamps itself, compresses anew or compacts; so the topic must
// have message.timestamp.type=CreateTime, compression.type=producer and cleanup.policy=delete.
// Asked once a while and remembered. Shared by all clients; one loop.
class TopicPolicies {
 public:
  // `cluster` outlives the object.
  explicit TopicPolicies(cluster::Cluster& cluster) : cluster_(&cluster) {}

  // Nothing when it could not be asked. `why` is the setting that stands against it.
  struct Answer {
    bool keeps_marks = false;
    std::string why;
  };
  io::Task<std::optional<Answer>> keeps_marks(std::string topic, MonotonicTime deadline);

 private:
  struct Known {
    Answer answer;
    MonotonicTime asked_at;
  };

  cluster::Cluster* cluster_;
  std::map<std::string, Known> known_;
};

}  // namespace odradek::proxy
