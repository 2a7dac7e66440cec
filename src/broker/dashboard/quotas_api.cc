// Quotas of users, client ids and addresses.

#include "broker/dashboard/operations.h"
#include "proto/messages/alter_client_quotas_request.h"
#include "proto/messages/alter_client_quotas_response.h"
#include "proto/messages/describe_client_quotas_request.h"
#include "proto/messages/describe_client_quotas_response.h"

namespace odradek::broker::dashboard {
namespace {

using proto::AlterClientQuotasRequest;
using Entity = AlterClientQuotasRequest::EntityData;
using Op = AlterClientQuotasRequest::OpData;

Json quota_json(const proto::DescribeClientQuotasResponse::EntryData& entry) {
  Json entity = Json::object();
  for (const auto& part : entry.entity) {
    entity[std::string(part.entity_type)] = text_json(part.entity_name);
  }
  Json values = Json::object();
  for (const auto& each : entry.values) values[std::string(each.key)] = each.value;
  return {{"entity", std::move(entity)}, {"values", std::move(values)}};
}

// Views of the body's members, which must outlive them.
Result<std::vector<Entity>> read_entity(const Json& body) {
  ODK_TRY(const Json* members, object_member(body, "entity"));
  if (members == nullptr || members->empty()) {
    return Error(Errc::kInvalidArgument, "\"entity\" says whom the quota is for");
  }
  std::vector<Entity> entity;
  for (const auto& [type, name] : members->items()) {
    if (!name.is_string() && !name.is_null()) {
      return Error(Errc::kInvalidArgument, "names in \"entity\" are texts, or null: the default");
    }
    Entity& part = entity.emplace_back();
    part.entity_type = type;
    part.entity_name = {};
    if (name.is_string()) part.entity_name = name.get_ref<const std::string&>();
  }
  return entity;
}

Result<std::vector<Op>> read_changes(const Json& body) {
  ODK_TRY(const Json* set, object_member(body, "set"));
  ODK_TRY(const Json* reset, array_member(body, "reset"));
  std::vector<Op> ops;
  if (set != nullptr) {
    for (const auto& [key, value] : set->items()) {
      if (!value.is_number()) {
        return Error(Errc::kInvalidArgument, "the values of \"set\" must be numbers");
      }
      ops.push_back({key, value.get<double>(), false, {}});
    }
  }
  for (size_t i = 0; reset != nullptr && i < reset->size(); ++i) {
    if (!(*reset)[i].is_string()) {
      return Error(Errc::kInvalidArgument, "\"reset\" must be a list of names");
    }
    ops.push_back({(*reset)[i].get_ref<const std::string&>(), 0, true, {}});
  }
  if (ops.empty()) return Error(Errc::kInvalidArgument, "nothing to change");
  return ops;
}

}  // namespace

io::Task<Result<Json>> list_quotas(ApiContext& context, ApiCall /*call*/) {
  proto::DescribeClientQuotasRequest request;
  request.components = proto::empty_array<proto::DescribeClientQuotasRequest::ComponentData>();
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  ODK_CO_TRY_VOID(check_answer(answer.message.error_code, answer.message.error_message, ""));
  Json quotas = Json::array();
  for (const auto& entry : answer.message.entries) quotas.push_back(quota_json(entry));
  co_return Json{{"quotas", std::move(quotas)}};
}

io::Task<Result<Json>> change_quotas(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(std::vector<Entity> entity, read_entity(call.body));
  ODK_CO_TRY(std::vector<Op> ops, read_changes(call.body));
  AlterClientQuotasRequest::EntryData entry;
  entry.entity = proto::array_of(entity);
  entry.ops = proto::array_of(ops);
  AlterClientQuotasRequest request;
  request.entries = {&entry, 1};
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  const auto& result = answer.message.entries[0];
  ODK_CO_TRY_VOID(check_answer(result.error_code, result.error_message, ""));
  co_return Json::object();
}

}  // namespace odradek::broker::dashboard
