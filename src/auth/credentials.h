#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/scram_credential.h"
#include "base/result.h"
#include "base/secret.h"

namespace odradek::auth {

// Where a server looks users up. Both questions take as long for users that do not exist, so the
// answers' timing does not list the users. Called on the owner's loop; must not block.
class CredentialStore {
 public:
  // `decoy_iterations` is what the SCRAM exchange of an unknown user shows: the count real users
  // have.
  explicit CredentialStore(int32_t decoy_iterations = kMinScramIterations);
  CredentialStore(const CredentialStore&) = delete;
  CredentialStore& operator=(const CredentialStore&) = delete;
  virtual ~CredentialStore() = default;

  virtual bool verify_password(std::string_view user, std::string_view password) const = 0;
  virtual std::optional<ScramCredential> find_scram(Hash hash, std::string_view user) const = 0;

  // A credential no password fits: the same salt each time the same unknown name is asked for.
  ScramCredential decoy_scram(Hash hash, std::string_view user) const;

 private:
  Secret decoy_key_;
  int32_t decoy_iterations_;
};

// Users in memory. Passwords are not kept: of each user the SCRAM keys are, and for PLAIN a digest
// keyed with a random number of this process, so that checking a password costs microseconds.
// One loop; to change users under running servers, build a new store and swap the shared_ptr.
class MemoryCredentialStore final : public CredentialStore {
 public:
  static constexpr size_t kMaxUsers = 100'000;
  static constexpr size_t kMaxNameBytes = 1024;

  explicit MemoryCredentialStore(int32_t iterations = kMinScramIterations);

  // Adds or replaces a user for PLAIN and both SCRAM mechanisms. Costs two key derivations, about
  // 5 ms at 4096 iterations. Errors: kInvalidArgument (name or password empty, not UTF-8, with
  // control characters), kLimitExceeded.
  Result<void> set_password(std::string_view user, const Secret& password);
  // Adds a mechanism's credential from elsewhere; verify_password then derives keys, too.
  Result<void> set_scram(std::string_view user, Hash hash, ScramCredential credential);
  bool remove(std::string_view user);
  std::vector<std::string> names() const;
  size_t size() const { return users_.size(); }

  // Adds the users of a file: one "name:password" a line, '#' starts a comment line. Instead of a
  // password a line may have a salted one, "SCRAM-SHA-256$4096:salt$stored:server"; two such lines
  // give a user both mechanisms. Errors: kIo; kConfig with file and line.
  Result<void> load_file(const std::string& path);
  // The same from text; `name` stands for the file in errors.
  Result<void> load_text(std::string_view text, std::string_view name);

  bool verify_password(std::string_view user, std::string_view password) const override;
  std::optional<ScramCredential> find_scram(Hash hash, std::string_view user) const override;

 private:
  struct User {
    std::optional<Digest> password_digest;
    std::optional<ScramCredential> sha256;
    std::optional<ScramCredential> sha512;
  };

  Result<User*> user_for_update(std::string_view name);
  Result<void> load_line(std::string_view line);
  Digest digest_of_password(std::string_view user, std::string_view password) const;

  std::map<std::string, User, std::less<>> users_;
  Secret digest_key_;
  int32_t iterations_;
  bool has_salted_only_ = false;  // then PLAIN for an unknown user derives keys as well
};

}  // namespace odradek::auth
