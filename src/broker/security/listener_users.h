#pragma once

#include <memory>
#include <utility>

#include "auth/credentials.h"
#include "broker/security/scram_users.h"

namespace odradek::broker {

// Whom one listener knows: users of PLAIN given at start, the cluster's SCRAM users. One loop.
class ListenerUsers final : public auth::CredentialStore {
 public:
  // `own` and `shared` are asked in this order. `any`: every password is right, for tests.
  ListenerUsers(std::shared_ptr<const auth::MemoryCredentialStore> own,
                std::shared_ptr<const auth::MemoryCredentialStore> shared,
                std::shared_ptr<const ScramUsers> scram, bool any)
      : own_(std::move(own)), shared_(std::move(shared)), scram_(std::move(scram)), any_(any) {}

  bool verify_password(std::string_view user, std::string_view password) const override {
    if (any_) return !user.empty();
    const bool is_own = own_ != nullptr && own_->verify_password(user, password);
    return shared_->verify_password(user, password) || is_own;
  }
  std::optional<auth::ScramCredential> find_scram(auth::Hash hash,
                                                  std::string_view user) const override {
    return scram_->find_scram(hash, user);
  }

 private:
  std::shared_ptr<const auth::MemoryCredentialStore> own_;
  std::shared_ptr<const auth::MemoryCredentialStore> shared_;
  std::shared_ptr<const ScramUsers> scram_;
  bool any_;
};

}  // namespace odradek::broker
