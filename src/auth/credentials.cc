#include "auth/credentials.h"

#include "auth/crypto.h"
#include "base/assert.h"
#include "base/read_file.h"

namespace odradek::auth {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kDecoySaltBytes = 24;
constexpr size_t kMaxUsersFileBytes = 64 * 1024 * 1024;

Secret random_key() {
  std::string key = random_bytes(kKeyBytes);
  return Secret::take(key);
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

CredentialStore::CredentialStore(int32_t decoy_iterations)
    : decoy_key_(random_key()), decoy_iterations_(decoy_iterations) {}

ScramCredential CredentialStore::decoy_scram(Hash hash, std::string_view user) const {
  const Digest seed = hmac(Hash::kSha512, as_bytes(decoy_key_.reveal()), as_bytes(user));
  ScramCredential credential;
  credential.salt = as_text(seed.bytes().first(kDecoySaltBytes));
  credential.stored_key = Digest::of(as_bytes(random_bytes(digest_bytes(hash))));
  credential.server_key = Digest::of(as_bytes(random_bytes(digest_bytes(hash))));
  credential.iterations = decoy_iterations_;
  return credential;
}

MemoryCredentialStore::MemoryCredentialStore(int32_t iterations)
    : CredentialStore(iterations), digest_key_(random_key()), iterations_(iterations) {
  ODK_ASSERT(iterations >= kMinScramIterations);
}

Result<MemoryCredentialStore::User*> MemoryCredentialStore::user_for_update(std::string_view name) {
  if (name.empty()) return Error(Errc::kInvalidArgument, "user name is empty");
  if (name.size() > kMaxNameBytes) return Error(Errc::kInvalidArgument, "user name is too long");
  ODK_TRY_VOID(check_sasl_text("user name", name));
  const auto found = users_.find(name);
  if (found != users_.end()) return &found->second;
  if (users_.size() >= kMaxUsers) {
    return Error(Errc::kLimitExceeded, fmt::format("more than {} users", kMaxUsers));
  }
  return &users_[std::string(name)];
}

Result<void> MemoryCredentialStore::set_password(std::string_view user, const Secret& password) {
  if (password.empty()) {
    return Error(Errc::kInvalidArgument, fmt::format("user {} has an empty password", user));
  }
  ODK_TRY_VOID(check_sasl_text("password", password.reveal()));
  ODK_TRY(User* const entry, user_for_update(user));
  entry->password_digest = digest_of_password(user, password.reveal());
  entry->sha256 = make_scram_credential(Hash::kSha256, password.reveal(), iterations_);
  entry->sha512 = make_scram_credential(Hash::kSha512, password.reveal(), iterations_);
  return {};
}

Result<void> MemoryCredentialStore::set_scram(std::string_view user, Hash hash,
                                              ScramCredential credential) {
  ODK_TRY(User* const entry, user_for_update(user));
  entry->password_digest.reset();
  (hash == Hash::kSha256 ? entry->sha256 : entry->sha512) = std::move(credential);
  has_salted_only_ = true;
  return {};
}

bool MemoryCredentialStore::remove(std::string_view user) {
  const auto found = users_.find(user);
  if (found == users_.end()) return false;
  users_.erase(found);
  return true;
}

std::vector<std::string> MemoryCredentialStore::names() const {
  std::vector<std::string> names;
  names.reserve(users_.size());
  for (const auto& [name, user] : users_) names.push_back(name);
  return names;
}

Digest MemoryCredentialStore::digest_of_password(std::string_view user,
                                                 std::string_view password) const {
  std::string input(user);
  input += '\0';
  input += password;
  const Digest digest = hmac(Hash::kSha256, as_bytes(digest_key_.reveal()), as_bytes(input));
  wipe(input);
  return digest;
}

bool MemoryCredentialStore::verify_password(std::string_view user,
                                            std::string_view password) const {
  const auto found = users_.find(user);
  const User* const entry = found == users_.end() ? nullptr : &found->second;
  const Digest given = digest_of_password(user, password);
  const bool has_digest = entry != nullptr && entry->password_digest.has_value();
  // Every path does one digest and, in a store with salted users, one derivation.
  const Digest expected = has_digest ? *entry->password_digest : Digest(given.size());
  const bool digest_fits = constant_time_equal(given.bytes(), expected.bytes()) && has_digest;
  if (!has_salted_only_) return digest_fits;

  const bool use_sha512 = entry != nullptr && !entry->sha256.has_value();
  const Hash hash = use_sha512 ? Hash::kSha512 : Hash::kSha256;
  const bool known = entry != nullptr && (use_sha512 ? entry->sha512 : entry->sha256).has_value();
  const ScramCredential credential =
      known ? *(use_sha512 ? entry->sha512 : entry->sha256) : decoy_scram(hash, user);
  const ScramKeys keys =
      derive_scram_keys(hash, password, as_bytes(credential.salt), credential.iterations);
  const bool keys_fit =
      constant_time_equal(keys.stored_key.bytes(), credential.stored_key.bytes()) && known;
  return digest_fits || keys_fit;
}

std::optional<ScramCredential> MemoryCredentialStore::find_scram(Hash hash,
                                                                 std::string_view user) const {
  const auto found = users_.find(user);
  if (found == users_.end()) return std::nullopt;
  return hash == Hash::kSha256 ? found->second.sha256 : found->second.sha512;
}

Result<void> MemoryCredentialStore::load_file(const std::string& path) {
  Result<std::string> content = read_file(path, kMaxUsersFileBytes);
  if (!content) {
    return Error(Errc::kIo,
                 fmt::format("cannot read users file {}: {}", path, content.error().message()));
  }
  std::string& text = *content;
  Result<void> loaded = load_text(text, path);
  wipe(text);
  return loaded;
}

Result<void> MemoryCredentialStore::load_text(std::string_view text, std::string_view name) {
  size_t line_number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = without_line_end(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    ++line_number;
    if (line.empty() || line.starts_with('#')) continue;
    if (Result<void> loaded = load_line(line); !loaded) {
      return Error(Errc::kConfig,
                   fmt::format("{}:{}: {}", name, line_number, loaded.error().message()));
    }
  }
  return {};
}

Result<void> MemoryCredentialStore::load_line(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return Error(Errc::kMalformed, "expected name:password");
  }
  const std::string_view user = line.substr(0, colon);
  const std::string_view password = line.substr(colon + 1);
  if (!looks_like_scram_credential(password)) return set_password(user, Secret(password));
  ODK_TRY(ParsedScramCredential parsed, parse_scram_credential(password));
  return set_scram(user, parsed.hash, std::move(parsed.credential));
}

}  // namespace odradek::auth
