// Consumer groups: state, members, lag; and their end.

#include "broker/dashboard/group_view.h"
#include "broker/dashboard/operations.h"
#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"

namespace odradek::broker::dashboard {

io::Task<Result<Json>> list_groups(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const std::vector<GroupView> views, co_await view_groups(client));
  const std::string topic = call.query("topic");
  Json groups = Json::array();
  for (const GroupView& view : views) {
    if (topic.empty() || view.reads(topic)) {
      groups.push_back(group_summary_json(context.node, view));
    }
  }
  co_return Json{{"groups", std::move(groups)}};
}

io::Task<Result<Json>> get_group(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const GroupView view, co_await view_group(client, call.name(0)));
  co_return group_json(context.node, view);
}

io::Task<Result<Json>> delete_group(ApiContext& context, ApiCall call) {
  std::string_view id = call.name(0);
  proto::DeleteGroupsRequest request;
  request.groups_names = {&id, 1};
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  ODK_CO_TRY_VOID(check_answer(answer.message.results[0].error_code, "", ""));
  co_return Json::object();
}

}  // namespace odradek::broker::dashboard
