#include "broker/security/security_records.h"

#include <fmt/format.h>

namespace odradek::broker {
namespace {

constexpr int8_t kSha256 = 1;
constexpr int8_t kSha512 = 2;

}  // namespace

proto::AccessControlEntryRecord record_of(const Uuid& id, const Acl& acl) {
  proto::AccessControlEntryRecord record;
  record.id = id;
  record.resource_type = static_cast<int8_t>(acl.resource_type);
  record.resource_name = acl.resource_name;
  record.pattern_type = static_cast<int8_t>(acl.pattern_type);
  record.principal = acl.principal;
  record.host = acl.host;
  record.operation = static_cast<int8_t>(acl.operation);
  record.permission_type = static_cast<int8_t>(acl.permission);
  return record;
}

proto::RemoveAccessControlEntryRecord removal_of(const Uuid& id) {
  proto::RemoveAccessControlEntryRecord record;
  record.id = id;
  return record;
}

proto::UserScramCredentialRecord record_of(std::string_view user, auth::Hash hash,
                                           const auth::ScramCredential& credential) {
  proto::UserScramCredentialRecord record;
  record.name = user;
  record.mechanism = scram_mechanism_number(hash);
  record.salt = as_bytes(credential.salt);
  record.stored_key = credential.stored_key.bytes();
  record.server_key = credential.server_key.bytes();
  record.iterations = credential.iterations;
  return record;
}

proto::RemoveUserScramCredentialRecord removal_of(std::string_view user, auth::Hash hash) {
  proto::RemoveUserScramCredentialRecord record;
  record.name = user;
  record.mechanism = scram_mechanism_number(hash);
  return record;
}

int8_t scram_mechanism_number(auth::Hash hash) {
  return hash == auth::Hash::kSha256 ? kSha256 : kSha512;
}

std::optional<auth::Hash> scram_hash_of(int8_t mechanism) {
  if (mechanism == kSha256) return auth::Hash::kSha256;
  if (mechanism == kSha512) return auth::Hash::kSha512;
  return std::nullopt;
}

QuotaRecord record_of(const QuotaEntity& entity, std::string_view key,
                      std::optional<double> value) {
  QuotaRecord made;
  for (const auto& [type, name] : entity) {
    made.parts.push_back({type, name ? std::string_view(*name) : std::string_view(), {}});
  }
  made.record.entity = made.parts;
  made.record.key = key;
  made.record.value = value.value_or(0);
  made.record.remove = !value.has_value();
  return made;
}

Result<void> apply(Security& security, const proto::AccessControlEntryRecord& record) {
  Acl acl;
  acl.resource_type = resource_type_of(record.resource_type);
  acl.resource_name = record.resource_name;
  acl.pattern_type = pattern_type_of(record.pattern_type);
  acl.principal = record.principal;
  acl.host = record.host;
  acl.operation = acl_operation_of(record.operation);
  acl.permission = acl_permission_of(record.permission_type);
  const std::string fault = acl_fault(acl);
  if (!fault.empty()) return Error(Errc::kMalformed, fmt::format("an access rule: {}", fault));
  security.acls().put(record.id, std::move(acl));
  return {};
}

Result<void> apply(Security& security, const proto::RemoveAccessControlEntryRecord& record) {
  security.acls().erase(record.id);
  return {};
}

Result<void> apply(Security& security, const proto::UserScramCredentialRecord& record) {
  const std::optional<auth::Hash> hash = scram_hash_of(record.mechanism);
  if (!hash) {
    return Error(Errc::kUnsupported, fmt::format("SCRAM mechanism {}", record.mechanism));
  }
  auth::ScramCredential credential;
  credential.salt = as_text(record.salt);
  credential.stored_key = auth::Digest::of(record.stored_key);
  credential.server_key = auth::Digest::of(record.server_key);
  credential.iterations = record.iterations;
  security.scram().put(record.name, *hash, std::move(credential));
  return {};
}

Result<void> apply(Security& security, const proto::RemoveUserScramCredentialRecord& record) {
  const std::optional<auth::Hash> hash = scram_hash_of(record.mechanism);
  if (hash) security.scram().erase(record.name, *hash);
  return {};
}

Result<void> apply(Security& security, const proto::ClientQuotaRecord& record) {
  QuotaEntity entity;
  for (const auto& part : record.entity) {
    std::optional<std::string> name;
    if (!is_null(part.entity_name)) name = part.entity_name;
    entity.emplace(part.entity_type, std::move(name));
  }
  const std::optional<QuotaKey> key = quota_key_of(record.key);
  if (!key) return Error(Errc::kUnsupported, fmt::format("a quota of {}", record.key));
  security.quotas().store().set(entity, *key,
                                record.remove ? std::nullopt : std::optional(record.value));
  return {};
}

void replay_security(MetadataLog& log, Security& security) {
  log.on<proto::AccessControlEntryRecord>(
      [&security](const auto& record) { return apply(security, record); });
  log.on<proto::RemoveAccessControlEntryRecord>(
      [&security](const auto& record) { return apply(security, record); });
  log.on<proto::UserScramCredentialRecord>(
      [&security](const auto& record) { return apply(security, record); });
  log.on<proto::RemoveUserScramCredentialRecord>(
      [&security](const auto& record) { return apply(security, record); });
  log.on<proto::ClientQuotaRecord>(
      [&security](const auto& record) { return apply(security, record); });
}

}  // namespace odradek::broker
