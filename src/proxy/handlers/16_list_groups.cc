#include "proxy/handlers/16_list_groups.h"

#include <map>
#include <vector>

#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"
#include "proxy/handlers/every_broker.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::ListGroupsRequest;
using proto::ListGroupsResponse;
using Group = ListGroupsResponse::ListedGroup;

// By the name clients know.
using Groups = std::map<std::string_view, Group>;

void add(Groups& groups, const ListGroupsResponse& answer, const ShadowGroups& shadows) {
  for (const Group& group : answer.groups) {
    const auto main = shadows.main_of(group.group_id);
    if (!main) {
      groups.insert_or_assign(group.group_id, group);
      continue;
    }
    Group shown = group;
    shown.group_id = *main;
    groups.try_emplace(*main, shown);
  }
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<ListGroupsRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  const auto asked = co_await ask_every_broker(session, decoded.message, request.version, deadline);
  if (!asked) co_return asked.error();
  Groups groups;
  for (const auto& answer : asked->answers) add(groups, answer.message, session.context.shadows);
  std::vector<Group> listed;
  for (const auto& [name, group] : groups) {
    if (session.group_refusal(Operation::kDescribe, name) == ErrorCode{}) listed.push_back(group);
  }
  ListGroupsResponse response;
  response.error_code = asked->error_code;
  response.groups = listed;
  count_error(session, request.api_key, response.error_code);
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler list_groups_handler() {
  return {.key = proto::ApiKey::kListGroups,
          .min_version = 0,
          .max_version = 5,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
