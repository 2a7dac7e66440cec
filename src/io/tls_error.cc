#include "io/tls_error.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

namespace odradek::io {
namespace {

std::string verify_reason(SSL* session) {
  const long code = SSL_get_verify_result(session);
  std::string text = fmt::format("the peer's certificate is not accepted: {}",
                                 X509_verify_cert_error_string(code));
  if (code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    const char* const name = SSL_get0_peername(session);
    const char* const sent = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    const char* const wanted = name != nullptr ? name : sent;
    if (wanted != nullptr) text += fmt::format(" (it is not for {})", wanted);
  }
  return text;
}

}  // namespace

std::string tls_reason(SSL* session) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return {};
  switch (ERR_GET_REASON(code)) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return verify_reason(session);
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG: return "the peer does not speak TLS on this port";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return "the client sent no certificate";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return "the server requires a client certificate";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "the peer does not trust our certificate (unknown CA)";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN: return "the peer does not accept our certificate";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "the peer says that our certificate has expired";
    case SSL_R_NO_SHARED_CIPHER: return "no cipher in common (does the server have a certificate?)";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return "no TLS version in common";
    default: {
      const char* const reason = ERR_reason_error_string(code);
      return reason != nullptr ? reason : fmt::format("OpenSSL error {:#x}", code);
    }
  }
}

}  // namespace odradek::io
