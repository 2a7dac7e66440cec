#include "auth/pem.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstring>
#include <ctime>

#include "base/read_file.h"

namespace odradek::auth {
namespace {

using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;

constexpr size_t kMaxPemBytes = 8 * 1024 * 1024;  // a system's CA bundle is 200 KiB
constexpr size_t kMaxCertificates = 10'000;

Result<std::string> pem_text(std::string_view what, const PemSource& source) {
  if (source.file.empty()) return source.text;
  Result<std::string> text = read_file(source.file, kMaxPemBytes);
  if (!text) {
    return Error(Errc::kTls, fmt::format("cannot read {} file {}: {}", what, source.file,
                                         text.error().message()));
  }
  return text;
}

BioPtr open_text(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

struct PasswordRequest {
  const Secret* password;
  bool asked = false;
};

int give_password(char* buffer, int size, int /*for_writing*/, void* data) {
  auto* request = static_cast<PasswordRequest*>(data);
  request->asked = true;
  const std::string_view text = request->password->reveal();
  if (text.empty() || text.size() > static_cast<size_t>(size)) return -1;
  std::memcpy(buffer, text.data(), text.size());
  return static_cast<int>(text.size());
}

std::string utc_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown time";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

std::string describe_pem(std::string_view what, const PemSource& source) {
  if (source.file.empty()) return fmt::format("{} (given as text)", what);
  return fmt::format("{} file {}", what, source.file);
}

Result<std::vector<X509Ptr>> read_certificates(std::string_view what, const PemSource& source) {
  ODK_TRY(const std::string text, pem_text(what, source));
  const BioPtr input = open_text(text);
  std::vector<X509Ptr> certificates;
  while (certificates.size() < kMaxCertificates) {
    X509Ptr next(PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    certificates.push_back(std::move(next));
  }
  const unsigned long code = ERR_peek_last_error();
  const bool is_end =
      ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  const std::string reason = openssl_reason("broken");
  if (code != 0 && !is_end) {
    return Error(Errc::kTls, fmt::format("{} has a broken certificate: {}",
                                         describe_pem(what, source), reason));
  }
  if (certificates.empty()) {
    return Error(Errc::kTls, fmt::format("{} is not PEM: it has no BEGIN CERTIFICATE line",
                                         describe_pem(what, source)));
  }
  return certificates;
}

Result<EvpKeyPtr> read_private_key(const PemSource& source, const Secret& password) {
  ODK_TRY(std::string text, pem_text("private key", source));
  const bool has_key = text.find("PRIVATE KEY-----") != std::string::npos;
  const BioPtr input = open_text(text);
  PasswordRequest request{&password};
  EvpKeyPtr key(PEM_read_bio_PrivateKey(input.get(), nullptr, give_password, &request));
  wipe(text);
  if (key != nullptr) return key;
  const std::string reason = openssl_reason("broken");
  const std::string described = describe_pem("private key", source);
  if (!has_key) {
    return Error(Errc::kTls,
                 fmt::format("{} is not PEM: it has no BEGIN PRIVATE KEY line", described));
  }
  if (request.asked && password.empty()) {
    return Error(Errc::kTls, fmt::format("{} is encrypted and no password is given", described));
  }
  if (request.asked) {
    return Error(Errc::kTls, fmt::format("{} does not open with the given password", described));
  }
  return Error(Errc::kTls, fmt::format("{} is broken: {}", described, reason));
}

Result<void> check_validity(const std::string& described, const X509* certificate) {
  const ASN1_TIME* const until = X509_get0_notAfter(certificate);
  const ASN1_TIME* const from = X509_get0_notBefore(certificate);
  if (X509_cmp_current_time(until) < 0) {
    return Error(Errc::kTls, fmt::format("{} expired on {}", described, utc_time(until)));
  }
  if (X509_cmp_current_time(from) > 0) {
    return Error(Errc::kTls, fmt::format("{} is valid only from {}", described, utc_time(from)));
  }
  return {};
}

}  // namespace odradek::auth
