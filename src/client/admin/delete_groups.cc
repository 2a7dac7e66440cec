// Admin::delete_groups.
#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"

namespace odradek::client {
namespace {

struct DeleteGroups {
  using Request = proto::DeleteGroupsRequest;
  using Key = std::string;
  using Value = void;
  static constexpr std::string_view kDoing = "delete group";

  std::vector<std::string_view> names{};

  Request request(const std::vector<Key>& groups) {
    names = views_of(groups);
    Request request;
    request.groups_names = proto::array_of(names);
    return request;
  }
  static Result<void> read(const proto::DeleteGroupsResponse& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies) {
    for (const auto& result : response.results) {
      replies.settle(std::string(result.group_id), result.error_code, result.error_message);
    }
    return {};
  }
};

io::Task<Result<std::vector<kafka::Outcome>>> delete_groups(Cluster& cluster,
                                                            std::vector<std::string> groups,
                                                            MonotonicTime deadline) {
  co_return co_await ask_items(cluster, Route::kGroupCoordinator, DeleteGroups(), std::move(groups),
                               deadline);
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<Outcome>> Admin::delete_groups(std::vector<std::string> groups, Wait wait) {
  return client::start<std::vector<Outcome>>(core_, wait, client::delete_groups, std::move(groups));
}

}  // namespace odradek::kafka
