// AlterClientQuotas: sets and removes quotas of entities. Source: KIP-546;
// ClientQuotaControlManager of Kafka 4.

#include <fmt/format.h>

#include <set>

#include "base/log.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/security/security_records.h"
#include "proto/messages/alter_client_quotas_request.h"
#include "proto/messages/alter_client_quotas_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::AlterClientQuotasRequest;
using Response = proto::AlterClientQuotasResponse;

ApiError read_entity(const Request::EntryData& entry, QuotaEntity& entity) {
  for (const auto& part : entry.entity) {
    std::optional<std::string> name;
    if (!is_null(part.entity_name)) name = part.entity_name;
    if (!entity.emplace(part.entity_type, std::move(name)).second) {
      return {
          ErrorCode::kInvalidRequest,
          fmt::format("Invalid client quota entity, duplicate entity entry {}", part.entity_type)};
    }
  }
  return {};
}

// What a request changes, once all of it is looked at.
struct Change {
  QuotaEntity entity;
  QuotaKey key;
  std::optional<double> value;
};
struct Changes {
  std::vector<Change> all;
  std::set<QuotaEntity> seen;
};

ApiError read(const Call<Request>& call, const Request::EntryData& entry, Changes& into) {
  QuotaEntity entity;
  ApiError error = read_entity(entry, entity);
  if (!error.ok()) return error;
  if (!into.seen.insert(entity).second) {
    return {ErrorCode::kInvalidRequest, "an entity is altered twice in the same request"};
  }
  std::vector<QuotaChange> changes;
  for (const auto& op : entry.ops) {
    changes.push_back({op.key, op.remove ? std::nullopt : std::optional(op.value)});
  }
  error = check_quota_change(entity, changes);
  const QuotaStore& store = call.node.security().quotas().store();
  if (error.ok() && store.is_full() && !store.all().contains(entity)) {
    error = {ErrorCode::kPolicyViolation, "there are quotas for too many entities"};
  }
  if (!error.ok() || call.message.validate_only) return error;
  for (const QuotaChange& change : changes) {
    const std::optional<QuotaKey> key = quota_key_of(change.key);
    if (key) into.all.push_back({entity, *key, change.value});
  }
  return {};
}

ApiError apply(Node& node, const Changes& changes) {
  MetadataBatch batch;
  for (const Change& change : changes.all) {
    const QuotaRecord made = record_of(change.entity, quota_key_name(change.key), change.value);
    batch.add(made.record);
  }
  ApiError error = node.commit(batch);
  if (!error.ok()) return error;
  QuotaStore& store = node.security().quotas().store();
  for (const Change& change : changes.all) store.set(change.entity, change.key, change.value);
  ODK_LOG(info, "quotas altered", kv("changes", changes.all.size()));
  return {};
}

void alter_client_quotas(const Call<Request>& call, Response& response) {
  const bool allowed = may_cluster(call, AclOperation::kAlterConfigs);
  const auto& entries = call.message.entries;
  response.entries = call.arena.array<Response::EntryData>(entries.size());
  Changes changes;
  std::vector<ApiError> errors;
  for (const auto& entry : entries) {
    errors.push_back(
        allowed ? read(call, entry, changes)
                : ApiError{ErrorCode::kClusterAuthorizationFailed, std::string(kNotForYou)});
  }
  const ApiError written = apply(call.node, changes);
  for (size_t i = 0; i < entries.size(); ++i) {
    const ApiError& error = errors[i].ok() ? written : errors[i];
    Response::EntryData& answer = response.entries[i];
    answer.error_code = proto::to_number(error.code);
    answer.error_message = error.ok() ? std::string_view() : call.arena.copy(error.message);
    answer.entity = call.arena.array<Response::EntityData>(entries[i].entity.size());
    for (size_t j = 0; j < entries[i].entity.size(); ++j) {
      answer.entity[j].entity_type = entries[i].entity[j].entity_type;
      answer.entity[j].entity_name = entries[i].entity[j].entity_name;
    }
  }
}

}  // namespace

constinit const HandlerInfo kAlterClientQuotasApi{proto::ApiKey::kAlterClientQuotas, 0, 1,
                                                  answer<Request, alter_client_quotas>};

}  // namespace odradek::broker
