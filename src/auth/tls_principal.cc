#include "auth/tls_principal.h"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/x509.h>

#include <array>
#include <regex>

#include "auth/crypto.h"

namespace odradek::auth {
namespace {

// The types RFC 2253 §2.3 gives a short name.
std::string_view short_name(int nid) {
  switch (nid) {
    case NID_commonName: return "CN";
    case NID_countryName: return "C";
    case NID_localityName: return "L";
    case NID_stateOrProvinceName: return "ST";
    case NID_organizationName: return "O";
    case NID_organizationalUnitName: return "OU";
    case NID_streetAddress: return "STREET";
    case NID_domainComponent: return "DC";
    case NID_userId: return "UID";
    default: return {};
  }
}

bool is_directory_string(const ASN1_STRING* value) {
  switch (ASN1_STRING_type(value)) {
    case V_ASN1_UTF8STRING:
    case V_ASN1_PRINTABLESTRING:
    case V_ASN1_T61STRING:
    case V_ASN1_IA5STRING:
    case V_ASN1_GENERALSTRING:
    case V_ASN1_BMPSTRING:
    case V_ASN1_UNIVERSALSTRING: return true;
    default: return false;
  }
}

std::string utf8_of(const ASN1_STRING* value) {
  unsigned char* bytes = nullptr;
  const int length = ASN1_STRING_to_UTF8(&bytes, value);
  if (length < 0) {
    openssl_reason("");
    return {};
  }
  std::string text(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
  OPENSSL_free(bytes);
  return text;
}

std::string hex_der_of(const ASN1_STRING* value) {
  ASN1_TYPE type{};
  ASN1_TYPE_set1(&type, ASN1_STRING_type(value), value);
  unsigned char* der = nullptr;
  const int length = i2d_ASN1_TYPE(&type, &der);
  std::string text = "#";
  for (int i = 0; i < length; ++i) text += fmt::format("{:02x}", der[i]);
  OPENSSL_free(der);
  ASN1_STRING_free(type.value.asn1_string);
  return text;
}

std::string escaped(std::string_view value) {
  constexpr std::string_view kEscaped = ",=+<>#;\"\\";
  constexpr std::string_view kBlank = " \r";
  const size_t first = value.find_first_not_of(kBlank);
  const size_t last = value.find_last_not_of(kBlank);
  std::string text;
  for (size_t i = 0; i < value.size(); ++i) {
    const bool outer_blank = first == std::string_view::npos || i < first || i > last;
    if (value[i] == '\0') {
      text += "\\00";
      continue;
    }
    if (outer_blank || kEscaped.find(value[i]) != std::string_view::npos) text += '\\';
    text += value[i];
  }
  return text;
}

std::string type_and_value(const X509_NAME_ENTRY* entry) {
  const ASN1_OBJECT* const type = X509_NAME_ENTRY_get_object(entry);
  const ASN1_STRING* const value = X509_NAME_ENTRY_get_data(entry);
  const std::string_view name = short_name(OBJ_obj2nid(type));
  if (!name.empty()) {
    const bool is_text = is_directory_string(value);
    return fmt::format("{}={}", name, is_text ? escaped(utf8_of(value)) : hex_der_of(value));
  }
  std::array<char, 128> number{};
  OBJ_obj2txt(number.data(), number.size(), type, /*no_name=*/1);
  return fmt::format("{}={}", number.data(), hex_der_of(value));
}

// Takes what stands before the next unquoted '/' from `rest`, quotes kept; the '/' goes too.
Result<std::string> take_until_slash(std::string_view& rest) {
  for (size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '\\') {
      ++i;
    } else if (rest[i] == '/') {
      std::string part(rest.substr(0, i));
      rest.remove_prefix(i + 1);
      return part;
    }
  }
  return Error(Errc::kInvalidArgument, "expected RULE:pattern/replacement/");
}

void skip_blanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
}

std::string with_case(std::string text, char letter_case) {
  for (char& c : text) {
    if (letter_case == 'L' && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (letter_case == 'U' && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return text;
}

// The group number at the start of `digits`: as many digits as still name a group.
size_t take_group(std::string_view& digits, size_t groups) {
  size_t number = static_cast<size_t>(digits[0] - '0');
  digits.remove_prefix(1);
  while (!digits.empty() && digits[0] >= '0' && digits[0] <= '9') {
    const size_t longer = number * 10 + static_cast<size_t>(digits[0] - '0');
    if (longer > groups) break;
    number = longer;
    digits.remove_prefix(1);
  }
  return number;
}

}  // namespace

std::string subject_name(const X509_NAME* name) {
  std::string text;
  int previous_set = -1;
  for (int i = X509_NAME_entry_count(name) - 1; i >= 0; --i) {
    const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name, i);
    const int set = X509_NAME_ENTRY_set(entry);
    if (!text.empty()) text += set == previous_set ? '+' : ',';
    previous_set = set;
    text += type_and_value(entry);
  }
  return text;
}

struct PrincipalMapper::Rule {
  bool is_default = false;
  std::regex pattern;
  std::string replacement;
  char letter_case = ' ';

  std::string apply(const std::cmatch& match) const {
    std::string result;
    std::string_view rest = replacement;
    while (!rest.empty()) {
      const char next = rest[0];
      rest.remove_prefix(1);
      if (next == '\\' && !rest.empty()) {
        result += rest[0];
        rest.remove_prefix(1);
      } else if (next == '$' && !rest.empty() && rest[0] >= '0' && rest[0] <= '9' &&
                 static_cast<size_t>(rest[0] - '0') < match.size()) {
        result += match[take_group(rest, match.size() - 1)].str();
      } else {
        result += next;
      }
    }
    return with_case(std::move(result), letter_case);
  }

  static Result<Rule> take(std::string_view& rest) {
    Rule rule;
    if (rest.starts_with("DEFAULT")) {
      rest.remove_prefix(std::string_view("DEFAULT").size());
      rule.is_default = true;
      return rule;
    }
    if (!rest.starts_with("RULE:")) {
      return Error(Errc::kInvalidArgument, "expected DEFAULT or RULE:");
    }
    rest.remove_prefix(std::string_view("RULE:").size());
    ODK_TRY(const std::string pattern, take_until_slash(rest));
    ODK_TRY(rule.replacement, take_until_slash(rest));
    if (rest.starts_with('L') || rest.starts_with('U')) {
      rule.letter_case = rest[0];
      rest.remove_prefix(1);
    }
    try {
      rule.pattern = std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error&) {
      return Error(Errc::kInvalidArgument,
                   fmt::format("{} is not a regular expression we understand", pattern));
    }
    return rule;
  }
};

PrincipalMapper::PrincipalMapper() {
  Rule rule;
  rule.is_default = true;
  rules_.push_back(std::make_shared<const Rule>(std::move(rule)));
}

Result<PrincipalMapper> PrincipalMapper::parse(std::string_view rules) {
  PrincipalMapper mapper;
  mapper.rules_.clear();
  std::string_view rest = rules;
  for (skip_blanks(rest); !rest.empty(); skip_blanks(rest)) {
    Result<Rule> rule = Rule::take(rest);
    if (!rule) return rule.error().with_context("principal mapping rules");
    if (mapper.rules_.size() >= kMaxRules) {
      return Error(Errc::kInvalidArgument, "too many principal mapping rules");
    }
    mapper.rules_.push_back(std::make_shared<const Rule>(*std::move(rule)));
    skip_blanks(rest);
    if (rest.empty()) break;
    if (rest[0] != ',') {
      return Error(Errc::kInvalidArgument,
                   fmt::format("principal mapping rules: expected a comma before {}", rest));
    }
    rest.remove_prefix(1);
  }
  if (mapper.rules_.empty()) return PrincipalMapper();
  return mapper;
}

Result<std::string> PrincipalMapper::map(std::string_view name) const {
  // Longer names could exhaust the stack: the matcher recurses once a character.
  if (name.size() > kMaxNameBytes) {
    return Error(Errc::kAuthentication, "the client certificate's subject is too long");
  }
  for (const auto& rule : rules_) {
    if (rule->is_default) return std::string(name);
    std::cmatch match;
    try {
      if (std::regex_match(name.data(), name.data() + name.size(), match, rule->pattern)) {
        return rule->apply(match);
      }
    } catch (const std::regex_error&) {
      continue;  // too complex for this name: the rule does not fit
    }
  }
  return Error(Errc::kAuthentication,
               fmt::format("no principal mapping rule fits the certificate of {}", name));
}

Result<std::string> tls_principal(SSL* session, const PrincipalMapper& mapper) {
  const X509Ptr certificate(SSL_get1_peer_certificate(session));
  if (certificate == nullptr || SSL_get_verify_result(session) != X509_V_OK) {
    return std::string("User:ANONYMOUS");
  }
  ODK_TRY(const std::string name,
          mapper.map(subject_name(X509_get_subject_name(certificate.get()))));
  return "User:" + name;
}

}  // namespace odradek::auth
