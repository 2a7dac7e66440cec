#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/assert.h"

// Certificates made on the spot, for tests only.
namespace odradek::io::testing {

struct KeyAndCertificate {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;
};

struct CertificateOptions {
  std::string common_name = "test";
  std::string alternative_names = "DNS:localhost,IP:127.0.0.1";  // empty: none
  bool is_authority = false;
  long valid_seconds = 3600;  // negative: expired
};

inline void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  ODK_ASSERT(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer`, or by itself.
inline KeyAndCertificate make_certificate(const CertificateOptions& options,
                                          const KeyAndCertificate* issuer = nullptr) {
  KeyAndCertificate made;
  made.key.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  made.certificate.reset(X509_new(), X509_free);
  X509* const certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate),
                   static_cast<long>(reinterpret_cast<uintptr_t>(certificate) & 0x7FFFFFFFU));
  X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
  X509_gmtime_adj(X509_getm_notAfter(certificate), options.valid_seconds);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(options.common_name.c_str()),
                             -1, -1, 0);
  X509* const parent = issuer != nullptr ? issuer->certificate.get() : certificate;
  EVP_PKEY* const signing_key = issuer != nullptr ? issuer->key.get() : made.key.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(parent));
  add_extension(certificate, parent, NID_basic_constraints,
                options.is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!options.alternative_names.empty() && !options.is_authority) {
    add_extension(certificate, parent, NID_subject_alt_name, options.alternative_names);
  }
  ODK_ASSERT(X509_sign(certificate, signing_key, EVP_sha256()) != 0);
  return made;
}

// A context that shows `own` (may be null) and, when `authority` is given, verifies the peer
// against it.
inline std::shared_ptr<SSL_CTX> make_context(const KeyAndCertificate* own,
                                             const KeyAndCertificate* authority) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  if (own != nullptr) {
    SSL_CTX_use_certificate(context.get(), own->certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), own->key.get());
  }
  if (authority != nullptr) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority->certificate.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace odradek::io::testing
