#pragma once

#include <memory>
#include <string>

#include "cluster/security.h"

namespace odradek::proxy {

// How the proxy connects to brokers, and as whom. Files are read by create(); new connections get
// what reload() read last. A token file is read for each login, so that a session can be renewed
// with a fresh token (KIP-368). One loop.
class UpstreamSecurity {
 public:
  struct Options {
    cluster::SecurityOptions cluster;
    std::string token_file;  // OAUTHBEARER; instead of cluster.sasl.token
  };

  // Errors: kConfig.
  static Result<std::shared_ptr<UpstreamSecurity>> create(Options options);

  // Reads the files again, or takes other settings. After an error the old ones stay.
  Result<void> reload(Options options);
  const Options& options() const { return options_; }

  // What connections are made with; it asks `security` each time.
  static rpc::ClientSecurity client_security(std::shared_ptr<UpstreamSecurity> security);

 private:
  Options options_;
  rpc::ClientSecurity current_;
};

}  // namespace odradek::proxy
