// Admin's calls about delegation tokens (KIP-48, KIP-373).
#include "client/admin/admin_call.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/create_delegation_token_request.h"
#include "proto/messages/create_delegation_token_response.h"
#include "proto/messages/describe_delegation_token_request.h"
#include "proto/messages/describe_delegation_token_response.h"
#include "proto/messages/expire_delegation_token_request.h"
#include "proto/messages/expire_delegation_token_response.h"
#include "proto/messages/renew_delegation_token_request.h"
#include "proto/messages/renew_delegation_token_response.h"

namespace odradek::client {
namespace {

// "User:alice" as type and name; a name alone is a user's.
std::pair<std::string_view, std::string_view> split_principal(std::string_view principal) {
  const size_t colon = principal.find(':');
  if (colon == std::string_view::npos) return {"User", principal};
  return {principal.substr(0, colon), principal.substr(colon + 1)};
}

std::string principal_of(std::string_view type, std::string_view name) {
  return fmt::format("{}:{}", type, name);
}

template <class Item>
std::vector<Item> principals(const std::vector<std::string>& names) {
  std::vector<Item> items(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    std::tie(items[i].principal_type, items[i].principal_name) = split_principal(names[i]);
  }
  return items;
}

io::Task<Result<kafka::DelegationToken>> create_token(Cluster& cluster,
                                                      std::vector<std::string> renewers,
                                                      std::chrono::milliseconds lifetime,
                                                      std::string owner, MonotonicTime deadline) {
  using Request = proto::CreateDelegationTokenRequest;
  auto items = principals<Request::CreatableRenewers>(renewers);
  Request request;
  request.renewers = proto::array_of(items);
  request.max_lifetime_ms = lifetime.count() == 0 ? -1 : lifetime.count();
  if (!owner.empty()) {
    std::tie(request.owner_principal_type, request.owner_principal_name) = split_principal(owner);
  }
  auto answer =
      co_await admin_call(cluster, kController, request, "create delegation token", deadline);
  if (!answer) co_return answer.error();
  const proto::CreateDelegationTokenResponse& response = answer->message;
  kafka::DelegationToken token;
  token.id = response.token_id;
  token.owner = principal_of(response.principal_type, response.principal_name);
  token.requester = response.token_requester_principal_name.empty()
                        ? token.owner
                        : principal_of(response.token_requester_principal_type,
                                       response.token_requester_principal_name);
  token.renewers = std::move(renewers);
  token.issued_ms = response.issue_timestamp_ms;
  token.expires_ms = response.expiry_timestamp_ms;
  token.expires_at_latest_ms = response.max_timestamp_ms;
  token.hmac = as_text(response.hmac);
  co_return token;
}

io::Task<Result<int64_t>> renew_token(Cluster& cluster, std::string hmac,
                                      std::chrono::milliseconds period, MonotonicTime deadline) {
  proto::RenewDelegationTokenRequest request;
  request.hmac = as_bytes(hmac);
  request.renew_period_ms = period.count();
  auto answer =
      co_await admin_call(cluster, kController, request, "renew delegation token", deadline);
  if (!answer) co_return answer.error();
  co_return answer->message.expiry_timestamp_ms;
}

io::Task<Result<int64_t>> expire_token(Cluster& cluster, std::string hmac,
                                       std::chrono::milliseconds period, MonotonicTime deadline) {
  proto::ExpireDelegationTokenRequest request;
  request.hmac = as_bytes(hmac);
  request.expiry_time_period_ms = period.count();
  auto answer =
      co_await admin_call(cluster, kController, request, "expire delegation token", deadline);
  if (!answer) co_return answer.error();
  co_return answer->message.expiry_timestamp_ms;
}

kafka::DelegationToken token_of(
    const proto::DescribeDelegationTokenResponse::DescribedDelegationToken& item) {
  kafka::DelegationToken token;
  token.id = item.token_id;
  token.owner = principal_of(item.principal_type, item.principal_name);
  token.requester =
      principal_of(item.token_requester_principal_type, item.token_requester_principal_name);
  for (const auto& renewer : item.renewers) {
    token.renewers.push_back(principal_of(renewer.principal_type, renewer.principal_name));
  }
  token.issued_ms = item.issue_timestamp;
  token.expires_ms = item.expiry_timestamp;
  token.expires_at_latest_ms = item.max_timestamp;
  token.hmac = as_text(item.hmac);
  return token;
}

io::Task<Result<std::vector<kafka::DelegationToken>>> describe_tokens(
    Cluster& cluster, std::vector<std::string> owners, MonotonicTime deadline) {
  using Request = proto::DescribeDelegationTokenRequest;
  auto items = principals<Request::DescribeDelegationTokenOwner>(owners);
  Request request;
  request.owners = {};  // null: all
  if (!items.empty()) request.owners = proto::array_of(items);
  auto answer =
      co_await admin_call(cluster, kAnyBroker, request, "describe delegation tokens", deadline);
  if (!answer) co_return answer.error();
  std::vector<kafka::DelegationToken> tokens;
  for (const auto& item : answer->message.tokens) tokens.push_back(token_of(item));
  co_return tokens;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<DelegationToken> Admin::create_delegation_token(std::vector<std::string> renewers,
                                                   std::chrono::milliseconds lifetime,
                                                   std::string owner, Wait wait) {
  return client::start<DelegationToken>(core_, wait, client::create_token, std::move(renewers),
                                        lifetime, std::move(owner));
}

Op<int64_t> Admin::renew_delegation_token(std::string hmac, std::chrono::milliseconds period,
                                          Wait wait) {
  return client::start<int64_t>(core_, wait, client::renew_token, std::move(hmac), period);
}

Op<int64_t> Admin::expire_delegation_token(std::string hmac, std::chrono::milliseconds period,
                                           Wait wait) {
  return client::start<int64_t>(core_, wait, client::expire_token, std::move(hmac), period);
}

Op<std::vector<DelegationToken>> Admin::describe_delegation_tokens(std::vector<std::string> owners,
                                                                   Wait wait) {
  return client::start<std::vector<DelegationToken>>(core_, wait, client::describe_tokens,
                                                     std::move(owners));
}

}  // namespace odradek::kafka
