#pragma once

#include <vector>

#include "base/result.h"
#include "broker/metadata_log.h"
#include "broker/security/security.h"
#include "proto/messages/access_control_entry_record.h"
#include "proto/messages/client_quota_record.h"
#include "proto/messages/remove_access_control_entry_record.h"
#include "proto/messages/remove_user_scram_credential_record.h"
#include "proto/messages/user_scram_credential_record.h"

// What clients alter of security, as records of Kafka's metadata log. The records view their
// arguments.
namespace odradek::broker {

proto::AccessControlEntryRecord record_of(const Uuid& id, const Acl& acl);
proto::RemoveAccessControlEntryRecord removal_of(const Uuid& id);

proto::UserScramCredentialRecord record_of(std::string_view user, auth::Hash hash,
                                           const auth::ScramCredential& credential);
proto::RemoveUserScramCredentialRecord removal_of(std::string_view user, auth::Hash hash);

// The numbers of mechanisms in records and requests. Source: ScramMechanism of kafka-clients.
int8_t scram_mechanism_number(auth::Hash hash);
std::optional<auth::Hash> scram_hash_of(int8_t mechanism);

// A quota's record with the entity's parts it views.
struct QuotaRecord {
  std::vector<proto::ClientQuotaRecord::EntityData> parts;
  proto::ClientQuotaRecord record;
};
QuotaRecord record_of(const QuotaEntity& entity, std::string_view key, std::optional<double> value);

// Replays a record at start. kMalformed, kUnsupported: not what a Kafka of ours writes.
Result<void> apply(Security& security, const proto::AccessControlEntryRecord& record);
Result<void> apply(Security& security, const proto::RemoveAccessControlEntryRecord& record);
Result<void> apply(Security& security, const proto::UserScramCredentialRecord& record);
Result<void> apply(Security& security, const proto::RemoveUserScramCredentialRecord& record);
Result<void> apply(Security& security, const proto::ClientQuotaRecord& record);

// All of them, from the log a broker finds at start.
void replay_security(MetadataLog& log, Security& security);

}  // namespace odradek::broker
