#pragma once

#include <memory>
#include <string>

#include "auth/jwt.h"
#include "broker/security/acl_store.h"
#include "broker/security/authorizer.h"
#include "broker/security/endpoints.h"
#include "broker/security/quotas.h"
#include "broker/security/scram_users.h"
#include "broker/security/security_options.h"
#include "rpc/server.h"

namespace odradek::broker {

class Settings;

// Who clients are, what they may and how much: the state all handlers share. One loop.
class Security {
 public:
  // kConfig: an authorizer we do not have, users that cannot be read.
  // `clock` must outlive it.
  static Result<std::unique_ptr<Security>> create(const Clock& clock, const Settings& settings,
                                                  SecurityOptions options);

  AclStore& acls() { return acls_; }
  const AclStore& acls() const { return acls_; }
  const Authorizer& authorizer() const { return authorizer_; }
  ScramUsers& scram() { return *scram_; }
  const ScramUsers& scram() const { return *scram_; }
  Quotas& quotas() { return quotas_; }
  const Quotas& quotas() const { return quotas_; }

  // Gives a listener its certificate, principal rules, SASL mechanisms and limits, from
  // listener.name.NAME.* or the properties for all. kConfig, kTls.
  Result<void> secure(rpc::ListenerOptions& listener, SecurityProtocol protocol,
                      const Settings& settings);

  // Forgets what clients altered.
  void reset();

  Security(const Clock& clock, Authorizer::Options authorizer, QuotaWindow window,
           SecurityOptions options);

 private:
  Result<void> load_users();
  void seed_scram();

  const Clock& clock_;
  SecurityOptions options_;
  AclStore acls_;
  Authorizer authorizer_;
  std::shared_ptr<ScramUsers> scram_ = std::make_shared<ScramUsers>();
  std::shared_ptr<auth::MemoryCredentialStore> users_ =
      std::make_shared<auth::MemoryCredentialStore>();
  Quotas quotas_;
  std::string development_certificate_;  // PEM with key, made when first needed
};

}  // namespace odradek::broker
