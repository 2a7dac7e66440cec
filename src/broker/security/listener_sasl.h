#pragma once

#include <memory>

#include "auth/credentials.h"
#include "broker/security/listener_properties.h"
#include "broker/security/scram_users.h"
#include "rpc/server.h"

namespace odradek::broker {

// Where SASL's exchanges of every listener look users up.
struct SaslSources {
  std::shared_ptr<const auth::MemoryCredentialStore> users;
  std::shared_ptr<const ScramUsers> scram;
  const Clock* clock = nullptr;
  bool any_user = false;
  bool unsecured_tokens = false;
};

// SASL of one listener: its mechanisms (by default all that have what they need), its users of
// PLAIN from MECHANISM.sasl.jaas.config, its token keys, its sessions' lifetime. kConfig.
Result<void> set_up_sasl(rpc::ListenerOptions& listener, const ListenerProperties& properties,
                         const SaslSources& sources);

}  // namespace odradek::broker
