// AlterUserScramCredentials: sets and removes credentials; a user with a fault is left as it was.
// Source: KIP-554; ScramControlManager of Kafka 4.

#include <map>
#include <set>

#include "base/log.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/alter_user_scram_credentials_request.h"
#include "proto/messages/alter_user_scram_credentials_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::AlterUserScramCredentialsRequest;
using Response = proto::AlterUserScramCredentialsResponse;

constexpr int8_t kSha256 = 1;
constexpr int8_t kSha512 = 2;
constexpr int32_t kIterationsMax = 16'384;

auth::Hash hash_of_mechanism(int8_t mechanism) {
  return mechanism == kSha256 ? auth::Hash::kSha256 : auth::Hash::kSha512;
}

ApiError check_user(std::string_view name, int8_t mechanism) {
  if (name.empty()) return {ErrorCode::kUnacceptableCredential, "Username must not be empty"};
  if (name.size() > ScramUsers::kNameBytesMax) {
    return {ErrorCode::kUnacceptableCredential, "Username is too long"};
  }
  if (mechanism != kSha256 && mechanism != kSha512) {
    return {ErrorCode::kUnsupportedSaslMechanism, "Unknown SCRAM mechanism"};
  }
  return {};
}

ApiError check(const ScramUsers& users, const Request::ScramCredentialDeletion& deletion) {
  ApiError error = check_user(deletion.name, deletion.mechanism);
  if (!error.ok()) return error;
  if (!users.find_scram(hash_of_mechanism(deletion.mechanism), deletion.name)) {
    return {ErrorCode::kResourceNotFound,
            "Attempt to delete a user credential that does not exist"};
  }
  return {};
}

ApiError check(const ScramUsers& users, const Request::ScramCredentialUpsertion& upsertion) {
  ApiError error = check_user(upsertion.name, upsertion.mechanism);
  if (!error.ok()) return error;
  if (upsertion.iterations < auth::kMinScramIterations) {
    return {ErrorCode::kUnacceptableCredential, "Too few iterations"};
  }
  if (upsertion.iterations > kIterationsMax) {
    return {ErrorCode::kUnacceptableCredential, "Too many iterations"};
  }
  if (users.is_full() && !users.all().contains(upsertion.name)) {
    return {ErrorCode::kPolicyViolation, "there are too many users"};
  }
  return {};
}

// From the salted password to what a server keeps (RFC 5802 §3).
auth::ScramCredential credential_of(const Request::ScramCredentialUpsertion& upsertion) {
  const auth::Hash hash = hash_of_mechanism(upsertion.mechanism);
  const auth::Digest client_key =
      auth::hmac(hash, upsertion.salted_password, as_bytes("Client Key"));
  auth::ScramCredential credential;
  credential.salt = as_text(upsertion.salt);
  credential.iterations = upsertion.iterations;
  credential.stored_key = auth::hash_of(hash, client_key.bytes());
  credential.server_key = auth::hmac(hash, upsertion.salted_password, as_bytes("Server Key"));
  return credential;
}

// Each user's fault; a user named twice has one.
std::map<std::string_view, ApiError> check_all(const ScramUsers& users, const Request& request) {
  std::map<std::string_view, ApiError> errors;
  const auto add = [&errors](std::string_view name, ApiError error) {
    const auto [found, is_new] = errors.try_emplace(name, std::move(error));
    if (is_new || !found->second.ok()) return;
    found->second = {ErrorCode::kDuplicateResource,
                     "A user credential cannot be altered twice in the same request"};
  };
  for (const auto& deletion : request.deletions) add(deletion.name, check(users, deletion));
  for (const auto& upsertion : request.upsertions) add(upsertion.name, check(users, upsertion));
  return errors;
}

void alter_user_scram_credentials(const Call<Request>& call, Response& response) {
  ScramUsers& users = call.node.security().scram();
  std::map<std::string_view, ApiError> errors = check_all(users, call.message);
  if (!may_cluster(call, AclOperation::kAlter)) {
    for (auto& [name, error] : errors) {
      error = {ErrorCode::kClusterAuthorizationFailed, std::string(kNotForYou)};
    }
  }
  for (const auto& deletion : call.message.deletions) {
    if (errors[deletion.name].ok()) {
      users.erase(deletion.name, hash_of_mechanism(deletion.mechanism));
    }
  }
  for (const auto& upsertion : call.message.upsertions) {
    if (!errors[upsertion.name].ok()) continue;
    users.put(upsertion.name, hash_of_mechanism(upsertion.mechanism), credential_of(upsertion));
    ODK_LOG(info, "user altered", kv("user", upsertion.name));
  }
  response.results = call.arena.array<Response::AlterUserScramCredentialsResult>(errors.size());
  size_t next = 0;
  for (const auto& [name, error] : errors) {
    auto& answer = response.results[next++];
    answer.user = name;
    answer.error_code = proto::to_number(error.code);
    answer.error_message = error.ok() ? std::string_view() : call.arena.copy(error.message);
  }
}

}  // namespace

constinit const HandlerInfo kAlterUserScramCredentialsApi{
    proto::ApiKey::kAlterUserScramCredentials, 0, 0, answer<Request, alter_user_scram_credentials>};

}  // namespace odradek::broker
