#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "cluster/cluster.h"
#include "config/binder.h"

namespace odradek::backup {

// One cluster, as the `source` and `target` sections say it.
struct ClusterSettings {
  std::vector<std::string> bootstrap_servers;
  std::string security_protocol = "PLAINTEXT";
  std::chrono::milliseconds request_timeout{30'000};
  std::string ssl_ca_location;
  std::string ssl_certificate_location;
  std::string ssl_key_location;
  Secret ssl_key_password;
  bool ssl_insecure_skip_verify = false;
  std::string sasl_mechanism = "PLAIN";
  std::string sasl_username;
  Secret sasl_password;
  std::vector<std::string> topics_include;
  std::vector<std::string> topics_exclude;
  std::vector<std::string> groups_include;
  std::vector<std::string> groups_exclude;
};

void declare_cluster(config::Binder& binder, const std::string& section, ClusterSettings& cluster);

// Errors: kConfig, kTls.
Result<cluster::ClusterOptions> cluster_options(const ClusterSettings& settings,
                                                std::string_view section);

}  // namespace odradek::backup
