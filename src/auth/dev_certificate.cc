#include "auth/dev_certificate.h"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace odradek::auth {
namespace {

using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>>;

Error failed(std::string_view what) { return {Errc::kTls, openssl_reason(what)}; }

std::string content_of(BIO* output) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(output, &data);
  return {data, static_cast<size_t>(length)};
}

std::string to_pem(X509* certificate) {
  const BioPtr output(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(output.get(), certificate);
  return content_of(output.get());
}

std::string to_pem(EVP_PKEY* key, const Secret& password) {
  const BioPtr output(BIO_new(BIO_s_mem()));
  const std::string_view text = password.reveal();
  PEM_write_bio_PKCS8PrivateKey(output.get(), key, password.empty() ? nullptr : EVP_aes_256_cbc(),
                                text.data(), static_cast<int>(text.size()), nullptr, nullptr);
  return content_of(output.get());
}

Result<void> add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return failed("cannot write a certificate extension");
  }
  return {};
}

Result<X509Ptr> unsigned_certificate(const DevCertificateRequest& request, EVP_PKEY* key) {
  X509Ptr certificate(X509_new());
  const std::string serial = random_bytes(sizeof(uint64_t));
  uint64_t number = 0;
  for (const char c : serial) number = (number << 8U) | static_cast<uint8_t>(c);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), number >> 1U);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), request.valid_from.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), request.valid_until.count());
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  for (const auto& [type, value] : request.subject) {
    if (X509_NAME_add_entry_by_txt(subject, type.c_str(), MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(value.data()),
                                   static_cast<int>(value.size()), -1, 0) != 1) {
      return failed("cannot write the certificate's subject");
    }
  }
  if (X509_set_pubkey(certificate.get(), key) != 1) return failed("cannot write the public key");
  return certificate;
}

Result<std::string> alternative_names(const DevCertificateRequest& request) {
  std::string text;
  const auto add = [&](std::string_view type, const std::string& name) {
    if (!text.empty()) text += ',';
    text += fmt::format("{}:{}", type, name);
  };
  for (const std::string& name : request.dns_names) {
    if (name.find_first_of(",: \n") != std::string::npos) {
      return Error(Errc::kInvalidArgument, fmt::format("{} is not a host name", name));
    }
    add("DNS", name);
  }
  for (const std::string& address : request.ip_addresses) add("IP", address);
  return text;
}

}  // namespace

Result<DevAuthority> DevAuthority::create(const std::string& common_name) {
  EvpKeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return failed("cannot make a key");
  DevCertificateRequest request;
  request.subject = {{"CN", common_name}};
  ODK_TRY(X509Ptr certificate, unsigned_certificate(request, key.get()));
  X509* const raw = certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(raw));
  ODK_TRY_VOID(add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE"));
  ODK_TRY_VOID(add_extension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign"));
  ODK_TRY_VOID(add_extension(raw, raw, NID_subject_key_identifier, "hash"));
  if (X509_sign(raw, key.get(), EVP_sha256()) == 0) return failed("cannot sign the certificate");
  std::string pem = to_pem(raw);
  return DevAuthority(std::move(certificate), std::move(key), std::move(pem));
}

Result<DevCertificate> DevAuthority::issue(const DevCertificateRequest& request) const {
  const EvpKeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return failed("cannot make a key");
  ODK_TRY(const std::string names, alternative_names(request));
  ODK_TRY(const X509Ptr certificate, unsigned_certificate(request, key.get()));
  X509* const raw = certificate.get();
  X509* const issuer = certificate_.get();
  X509_set_issuer_name(raw, X509_get_subject_name(issuer));
  ODK_TRY_VOID(add_extension(raw, issuer, NID_basic_constraints, "critical,CA:FALSE"));
  ODK_TRY_VOID(add_extension(raw, issuer, NID_key_usage, "critical,digitalSignature"));
  ODK_TRY_VOID(add_extension(raw, issuer, NID_ext_key_usage, "serverAuth,clientAuth"));
  ODK_TRY_VOID(add_extension(raw, issuer, NID_authority_key_identifier, "keyid"));
  if (!names.empty()) {
    ODK_TRY_VOID(add_extension(raw, issuer, NID_subject_alt_name, names));
  }
  if (X509_sign(raw, key_.get(), EVP_sha256()) == 0) return failed("cannot sign the certificate");
  return DevCertificate{to_pem(raw), to_pem(key.get(), request.key_password)};
}

}  // namespace odradek::auth
