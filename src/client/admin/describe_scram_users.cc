// Admin::describe_scram_users (KIP-554).
#include "client/admin/admin_call.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "client/error_map.h"
#include "proto/messages/describe_user_scram_credentials_request.h"
#include "proto/messages/describe_user_scram_credentials_response.h"

namespace odradek::client {
namespace {

using Infos = std::vector<kafka::ScramInfo>;
using Users = std::vector<kafka::Named<Infos>>;

io::Task<Result<Users>> describe_scram_users(Cluster& cluster, std::vector<std::string> users,
                                             MonotonicTime deadline) {
  constexpr std::string_view kDoing = "describe SCRAM users";
  std::vector<proto::DescribeUserScramCredentialsRequest::UserName> names(users.size());
  for (size_t i = 0; i < users.size(); ++i) names[i].name = users[i];
  proto::DescribeUserScramCredentialsRequest request;
  request.users = {};  // null: all
  if (!names.empty()) request.users = proto::array_of(names);
  auto answer = co_await admin_call(cluster, kAnyBroker, request, kDoing, deadline);
  if (!answer) co_return answer.error();
  Users described;
  for (const auto& result : answer->message.results) {
    const std::string user(result.user);
    if (result.error_code != 0) {
      const auto code = proto::error_code(result.error_code);
      described.push_back(
          {user, to_public(proto::to_error(code, fmt::format("{}: {}", kDoing, user),
                                           result.error_message))});
      continue;
    }
    Infos infos;
    for (const auto& info : result.credential_infos) {
      infos.push_back({static_cast<kafka::ScramMechanism>(info.mechanism), info.iterations});
    }
    described.push_back({user, std::move(infos)});
  }
  co_return described;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<Named<std::vector<ScramInfo>>>> Admin::describe_scram_users(
    std::vector<std::string> users, Wait wait) {
  return client::start<client::Users>(core_, wait, client::describe_scram_users, std::move(users));
}

}  // namespace odradek::kafka
