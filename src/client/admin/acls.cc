// Admin::describe_acls, create_acls and delete_acls.
#include <numeric>

#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/create_acls_request.h"
#include "proto/messages/create_acls_response.h"
#include "proto/messages/delete_acls_request.h"
#include "proto/messages/delete_acls_response.h"
#include "proto/messages/describe_acls_request.h"
#include "proto/messages/describe_acls_response.h"

namespace odradek::client {
namespace {

using Acls = std::vector<kafka::Acl>;

// `Item` is DescribeAclsRequest or the like of it in a list of filters; `filter` outlives it.
template <class Item>
void fill(Item& item, const kafka::AclFilter& filter) {
  item.resource_type_filter = static_cast<int8_t>(filter.resource);
  item.resource_name_filter = nullable(filter.name);
  item.pattern_type_filter = static_cast<int8_t>(filter.pattern);
  item.principal_filter = nullable(filter.principal);
  item.host_filter = nullable(filter.host);
  item.operation = static_cast<int8_t>(filter.operation);
  item.permission_type = static_cast<int8_t>(filter.permission);
}

// `resource` and `entry` may be the same struct.
template <class Described, class Entry>
kafka::Acl acl_of(const Described& resource, const Entry& entry) {
  return {.resource = static_cast<kafka::AclResource>(resource.resource_type),
          .name = std::string(resource.resource_name),
          .pattern = static_cast<kafka::AclPattern>(resource.pattern_type),
          .principal = std::string(entry.principal),
          .host = std::string(entry.host),
          .operation = static_cast<kafka::AclOperation>(entry.operation),
          .permission = static_cast<kafka::AclPermission>(entry.permission_type)};
}

io::Task<Result<Acls>> describe_acls(Cluster& cluster, kafka::AclFilter filter,
                                     MonotonicTime deadline) {
  proto::DescribeAclsRequest request;
  fill(request, filter);
  auto answer = co_await admin_call(cluster, kAnyBroker, request, "describe ACLs", deadline);
  if (!answer) co_return answer.error();
  Acls acls;
  for (const auto& resource : answer->message.resources) {
    for (const auto& entry : resource.acls) acls.push_back(acl_of(resource, entry));
  }
  co_return acls;
}

// Answers come in the order of the request; so keys are positions.
std::vector<size_t> positions(size_t count) {
  std::vector<size_t> positions(count);
  std::iota(positions.begin(), positions.end(), size_t{0});
  return positions;
}

struct CreateAcls {
  using Request = proto::CreateAclsRequest;
  using Key = size_t;
  using Value = void;
  static constexpr std::string_view kDoing = "create ACL";

  Acls acls;
  std::vector<Request::AclCreation> items{};

  Request request(const std::vector<Key>& keys) {
    items.resize(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      const kafka::Acl& acl = acls[keys[i]];
      items[i].resource_type = static_cast<int8_t>(acl.resource);
      items[i].resource_name = acl.name;
      items[i].resource_pattern_type = static_cast<int8_t>(acl.pattern);
      items[i].principal = acl.principal;
      items[i].host = acl.host;
      items[i].operation = static_cast<int8_t>(acl.operation);
      items[i].permission_type = static_cast<int8_t>(acl.permission);
    }
    Request request;
    request.creations = proto::array_of(items);
    return request;
  }
  static Result<void> read(const proto::CreateAclsResponse& response, const std::vector<Key>& keys,
                           Replies<Key, Value>& replies) {
    for (size_t i = 0; i < std::min(keys.size(), response.results.size()); ++i) {
      replies.settle(keys[i], response.results[i].error_code, response.results[i].error_message);
    }
    return {};
  }
};

io::Task<Result<std::vector<kafka::AclOutcome>>> create_acls(Cluster& cluster, Acls acls,
                                                             MonotonicTime deadline) {
  const Acls asked = acls;
  auto replies = co_await ask(cluster, Route::kController, CreateAcls{.acls = std::move(acls)},
                              positions(asked.size()), deadline);
  std::vector<kafka::AclOutcome> outcomes;
  ODK_CO_TRY_VOID(std::move(replies).each([&](size_t at, kafka::Result<void> result) {
    outcomes.push_back({asked[at], std::move(result)});
  }));
  co_return outcomes;
}

struct DeleteAcls {
  using Request = proto::DeleteAclsRequest;
  using Key = size_t;
  using Value = std::vector<kafka::AclOutcome>;
  static constexpr std::string_view kDoing = "delete ACLs of filter";

  std::vector<kafka::AclFilter> filters;
  std::vector<Request::DeleteAclsFilter> items{};

  Request request(const std::vector<Key>& keys) {
    items.resize(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) fill(items[i], filters[keys[i]]);
    Request request;
    request.filters = proto::array_of(items);
    return request;
  }
  static Result<void> read(const proto::DeleteAclsResponse& response, const std::vector<Key>& keys,
                           Replies<Key, Value>& replies) {
    for (size_t i = 0; i < std::min(keys.size(), response.filter_results.size()); ++i) {
      const auto& result = response.filter_results[i];
      if (result.error_code != 0) {
        replies.fail(keys[i], result.error_code, result.error_message);
        continue;
      }
      Value deleted;
      for (const auto& acl : result.matching_acls) {
        deleted.push_back(
            {acl_of(acl, acl), public_outcome(acl.error_code, acl.error_message, "delete ACL")});
      }
      replies.set(keys[i], std::move(deleted));
    }
    return {};
  }
};

io::Task<Result<std::vector<kafka::AclDeletion>>> delete_acls(Cluster& cluster,
                                                              std::vector<kafka::AclFilter> filters,
                                                              MonotonicTime deadline) {
  const std::vector<kafka::AclFilter> asked = filters;
  auto replies =
      co_await ask(cluster, Route::kController, DeleteAcls{.filters = std::move(filters)},
                   positions(asked.size()), deadline);
  std::vector<kafka::AclDeletion> deletions;
  ODK_CO_TRY_VOID(std::move(replies).each([&](size_t at, kafka::Result<DeleteAcls::Value> result) {
    deletions.push_back({asked[at], std::move(result)});
  }));
  co_return deletions;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<Acl>> Admin::describe_acls(AclFilter filter, Wait wait) {
  return client::start<std::vector<Acl>>(core_, wait, client::describe_acls, std::move(filter));
}

Op<std::vector<AclOutcome>> Admin::create_acls(std::vector<Acl> acls, Wait wait) {
  return client::start<std::vector<AclOutcome>>(core_, wait, client::create_acls, std::move(acls));
}

Op<std::vector<AclDeletion>> Admin::delete_acls(std::vector<AclFilter> filters, Wait wait) {
  return client::start<std::vector<AclDeletion>>(core_, wait, client::delete_acls,
                                                 std::move(filters));
}

}  // namespace odradek::kafka
