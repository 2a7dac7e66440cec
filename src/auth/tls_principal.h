#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// Who a TLS client is: the subject of its certificate, shortened by rules, as in Kafka.
namespace odradek::auth {

// A certificate's subject as RFC 2253 text, spelt as Java's X500Principal.getName() does, because
// ACLs were written for that: last part first, no blanks, only the RFC's short names, other types
// as dotted numbers with a hex value.
std::string subject_name(const X509_NAME* name);

// Kafka's ssl.principal.mapping.rules: "RULE:pattern/replacement/[LU]" and "DEFAULT", commas
// between; the first rule whose pattern fits the whole name decides. Patterns are ECMAScript
// regular expressions (Java's own extensions are errors); $1 to $9... are groups, '\' quotes.
// L and U change the case of ASCII letters. Source: SslPrincipalMapper, Kafka 4.3. Unlike Java, a
// pattern that also fits the empty text replaces once, not twice.
// Immutable; any thread.
class PrincipalMapper {
 public:
  static constexpr size_t kMaxNameBytes = 1024;  // longer subjects match no rule
  static constexpr size_t kMaxRules = 100;

  PrincipalMapper();  // DEFAULT: the name as it is
  // Errors: kInvalidArgument, with the rule and what is wrong.
  static Result<PrincipalMapper> parse(std::string_view rules);

  // Errors: kAuthentication when no rule fits.
  Result<std::string> map(std::string_view name) const;

 private:
  struct Rule;
  std::vector<std::shared_ptr<const Rule>> rules_;
};

// "User:" and the mapped name of the peer's certificate; "User:ANONYMOUS" without one.
// Errors: kAuthentication when no rule fits: the connection should be refused.
Result<std::string> tls_principal(SSL* session, const PrincipalMapper& mapper);

}  // namespace odradek::auth
