#pragma once

#include <openssl/ssl.h>

#include <string>

namespace odradek::io {

// The oldest error of OpenSSL's queue in words a person can act on; empties the queue. Empty when
// there is none.
std::string tls_reason(SSL* session);

}  // namespace odradek::io
