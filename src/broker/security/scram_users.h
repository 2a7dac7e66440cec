#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "auth/credentials.h"

namespace odradek::broker {

// The cluster's SCRAM credentials, which clients alter while the broker runs. put() and erase()
// are what replaying UserScramCredentialRecord and its removal does. One loop.
class ScramUsers final : public auth::CredentialStore {
 public:
  static constexpr size_t kUsersMax = 100'000;
  static constexpr size_t kNameBytesMax = 1024;

  void put(std::string_view user, auth::Hash hash, auth::ScramCredential credential);
  bool erase(std::string_view user, auth::Hash hash);
  void clear() { users_.clear(); }
  bool is_full() const { return users_.size() >= kUsersMax; }

  // By user: SHA-256's credential, then SHA-512's.
  using Credentials = std::array<std::optional<auth::ScramCredential>, 2>;
  const std::map<std::string, Credentials, std::less<>>& all() const { return users_; }

  // PLAIN does not know these users, as in Kafka.
  bool verify_password(std::string_view, std::string_view) const override { return false; }
  std::optional<auth::ScramCredential> find_scram(auth::Hash hash,
                                                  std::string_view user) const override;

 private:
  std::map<std::string, Credentials, std::less<>> users_;
};

}  // namespace odradek::broker
