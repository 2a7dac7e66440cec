// Admin::list_groups.
#include "client/admin/every_broker.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"

namespace odradek::client {
namespace {

// "Classic" whether the broker writes it so or in lower case, as those of Kafka 4 do.
std::string type_of(std::string_view text) {
  std::string type(text);
  if (!type.empty() && type[0] >= 'a' && type[0] <= 'z') type[0] += 'A' - 'a';
  return type;
}

struct ListGroups {
  using Request = proto::ListGroupsRequest;
  using Key = int32_t;
  using Value = std::vector<kafka::GroupListing>;
  static constexpr std::string_view kDoing = "list groups";

  kafka::GroupFilter filter;
  std::vector<std::string_view> states{};
  std::vector<std::string_view> types{};

  Request request(const std::vector<Key>&) {
    states = views_of(filter.states);
    types = views_of(filter.types);
    Request request;
    request.states_filter = proto::array_of(states);
    request.types_filter = proto::array_of(types);
    return request;
  }

  Result<void> read(const proto::ListGroupsResponse& response, const std::vector<Key>& brokers,
                    Replies<Key, Value>& replies) const {
    ODK_TRY_VOID(whole_answer(response, key_text(brokers.front())));
    Value groups;
    for (const auto& group : response.groups) {
      const auto& wanted = filter.protocol_types;
      if (!wanted.empty() && std::ranges::find(wanted, group.protocol_type) == wanted.end()) {
        continue;
      }
      groups.push_back({.id = std::string(group.group_id),
                        .protocol_type = std::string(group.protocol_type),
                        .state = std::string(group.group_state),
                        .type = type_of(group.group_type)});
    }
    replies.set(brokers.front(), std::move(groups));
    return {};
  }
};

io::Task<Result<std::vector<kafka::GroupListing>>> list_groups(Cluster& cluster,
                                                               kafka::GroupFilter filter,
                                                               MonotonicTime deadline) {
  co_return co_await ask_every_broker(cluster, ListGroups{.filter = std::move(filter)}, deadline);
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<GroupListing>> Admin::list_groups(Wait wait) {
  return list_groups(GroupFilter(), wait);
}

Op<std::vector<GroupListing>> Admin::list_groups(GroupFilter filter, Wait wait) {
  return client::start<std::vector<GroupListing>>(core_, wait, client::list_groups,
                                                  std::move(filter));
}

}  // namespace odradek::kafka
