#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "auth/crypto.h"
#include "base/result.h"
#include "base/secret.h"

namespace odradek::auth {

// What a certificate made here shall say.
struct DevCertificateRequest {
  // In order, with OpenSSL's short names: {"CN", "localhost"}, {"O", "Example"}.
  std::vector<std::pair<std::string, std::string>> subject{{"CN", "localhost"}};
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  std::chrono::seconds valid_from{-3600};  // relative to now
  std::chrono::seconds valid_until{std::chrono::hours(24 * 30)};
  Secret key_password;  // not empty: the key is encrypted with it
};

struct DevCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

// A certificate authority for development and tests, in memory, with EC P-256 keys: a broker that
// is asked for TLS without certificates makes one and shows its root. Not for production.
class DevAuthority {
 public:
  // Errors: kTls.
  static Result<DevAuthority> create(const std::string& common_name = "Odradek development CA");

  const std::string& certificate_pem() const { return certificate_pem_; }
  // For servers and clients alike. Errors: kTls, kInvalidArgument (names).
  Result<DevCertificate> issue(const DevCertificateRequest& request) const;

 private:
  DevAuthority(X509Ptr certificate, EvpKeyPtr key, std::string pem)
      : certificate_(std::move(certificate)),
        key_(std::move(key)),
        certificate_pem_(std::move(pem)) {}

  X509Ptr certificate_;
  EvpKeyPtr key_;
  std::string certificate_pem_;
};

}  // namespace odradek::auth
