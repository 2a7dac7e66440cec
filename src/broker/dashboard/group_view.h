#pragma once

#include <map>
#include <string>
#include <vector>

#include "broker/dashboard/inside.h"
#include "broker/dashboard/json.h"
#include "broker/node.h"

namespace odradek::broker::dashboard {

// What the APIs of groups say of one group, of either protocol, put together.
struct GroupView {
  using Partitions = std::map<std::string, std::vector<int32_t>>;
  struct Member {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id;
    std::string host;
    std::vector<std::string> subscribed;
    std::string regex;
    Partitions assigned;
    std::optional<int32_t> epoch;  // groups of the new protocol
    bool unreadable = false;  // of another protocol than consumers speak
  };
  struct Committed {
    int64_t offset = -1;
    int32_t leader_epoch = -1;
    std::string metadata;
  };

  std::string id;
  std::string type;      // "classic", "consumer"
  std::string state;     // as Kafka spells it
  std::string protocol;  // "consumer", "connect"; empty: none
  std::string assignor;
  std::optional<int32_t> epoch;
  std::vector<Member> members;
  std::map<std::string, std::map<int32_t, Committed>> offsets;

  bool reads(const std::string& topic) const;
};

// The groups named, or all, with members and offsets. Those that end meanwhile are left out.
io::Task<Result<std::vector<GroupView>>> view_groups(InsideClient& client);
io::Task<Result<GroupView>> view_group(InsideClient& client, std::string group_id);

// State, numbers of members, and lag over all partitions.
Json group_summary_json(const Node& node, const GroupView& group);
// The same with members and each partition.
Json group_json(const Node& node, const GroupView& group);

}  // namespace odradek::broker::dashboard
