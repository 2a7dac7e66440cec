// Users whose SCRAM passwords clients may alter while the broker runs.

#include "auth/scram_credential.h"
#include "base/secret.h"
#include "broker/dashboard/operations.h"
#include "broker/security/security_records.h"
#include "proto/messages/alter_user_scram_credentials_request.h"
#include "proto/messages/alter_user_scram_credentials_response.h"
#include "proto/messages/describe_user_scram_credentials_request.h"
#include "proto/messages/describe_user_scram_credentials_response.h"

namespace odradek::broker::dashboard {
namespace {

using proto::AlterUserScramCredentialsRequest;
using Described = proto::DescribeUserScramCredentialsResponse;

constexpr int64_t kIterationsMax = 16'384;
constexpr size_t kSaltBytes = 24;

std::string_view mechanism_name(int8_t number) {
  const std::optional<auth::Hash> hash = scram_hash_of(number);
  return hash ? auth::scram_mechanism(*hash) : "UNKNOWN";
}

Json user_json(const Described::DescribeUserScramCredentialsResult& user) {
  Json mechanisms = Json::array();
  for (const auto& info : user.credential_infos) {
    mechanisms.push_back(
        {{"mechanism", mechanism_name(info.mechanism)}, {"iterations", info.iterations}});
  }
  return {{"name", std::string(user.user)}, {"mechanisms", std::move(mechanisms)}};
}

// A password as the request carries it: salted, never itself.
struct Salted {
  int8_t mechanism = 0;
  std::string salt;
  auth::Digest password;
};

Salted salted(auth::Hash hash, const Secret& password, int32_t iterations) {
  Salted made;
  made.mechanism = scram_mechanism_number(hash);
  made.salt = auth::random_bytes(kSaltBytes);
  made.password = auth::pbkdf2(hash, password.reveal(), as_bytes(made.salt), iterations);
  return made;
}

// Which mechanisms a body names; both when it names none.
Result<std::vector<auth::Hash>> read_mechanisms(const Json& body) {
  std::vector<auth::Hash> both = {auth::Hash::kSha256, auth::Hash::kSha512};
  ODK_TRY(const Json* names, array_member(body, "mechanisms"));
  if (names == nullptr) return both;
  std::vector<auth::Hash> chosen;
  for (const auth::Hash hash : both) {
    const Json name(auth::scram_mechanism(hash));
    for (const Json& each : *names) {
      if (each == name) chosen.push_back(hash);
    }
  }
  if (chosen.empty() || chosen.size() != names->size()) {
    return Error(Errc::kInvalidArgument, "mechanisms are SCRAM-SHA-256 and SCRAM-SHA-512");
  }
  return chosen;
}

io::Task<Result<Json>> alter(ApiContext& context, AlterUserScramCredentialsRequest request) {
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  for (const auto& result : answer.message.results) {
    ODK_CO_TRY_VOID(check_answer(result.error_code, result.error_message, ""));
  }
  co_return Json::object();
}

}  // namespace

io::Task<Result<Json>> list_users(ApiContext& context, ApiCall /*call*/) {
  proto::DescribeUserScramCredentialsRequest request;
  request.users = {};  // all
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  ODK_CO_TRY_VOID(check_answer(answer.message.error_code, answer.message.error_message, ""));
  Json users = Json::array();
  for (const auto& user : answer.message.results) users.push_back(user_json(user));
  co_return Json{{"users", std::move(users)}};
}

io::Task<Result<Json>> set_user(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(const std::string name, text_member(call.body, "name"));
  ODK_CO_TRY(std::string given, text_member(call.body, "password"));
  const Secret password(std::move(given));
  ODK_CO_TRY(const int64_t iterations,
             number_member(call.body, "iterations", {auth::kMinScramIterations, kIterationsMax},
                           auth::kMinScramIterations));
  ODK_CO_TRY(const std::vector<auth::Hash> hashes, read_mechanisms(call.body));
  if (password.empty()) co_return Error(Errc::kInvalidArgument, "a user needs a password");
  ODK_CO_TRY_VOID(auth::check_sasl_text("user name", name));
  ODK_CO_TRY_VOID(auth::check_sasl_text("password", password.reveal()));
  // A request may alter a user once, so each mechanism has its own.
  for (const auth::Hash hash : hashes) {
    const Salted credential = salted(hash, password, static_cast<int32_t>(iterations));
    AlterUserScramCredentialsRequest::ScramCredentialUpsertion upsertion;
    upsertion.name = name;
    upsertion.mechanism = credential.mechanism;
    upsertion.iterations = static_cast<int32_t>(iterations);
    upsertion.salt = as_bytes(credential.salt);
    upsertion.salted_password = credential.password.bytes();
    AlterUserScramCredentialsRequest request;
    request.upsertions = {&upsertion, 1};
    const Result<Json> done = co_await alter(context, request);
    if (!done) co_return done.error();
  }
  co_return Json::object();
}

io::Task<Result<Json>> delete_user(ApiContext& context, ApiCall call) {
  const std::string& name = call.name(0);
  ODK_CO_TRY(const Json listed, co_await list_users(context, ApiCall()));
  bool found = false;
  for (const Json& user : listed["users"]) {
    if (user["name"] != name) continue;
    for (const Json& each : user["mechanisms"]) {
      found = true;
      const bool is_256 = each["mechanism"] == auth::scram_mechanism(auth::Hash::kSha256);
      AlterUserScramCredentialsRequest::ScramCredentialDeletion deletion;
      deletion.name = name;
      deletion.mechanism =
          scram_mechanism_number(is_256 ? auth::Hash::kSha256 : auth::Hash::kSha512);
      AlterUserScramCredentialsRequest request;
      request.deletions = {&deletion, 1};
      const Result<Json> done = co_await alter(context, request);
      if (!done) co_return done.error();
    }
  }
  if (!found) co_return Error(Errc::kNotFound, "there is no such user");
  co_return Json::object();
}

}  // namespace odradek::broker::dashboard
