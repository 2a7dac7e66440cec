// DescribeUserScramCredentials: mechanisms and iterations of users, never their keys. Source:
// KIP-554; ScramImage of Kafka 4.

#include <map>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/describe_user_scram_credentials_request.h"
#include "proto/messages/describe_user_scram_credentials_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DescribeUserScramCredentialsRequest;
using Response = proto::DescribeUserScramCredentialsResponse;
using Answer = Response::DescribeUserScramCredentialsResult;

void tell(const ScramUsers::Credentials& credentials, Arena& arena, Answer& answer) {
  std::span<Response::CredentialInfo> infos = arena.array<Response::CredentialInfo>(2);
  size_t count = 0;
  for (size_t i = 0; i < credentials.size(); ++i) {
    if (!credentials[i]) continue;
    infos[count].mechanism = static_cast<int8_t>(i + 1);
    infos[count++].iterations = credentials[i]->iterations;
  }
  answer.credential_infos = infos.first(count);
}

void describe(const Call<Request>& call, std::string_view user, bool twice, Answer& answer) {
  const auto& users = call.node.security().scram().all();
  answer.user = call.arena.copy(user);
  answer.error_message = "";
  answer.credential_infos = proto::empty_array<Response::CredentialInfo>();
  const auto found = users.find(user);
  if (twice) {
    answer.error_code = proto::to_number(ErrorCode::kDuplicateResource);
    answer.error_message = "Cannot describe SCRAM credentials for the same user twice";
  } else if (found == users.end()) {
    answer.error_code = proto::to_number(ErrorCode::kResourceNotFound);
    answer.error_message = "Attempt to describe a user credential that does not exist";
  } else {
    tell(found->second, call.arena, answer);
  }
}

void describe_user_scram_credentials(const Call<Request>& call, Response& response) {
  response.error_message = "";
  response.results = proto::empty_array<Answer>();
  if (!may_cluster(call, AclOperation::kDescribe)) {
    response.error_code = proto::to_number(ErrorCode::kClusterAuthorizationFailed);
    response.error_message = {};
    // Kafka's answer names nobody, once.
    response.results = call.arena.array<Answer>(1);
    response.results[0].error_code = response.error_code;
    response.results[0].error_message = {};
    response.results[0].credential_infos = proto::empty_array<Response::CredentialInfo>();
    return;
  }
  std::map<std::string_view, int> asked;
  for (const auto& user : call.message.users) ++asked[user.name];
  if (asked.empty()) {
    for (const auto& [name, credentials] : call.node.security().scram().all()) asked[name] = 1;
  }
  response.results = call.arena.array<Answer>(asked.size());
  size_t next = 0;
  for (const auto& [name, times] : asked) {
    describe(call, name, times > 1, response.results[next++]);
  }
}

}  // namespace

constinit const HandlerInfo kDescribeUserScramCredentialsApi{
    proto::ApiKey::kDescribeUserScramCredentials, 0, 0,
    answer<Request, describe_user_scram_credentials>};

}  // namespace odradek::broker
