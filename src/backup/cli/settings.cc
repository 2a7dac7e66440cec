#include "backup/cli/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <climits>

#include "cluster/security.h"

namespace odradek::backup {
namespace {

void declare_cluster(config::Binder& binder, const std::string& section, ClusterSettings& cluster) {
  const auto key = [&section](std::string_view name) {
    return fmt::format("{}.{}", section, name);
  };
  binder.add(key("bootstrap_servers"), cluster.bootstrap_servers,
             "addresses to find the cluster by, host:port");
  binder.add(key("request_timeout_ms"), cluster.request_timeout,
             "how long the cluster may take to answer, first of all to be found");
  binder.add(key("security.security_protocol"), cluster.security_protocol,
             "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
  binder.add(key("security.ssl_ca_location"), cluster.ssl_ca_location,
             "PEM file of the authorities to trust; the system's without");
  binder.add(key("security.ssl_certificate_location"), cluster.ssl_certificate_location,
             "PEM file of our certificate, for mutual TLS");
  binder.add(key("security.ssl_key_location"), cluster.ssl_key_location,
             "PEM file of its private key");
  binder.add(key("security.ssl_key_password"), cluster.ssl_key_password,
             "password of the private key");
  binder.add(key("security.ssl_insecure_skip_verify"), cluster.ssl_insecure_skip_verify,
             "accept any certificate: no protection at all");
  binder.add(key("security.sasl_mechanism"), cluster.sasl_mechanism,
             "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512");
  binder.add(key("security.sasl_username"), cluster.sasl_username, "user");
  binder.add(key("security.sasl_password"), cluster.sasl_password, "password");
  binder.add(key("topics.include"), cluster.topics_include,
             "topics: names, globs, or ~regular expressions; all but internal ones without");
  binder.add(key("topics.exclude"), cluster.topics_exclude, "topics to leave out");
  binder.add(key("groups.include"), cluster.groups_include, "consumer groups, likewise");
  binder.add(key("groups.exclude"), cluster.groups_exclude, "consumer groups to leave out");
}

std::string this_process() {
  char host[HOST_NAME_MAX + 1] = {};
  gethostname(host, sizeof host - 1);
  return fmt::format("{}:{}", host, getpid());
}

}  // namespace

void declare_settings(config::Binder& binder, Settings& s) {
  binder.add("backup_id", s.backup_id, "name of the archive in the store");
  binder.add("storage.path", s.storage_path, "folder of the archives, or file:// and a folder");
  declare_cluster(binder, "source", s.source);
  declare_cluster(binder, "target", s.target);
  binder.choice("backup.compression", s.compression,
                {{"zstd", Compression::kZstd}, {"none", Compression::kNone}},
                "how segments are compressed");
  binder.add("backup.compression_level", s.compression_level, "zstd level").range(1, 19);
  binder.choice("backup.transcode", s.transcode,
                {{"auto", Transcode::kAuto}, {"never", Transcode::kNever}},
                "store gzip, snappy and lz4 batches uncompressed inside the archive's zstd");
  binder.add("backup.segment_max_bytes", s.segment_max_bytes, "uncompressed size of a segment")
      .range({1ULL << 16U}, {16ULL << 30U});
  binder
      .add("backup.checkpoint_interval_secs", s.checkpoint_interval,
           "how often finished segments are committed")
      .range(std::chrono::seconds(1), std::chrono::hours(1));
  binder.choice("backup.isolation_level", s.isolation_level,
                {{"read_committed", IsolationLevel::kReadCommitted},
                 {"read_uncommitted", IsolationLevel::kReadUncommitted}},
                "leave out aborted transactions, or keep everything");
  binder
      .add("backup.max_concurrent_partitions", s.max_concurrent_partitions,
           "partitions copied at once")
      .range(1, 256);
  binder.add("backup.consumer_groups", s.consumer_groups, "capture the positions of groups");
  binder.add("backup.label", s.label, "name of the restore point this run makes");
  binder.add("restore.topic_mapping", s.topic_mapping, "archived topic: topic to restore it as");
  binder.add("restore.replication_factor", s.replication_factor,
             "for topics that are created; the archived one without");
  binder.choice("restore.expired_data", s.expired_data,
                {{"refuse", ExpiredData::kRefuse},
                 {"keep", ExpiredData::kKeep},
                 {"hold", ExpiredData::kHold}},
                "when the target's retention would delete restored records: stop, ignore it, or "
                "leave retention off");
  binder.choice("restore.verify_after", s.verify_after,
                {{"full", VerifyAfter::kFull}, {"off", VerifyAfter::kOff}},
                "read everything back and compare");
  binder.add("restore.consumer_groups", s.restore_consumer_groups,
             "restore the positions of groups");
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

Result<BackupOptions> backup_options(const Settings& s) {
  ODK_TRY(NameFilter topics, NameFilter::make(s.source.topics_include, s.source.topics_exclude));
  ODK_TRY(NameFilter groups, NameFilter::make(s.source.groups_include, s.source.groups_exclude));
  BackupOptions options;
  options.topics = std::move(topics);
  options.groups = std::move(groups);
  options.backup_id = s.backup_id;
  options.capture_groups = s.consumer_groups;
  options.copy.fetch.isolation = s.isolation_level;
  options.copy.transcode = s.transcode;
  options.copy.segment.zstd_level = s.compression == Compression::kNone ? 0 : s.compression_level;
  options.copy.segment_bytes = s.segment_max_bytes.bytes;
  options.partitions_at_once = s.max_concurrent_partitions;
  options.checkpoint_interval = s.checkpoint_interval;
  options.restore_point_label = s.label;
  options.owner = this_process();
  return options;
}

Result<RestoreOptions> restore_options(const Settings& s) {
  ODK_TRY(NameFilter topics, NameFilter::make(s.target.topics_include, s.target.topics_exclude));
  ODK_TRY(NameFilter groups, NameFilter::make(s.target.groups_include, s.target.groups_exclude));
  RestoreOptions options;
  options.topics = std::move(topics);
  options.groups = std::move(groups);
  options.backup_id = s.backup_id;
  options.restore_id = Uuid::random().to_string();
  options.restore_groups = s.restore_consumer_groups;
  options.topic_mapping = s.topic_mapping;
  options.replication_factor = s.replication_factor;
  options.expired_data = s.expired_data;
  options.verify = s.verify_after;
  options.partitions_at_once = s.max_concurrent_partitions;
  return options;
}

}  // namespace odradek::backup
