// Admin::alter_scram_users (KIP-554).
#include <set>

#include "auth/crypto.h"
#include "auth/scram_credential.h"
#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/alter_user_scram_credentials_request.h"
#include "proto/messages/alter_user_scram_credentials_response.h"

namespace odradek::client {
namespace {

// A password as the broker gets it: salted and stretched, so that it never leaves this process.
struct Credential {
  std::string user;
  int8_t mechanism = 0;
  int32_t iterations = 0;
  std::string salt;
  auth::Digest salted_password;
};

constexpr size_t kSaltBytes = 32;
constexpr int32_t kMaxIterations = 16384;  // Kafka's own limit

Result<Credential> stretch(const kafka::ScramUpsert& upsert) {
  if (upsert.iterations < auth::kMinScramIterations || upsert.iterations > kMaxIterations) {
    return Error(Errc::kInvalidArgument,
                 fmt::format("iterations of {}: {} is not within {} and {}", upsert.user,
                             upsert.iterations, auth::kMinScramIterations, kMaxIterations));
  }
  const bool is_sha256 = upsert.mechanism == kafka::ScramMechanism::sha256;
  Credential credential{.user = upsert.user,
                        .mechanism = static_cast<int8_t>(upsert.mechanism),
                        .iterations = upsert.iterations,
                        .salt = auth::random_bytes(kSaltBytes),
                        .salted_password = {}};
  credential.salted_password =
      auth::pbkdf2(is_sha256 ? auth::Hash::kSha256 : auth::Hash::kSha512, upsert.password.reveal(),
                   as_bytes(credential.salt), upsert.iterations);
  return credential;
}

struct AlterScramUsers {
  using Request = proto::AlterUserScramCredentialsRequest;
  using Key = std::string;
  using Value = void;
  static constexpr std::string_view kDoing = "alter SCRAM user";

  std::vector<Credential> upserts;
  std::vector<kafka::ScramDeletion> deletions;
  std::vector<Request::ScramCredentialUpsertion> upsert_items{};
  std::vector<Request::ScramCredentialDeletion> deletion_items{};

  Request request(const std::vector<Key>& users) {
    const std::set<std::string> wanted(users.begin(), users.end());
    for (const Credential& credential : upserts) {
      if (!wanted.contains(credential.user)) continue;
      auto& item = upsert_items.emplace_back();
      item.name = credential.user;
      item.mechanism = credential.mechanism;
      item.iterations = credential.iterations;
      item.salt = as_bytes(credential.salt);
      item.salted_password = credential.salted_password.bytes();
    }
    for (const kafka::ScramDeletion& deletion : deletions) {
      if (!wanted.contains(deletion.user)) continue;
      auto& item = deletion_items.emplace_back();
      item.name = deletion.user;
      item.mechanism = static_cast<int8_t>(deletion.mechanism);
    }
    Request request;
    request.upsertions = proto::array_of(upsert_items);
    request.deletions = proto::array_of(deletion_items);
    return request;
  }
  static Result<void> read(const proto::AlterUserScramCredentialsResponse& response,
                           const std::vector<Key>&, Replies<Key, Value>& replies) {
    for (const auto& result : response.results) {
      replies.settle(std::string(result.user), result.error_code, result.error_message);
    }
    return {};
  }
};

io::Task<Result<std::vector<kafka::Outcome>>> alter_scram_users(Cluster& cluster,
                                                                AlterScramUsers api,
                                                                MonotonicTime deadline) {
  std::set<std::string> users;
  for (const Credential& credential : api.upserts) users.insert(credential.user);
  for (const kafka::ScramDeletion& deletion : api.deletions) users.insert(deletion.user);
  std::vector<std::string> keys(users.begin(), users.end());
  co_return co_await ask_items(cluster, Route::kController, std::move(api), std::move(keys),
                               deadline);
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<Outcome>> Admin::alter_scram_users(ScramChanges changes, Wait wait) {
  client::AlterScramUsers api{.upserts = {}, .deletions = std::move(changes.deletions)};
  for (const ScramUpsert& upsert : changes.upserts) {
    auto credential = client::stretch(upsert);
    if (!credential) {
      return Op<std::vector<Outcome>>::ready(client::to_public(credential.error()));
    }
    api.upserts.push_back(*std::move(credential));
  }
  return client::start<std::vector<Outcome>>(core_, wait, client::alter_scram_users,
                                             std::move(api));
}

}  // namespace odradek::kafka
