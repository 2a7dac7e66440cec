#include "backup/cli/cluster_settings.h"

#include <fmt/format.h>

#include "cluster/security.h"

namespace odradek::backup {
namespace {

// Below `security`, and beside the other keys of the section as other tools have them.
void declare_security(config::Binder& binder, const std::string& section,
                      ClusterSettings& cluster) {
  const auto key = [&section](std::string_view name) {
    return fmt::format("{}.{}", section, name);
  };
  binder.add(key("security_protocol"), cluster.security_protocol,
             "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
  binder.add(key("ssl_ca_location"), cluster.ssl_ca_location,
             "PEM file of the authorities to trust; the system's without");
  binder.add(key("ssl_certificate_location"), cluster.ssl_certificate_location,
             "PEM file of our certificate, for mutual TLS");
  binder.add(key("ssl_key_location"), cluster.ssl_key_location, "PEM file of its private key");
  binder.add(key("ssl_key_password"), cluster.ssl_key_password, "password of the private key");
  binder.add(key("ssl_insecure_skip_verify"), cluster.ssl_insecure_skip_verify,
             "accept any certificate: no protection at all");
  binder.add(key("sasl_mechanism"), cluster.sasl_mechanism,
             "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512");
  binder.add(key("sasl_username"), cluster.sasl_username, "user");
  binder.add(key("sasl_password"), cluster.sasl_password, "password");
}

}  // namespace

void declare_cluster(config::Binder& binder, const std::string& section, ClusterSettings& cluster) {
  const auto key = [&section](std::string_view name) {
    return fmt::format("{}.{}", section, name);
  };
  binder.add(key("bootstrap_servers"), cluster.bootstrap_servers,
             "addresses to find the cluster by, host:port");
  binder.add(key("request_timeout_ms"), cluster.request_timeout,
             "how long the cluster may take to answer, first of all to be found");
  declare_security(binder, section + ".security", cluster);
  declare_security(binder, section, cluster);
  binder.add(key("topics.include"), cluster.topics_include,
             "topics: names, globs, or ~regular expressions; all but internal ones without");
  binder.add(key("topics.exclude"), cluster.topics_exclude, "topics to leave out");
  binder.add(key("groups.include"), cluster.groups_include, "consumer groups, likewise");
  binder.add(key("groups.exclude"), cluster.groups_exclude, "consumer groups to leave out");
}

Result<cluster::ClusterOptions> cluster_options(const ClusterSettings& settings,
                                                std::string_view section) {
  if (settings.bootstrap_servers.empty()) {
    return Error(Errc::kConfig,
                 fmt::format("{}.bootstrap_servers (or --bootstrap) is required", section));
  }
  cluster::ClusterOptions options;
  options.client_id = "kafka-backup";
  for (const std::string& address : settings.bootstrap_servers) {
    Result<io::HostPort> parsed = io::parse_host_port(address);
    if (!parsed || parsed->port == 0) {
      return Error(Errc::kConfig,
                   fmt::format("{}.bootstrap_servers: \"{}\" is not host:port", section, address));
    }
    options.bootstrap.push_back(*std::move(parsed));
  }
  options.request_timeout = settings.request_timeout;
  cluster::SecurityOptions security;
  security.protocol = settings.security_protocol;
  security.tls.ca.file = settings.ssl_ca_location;
  security.tls.insecure_skip_verify = settings.ssl_insecure_skip_verify;
  if (!settings.ssl_certificate_location.empty()) {
    auth::TlsCertificate certificate;
    certificate.chain.file = settings.ssl_certificate_location;
    certificate.key.file = settings.ssl_key_location;
    certificate.key_password = settings.ssl_key_password;
    security.tls.certificates.push_back(std::move(certificate));
  }
  security.sasl.mechanism = settings.sasl_mechanism;
  security.sasl.username = settings.sasl_username;
  security.sasl.password = settings.sasl_password;
  ODK_TRY(options.security, cluster::make_client_security(security));
  return options;
}

}  // namespace odradek::backup
