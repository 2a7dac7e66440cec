// Access control entries: listed, added, removed.

#include <algorithm>
#include <span>

#include "broker/dashboard/operations.h"
#include "broker/security/acl.h"
#include "proto/acl_names.h"
#include "proto/messages/create_acls_request.h"
#include "proto/messages/create_acls_response.h"
#include "proto/messages/delete_acls_request.h"
#include "proto/messages/delete_acls_response.h"
#include "proto/messages/describe_acls_request.h"
#include "proto/messages/describe_acls_response.h"

namespace odradek::broker::dashboard {
namespace {

using proto::ErrorCode;

constexpr int8_t kAny = 1;

using Names = std::span<const std::string_view>;

std::string_view name_of(Names names, int8_t number) {
  const auto index = static_cast<uint8_t>(number);
  return index < names.size() ? names[index] : names[0];
}

Result<int8_t> number_member_of(const Json& body, const char* name, Names names,
                                std::optional<std::string> otherwise = std::nullopt) {
  ODK_TRY(const std::string text, text_member(body, name, std::move(otherwise)));
  const auto found = std::ranges::find(names, text);
  if (found == names.end() || found == names.begin()) {
    return Error(Errc::kInvalidArgument, "\"" + std::string(name) + "\" cannot be " + text);
  }
  return static_cast<int8_t>(found - names.begin());
}

// One entry as a request's body has it.
struct Entry {
  int8_t type = 0;
  int8_t pattern = 0;
  int8_t operation = 0;
  int8_t permission = 0;
  std::string name;
  std::string principal;
  std::string host;
};

Result<Entry> read_entry(const Json& body) {
  Entry entry;
  ODK_TRY(entry.type, number_member_of(body, "resource_type", proto::kResourceTypeNames));
  ODK_TRY(entry.pattern, number_member_of(body, "pattern", proto::kPatternTypeNames, "LITERAL"));
  ODK_TRY(entry.operation, number_member_of(body, "operation", proto::kAclOperationNames));
  ODK_TRY(entry.permission,
          number_member_of(body, "permission", proto::kAclPermissionNames, "ALLOW"));
  ODK_TRY(entry.name, text_member(body, "resource_name"));
  ODK_TRY(entry.principal, text_member(body, "principal"));
  ODK_TRY(entry.host, text_member(body, "host", "*"));
  return entry;
}

}  // namespace

io::Task<Result<Json>> list_acls(ApiContext& context, ApiCall /*call*/) {
  proto::DescribeAclsRequest request;
  request.resource_type_filter = request.pattern_type_filter = kAny;
  request.operation = request.permission_type = kAny;
  request.resource_name_filter = request.principal_filter = request.host_filter = {};
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  Json acls = Json::array();
  const int16_t code = answer.message.error_code;
  const bool enabled = code != proto::to_number(ErrorCode::kSecurityDisabled);
  if (!enabled) co_return Json{{"enabled", false}, {"acls", std::move(acls)}};
  ODK_CO_TRY_VOID(check_answer(code, answer.message.error_message, ""));
  for (const auto& resource : answer.message.resources) {
    for (const auto& acl : resource.acls) {
      acls.push_back({{"resource_type", name_of(proto::kResourceTypeNames, resource.resource_type)},
                      {"resource_name", std::string(resource.resource_name)},
                      {"pattern", name_of(proto::kPatternTypeNames, resource.pattern_type)},
                      {"principal", std::string(acl.principal)},
                      {"host", std::string(acl.host)},
                      {"operation", name_of(proto::kAclOperationNames, acl.operation)},
                      {"permission", name_of(proto::kAclPermissionNames, acl.permission_type)}});
    }
  }
  co_return Json{{"enabled", true}, {"acls", std::move(acls)}};
}

io::Task<Result<Json>> create_acl(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(const Entry entry, read_entry(call.body));
  proto::CreateAclsRequest::AclCreation acl;
  acl.resource_type = entry.type;
  acl.resource_name = entry.name;
  acl.resource_pattern_type = entry.pattern;
  acl.principal = entry.principal;
  acl.host = entry.host;
  acl.operation = entry.operation;
  acl.permission_type = entry.permission;
  proto::CreateAclsRequest request;
  request.creations = {&acl, 1};
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  const auto& result = answer.message.results[0];
  ODK_CO_TRY_VOID(check_answer(result.error_code, result.error_message, ""));
  co_return Json::object();
}

io::Task<Result<Json>> delete_acl(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(const Entry entry, read_entry(call.body));
  proto::DeleteAclsRequest::DeleteAclsFilter filter;
  filter.resource_type_filter = entry.type;
  filter.resource_name_filter = entry.name;
  filter.pattern_type_filter = entry.pattern;
  filter.principal_filter = entry.principal;
  filter.host_filter = entry.host;
  filter.operation = entry.operation;
  filter.permission_type = entry.permission;
  proto::DeleteAclsRequest request;
  request.filters = {&filter, 1};
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  const auto& result = answer.message.filter_results[0];
  ODK_CO_TRY_VOID(check_answer(result.error_code, result.error_message, ""));
  if (result.matching_acls.empty()) co_return Error(Errc::kNotFound, "there is no such entry");
  co_return Json::object();
}

}  // namespace odradek::broker::dashboard
