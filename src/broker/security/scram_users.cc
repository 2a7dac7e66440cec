#include "broker/security/scram_users.h"

#include <utility>

namespace odradek::broker {
namespace {

size_t index_of(auth::Hash hash) { return hash == auth::Hash::kSha256 ? 0 : 1; }

}  // namespace

void ScramUsers::put(std::string_view user, auth::Hash hash, auth::ScramCredential credential) {
  users_[std::string(user)][index_of(hash)] = std::move(credential);
}

bool ScramUsers::erase(std::string_view user, auth::Hash hash) {
  const auto found = users_.find(user);
  if (found == users_.end() || !found->second[index_of(hash)]) return false;
  found->second[index_of(hash)].reset();
  if (!found->second[0] && !found->second[1]) users_.erase(found);
  return true;
}

std::optional<auth::ScramCredential> ScramUsers::find_scram(auth::Hash hash,
                                                            std::string_view user) const {
  const auto found = users_.find(user);
  return found == users_.end() ? std::nullopt : found->second[index_of(hash)];
}

}  // namespace odradek::broker
