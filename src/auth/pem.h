#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/crypto.h"
#include "base/result.h"
#include "base/secret.h"

namespace odradek::auth {

// PEM text from a file or from memory (a setting, an environment variable). The file is read at
// each use, so a reload sees its new content.
struct PemSource {
  std::string file;
  std::string text;  // used when `file` is empty

  bool empty() const { return file.empty() && text.empty(); }
};

// Errors of both are kTls, one sentence that names `what` ("certificate"), the file and what is
// wrong: missing, no permission, not PEM, wrong password.

// All certificates in it, in order, at least one.
Result<std::vector<X509Ptr>> read_certificates(std::string_view what, const PemSource& source);
// The first private key in it.
Result<EvpKeyPtr> read_private_key(const PemSource& source, const Secret& password);

// "certificate file /etc/x.pem", or "certificate (given as text)".
std::string describe_pem(std::string_view what, const PemSource& source);

// kTls when the certificate's time is over or has not come; `described` names it.
Result<void> check_validity(const std::string& described, const X509* certificate);

}  // namespace odradek::auth
