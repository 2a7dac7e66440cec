#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "config/binder.h"
#include "proxy/security/access_rules.h"
#include "proxy/security/listener_security.h"
#include "proxy/security/upstream_security.h"

namespace odradek::proxy {

// The settings listen.security.*, kafka.security_protocol, kafka.tls.*, kafka.sasl.* and
// authorization.
struct SecurityConfig {
  struct Listener {
    std::string protocol = "PLAINTEXT";
    ListenerSecurityOptions options;
    std::chrono::seconds clock_skew{30};
  } listener;
  struct Upstream {
    std::string protocol = "PLAINTEXT";
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
    bool insecure_skip_verify = false;
    std::string mechanism;
    std::string username;
    Secret password;
    Secret token;
    std::string token_file;
  } upstream;
  std::vector<AccessRule> access;
};

void declare_security(config::Binder& binder, SecurityConfig& into);

// Both check what belongs together and read the files. kConfig.
Result<std::shared_ptr<ListenerSecurity>> listener_security(const SecurityConfig& config);
Result<std::shared_ptr<UpstreamSecurity>> upstream_security(const SecurityConfig& config);

}  // namespace odradek::proxy
