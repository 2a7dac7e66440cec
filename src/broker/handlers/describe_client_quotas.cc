// DescribeClientQuotas: quotas by entity. Source: KIP-546; ClientQuotasImage of Kafka 4.

#include <fmt/format.h>

#include <set>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/describe_client_quotas_request.h"
#include "proto/messages/describe_client_quotas_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DescribeClientQuotasRequest;
using Response = proto::DescribeClientQuotasResponse;

ApiError invalid(std::string message) { return {ErrorCode::kInvalidRequest, std::move(message)}; }

ApiError check(const Request::ComponentData& asked) {
  const std::string_view type = asked.entity_type;
  if (type.empty()) return invalid("Invalid empty entity type.");
  if (type != kUserEntity && type != kClientEntity && type != kIpEntity) {
    return {ErrorCode::kUnsupportedVersion, fmt::format("Unsupported entity type {}", type)};
  }
  const bool has_name = !is_null(asked.match);
  switch (static_cast<QuotaFilter::Match>(asked.match_type)) {
    case QuotaFilter::Match::kExact:
      return has_name ? ApiError{} : invalid("an exact match needs a name");
    case QuotaFilter::Match::kDefault:
    case QuotaFilter::Match::kSpecified:
      return has_name ? invalid("only an exact match has a name") : ApiError{};
  }
  return invalid(fmt::format("Unknown match type {}", asked.match_type));
}

ApiError read_filter(const Request& request, QuotaFilter& filter) {
  std::set<std::string_view> types;
  for (const auto& asked : request.components) {
    ApiError error = check(asked);
    if (!error.ok()) return error;
    if (!types.insert(asked.entity_type).second) {
      return invalid(fmt::format("Entity type {} cannot appear more than once in the filter.",
                                 asked.entity_type));
    }
    filter.components.push_back(
        {asked.entity_type, static_cast<QuotaFilter::Match>(asked.match_type), asked.match});
  }
  if (types.contains(kIpEntity) && types.size() > 1) {
    return invalid("an ip cannot be combined with a user or client-id in the filter");
  }
  filter.strict = request.strict;
  return {};
}

void tell(const QuotaEntity& entity, const QuotaStore::Values& values, Arena& arena,
          Response::EntryData& answer) {
  answer.entity = arena.array<Response::EntityData>(entity.size());
  size_t next = 0;
  for (const auto& [type, name] : entity) {
    answer.entity[next].entity_type = type;
    answer.entity[next++].entity_name = name ? std::string_view(*name) : std::string_view();
  }
  std::span<Response::ValueData> told = arena.array<Response::ValueData>(values.size());
  size_t count = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    told[count].key = quota_key_name(static_cast<QuotaKey>(i));
    told[count++].value = *values[i];
  }
  answer.values = told.first(count);
}

void describe_client_quotas(const Call<Request>& call, Response& response) {
  response.error_message = "";
  QuotaFilter filter;
  ApiError error;
  if (!may_cluster(call, AclOperation::kDescribeConfigs)) {
    error = {ErrorCode::kClusterAuthorizationFailed, ""};
  } else {
    error = read_filter(call.message, filter);
  }
  if (!error.ok()) {
    response.error_code = proto::to_number(error.code);
    response.error_message = {};
    if (!error.message.empty()) response.error_message = call.arena.copy(error.message);
    response.entries = {};
    return;
  }
  const auto& all = call.node.security().quotas().store().all();
  std::span<Response::EntryData> entries = call.arena.array<Response::EntryData>(all.size());
  size_t count = 0;
  for (const auto& [entity, values] : all) {
    if (filter.matches(entity)) tell(entity, values, call.arena, entries[count++]);
  }
  response.entries = entries.first(count);
}

}  // namespace

constinit const HandlerInfo kDescribeClientQuotasApi{proto::ApiKey::kDescribeClientQuotas, 0, 1,
                                                     answer<Request, describe_client_quotas>};

}  // namespace odradek::broker
