// AlterUserScramCredentials: sets and removes credentials; a user with a fault is left as it was.
// Source: KIP-554; ScramControlManager of Kafka 4.

#include <map>
#include <set>

#include "base/log.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/security/security_records.h"
#include "proto/messages/alter_user_scram_credentials_request.h"
#include "proto/messages/alter_user_scram_credentials_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::AlterUserScramCredentialsRequest;
using Response = proto::AlterUserScramCredentialsResponse;

constexpr int32_t kIterationsMax = 16'384;

ApiError check_user(std::string_view name, int8_t mechanism) {
  if (name.empty()) return {ErrorCode::kUnacceptableCredential, "Username must not be empty"};
  if (name.size() > ScramUsers::kNameBytesMax) {
    return {ErrorCode::kUnacceptableCredential, "Username is too long"};
  }
  if (!scram_hash_of(mechanism)) {
    return {ErrorCode::kUnsupportedSaslMechanism, "Unknown SCRAM mechanism"};
  }
  return {};
}

ApiError check(const ScramUsers& users, const Request::ScramCredentialDeletion& deletion) {
  ApiError error = check_user(deletion.name, deletion.mechanism);
  if (!error.ok()) return error;
  if (!users.find_scram(*scram_hash_of(deletion.mechanism), deletion.name)) {
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
  const auth::Hash hash = *scram_hash_of(upsertion.mechanism);
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

using Errors = std::map<std::string_view, ApiError>;

// Does what has no fault; all or nothing of it.
ApiError alter(Node& node, const Request& request, const Errors& errors) {
  const auto is_good = [&errors](const auto& asked) { return errors.at(asked.name).ok(); };
  ScramUsers& users = node.security().scram();
  MetadataBatch batch;
  std::map<std::string_view, auth::ScramCredential> credentials;
  for (const auto& deletion : request.deletions) {
    if (!is_good(deletion)) continue;
    batch.add(removal_of(deletion.name, *scram_hash_of(deletion.mechanism)));
  }
  for (const auto& upsertion : request.upsertions) {
    if (!is_good(upsertion)) continue;
    const auto& made = credentials[upsertion.name] = credential_of(upsertion);
    batch.add(record_of(upsertion.name, *scram_hash_of(upsertion.mechanism), made));
  }
  ApiError written = node.commit(batch);
  if (!written.ok()) return written;
  for (const auto& deletion : request.deletions) {
    if (is_good(deletion)) users.erase(deletion.name, *scram_hash_of(deletion.mechanism));
  }
  for (const auto& upsertion : request.upsertions) {
    if (!is_good(upsertion)) continue;
    users.put(upsertion.name, *scram_hash_of(upsertion.mechanism),
              std::move(credentials[upsertion.name]));
    ODK_LOG(info, "user altered", kv("user", upsertion.name));
  }
  return {};
}

void alter_user_scram_credentials(const Call<Request>& call, Response& response) {
  Errors errors = check_all(call.node.security().scram(), call.message);
  if (!may_cluster(call, AclOperation::kAlter)) {
    for (auto& [name, error] : errors) {
      error = {ErrorCode::kClusterAuthorizationFailed, std::string(kNotForYou)};
    }
  }
  const ApiError written = alter(call.node, call.message, errors);
  response.results = call.arena.array<Response::AlterUserScramCredentialsResult>(errors.size());
  size_t next = 0;
  for (const auto& [name, fault] : errors) {
    const ApiError& error = fault.ok() ? written : fault;
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
