// Admin::describe_client_quotas and alter_client_quotas (KIP-546).
#include <map>

#include "client/admin/admin_call.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "client/error_map.h"
#include "proto/messages/alter_client_quotas_request.h"
#include "proto/messages/alter_client_quotas_response.h"
#include "proto/messages/describe_client_quotas_request.h"
#include "proto/messages/describe_client_quotas_response.h"

namespace odradek::client {
namespace {

template <class Items>
kafka::QuotaEntity entity_of(const Items& items) {
  kafka::QuotaEntity entity;
  for (const auto& item : items) {
    entity[std::string(item.entity_type)] = optional_text(item.entity_name);
  }
  return entity;
}

io::Task<Result<std::vector<kafka::ClientQuota>>> describe_client_quotas(
    Cluster& cluster, std::vector<kafka::QuotaFilter> filters, bool strict,
    MonotonicTime deadline) {
  std::vector<proto::DescribeClientQuotasRequest::ComponentData> components(filters.size());
  for (size_t i = 0; i < filters.size(); ++i) {
    components[i].entity_type = filters[i].entity_type;
    components[i].match_type = static_cast<int8_t>(filters[i].match);
    components[i].match = {};  // null: not by name
    if (filters[i].match == kafka::QuotaMatch::exact) components[i].match = filters[i].name;
  }
  proto::DescribeClientQuotasRequest request;
  request.components = proto::array_of(components);
  request.strict = strict;
  auto answer =
      co_await admin_call(cluster, kAnyBroker, request, "describe client quotas", deadline);
  if (!answer) co_return answer.error();
  std::vector<kafka::ClientQuota> quotas;
  for (const auto& entry : answer->message.entries) {
    kafka::ClientQuota& quota = quotas.emplace_back();
    quota.entity = entity_of(entry.entity);
    for (const auto& value : entry.values) quota.values[std::string(value.key)] = value.value;
  }
  co_return quotas;
}

using Request = proto::AlterClientQuotasRequest;

// The request's parts, which view `changes`.
struct Entries {
  explicit Entries(const std::vector<kafka::QuotaChange>& changes);

  std::vector<std::vector<Request::EntityData>> entities;
  std::vector<std::vector<Request::OpData>> operations;
  std::vector<Request::EntryData> entries;
};

Entries::Entries(const std::vector<kafka::QuotaChange>& changes)
    : entities(changes.size()), operations(changes.size()), entries(changes.size()) {
  for (size_t i = 0; i < changes.size(); ++i) {
    for (const auto& [type, name] : changes[i].entity) {
      auto& entity = entities[i].emplace_back();
      entity.entity_type = type;
      entity.entity_name = nullable(name);
    }
    for (const auto& [key, value] : changes[i].values) {
      auto& operation = operations[i].emplace_back();
      operation.key = key;
      operation.value = value.value_or(0);
      operation.remove = !value.has_value();
    }
    entries[i].entity = proto::array_of(entities[i]);
    entries[i].ops = proto::array_of(operations[i]);
  }
}

io::Task<Result<std::vector<kafka::QuotaOutcome>>> alter_client_quotas(
    Cluster& cluster, std::vector<kafka::QuotaChange> changes, bool validate_only,
    MonotonicTime deadline) {
  Entries parts(changes);
  Request request;
  request.entries = proto::array_of(parts.entries);
  request.validate_only = validate_only;
  auto answer = co_await admin_call(cluster, kController, request, "alter client quotas", deadline);
  if (!answer) co_return answer.error();
  // Kafka answers in an order of its own.
  std::map<kafka::QuotaEntity, kafka::Result<void>> results;
  for (const auto& entry : answer->message.entries) {
    results.insert_or_assign(
        entity_of(entry.entity),
        public_outcome(entry.error_code, entry.error_message, "alter client quota"));
  }
  const Error left_out(Errc::kMalformed, "alter client quota: the answer leaves it out");
  std::vector<kafka::QuotaOutcome> outcomes;
  for (kafka::QuotaChange& change : changes) {
    const auto found = results.find(change.entity);  // before it is moved
    outcomes.push_back(
        {std::move(change.entity), found == results.end() ? to_public(left_out) : found->second});
  }
  co_return outcomes;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<ClientQuota>> Admin::describe_client_quotas(std::vector<QuotaFilter> filters,
                                                           bool strict, Wait wait) {
  return client::start<std::vector<ClientQuota>>(core_, wait, client::describe_client_quotas,
                                                 std::move(filters), strict);
}

Op<std::vector<QuotaOutcome>> Admin::alter_client_quotas(std::vector<QuotaChange> changes,
                                                         Mode mode, Wait wait) {
  return client::start<std::vector<QuotaOutcome>>(core_, wait, client::alter_client_quotas,
                                                  std::move(changes), mode == Mode::validate_only);
}

}  // namespace odradek::kafka
