#pragma once

#include <string>
#include <vector>

#include "backup/engine/source.h"
#include "backup/restore/target.h"

namespace odradek::backup {

// A group as the cluster has it now.
struct GroupNow {
  bool exists = false;
  std::string state;                 // as the cluster names it
  std::vector<std::string> members;  // "consumer-1 (client billing) at /10.0.0.1"
};

// Reads and changes the positions of groups. Borrows the cluster. One loop.
class GroupControl {
 public:
  explicit GroupControl(cluster::Cluster& cluster)
      : cluster_(&cluster), source_(cluster), target_(cluster) {}

  // Works for classic groups and those of KIP-848. What other kinds a cluster tells: kServer.
  io::Task<Result<GroupNow>> describe(std::string group);
  // By topic and partition; empty for a group that does not exist.
  io::Task<Result<std::vector<GroupOffset>>> positions(std::string group);
  // All in one request. kPrecondition when the group has members.
  io::Task<Result<void>> commit(std::string group, std::vector<GroupOffset> positions);
  io::Task<Result<void>> remove(std::string group, std::vector<GroupOffset> positions);
  // Success too when there is no such group.
  io::Task<Result<void>> remove_group(std::string group);

 private:
  io::Task<Result<GroupNow>> describe_classic(std::string group, MonotonicTime deadline);
  io::Task<Result<GroupNow>> describe_consumer(std::string group, MonotonicTime deadline);
  io::Task<Result<cluster::Cluster::Connection>> coordinator(std::string group,
                                                             MonotonicTime deadline);

  cluster::Cluster* cluster_;
  Source source_;
  Target target_;
};

}  // namespace odradek::backup
