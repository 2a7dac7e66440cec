#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backup/engine/backup_job.h"
#include "backup/restore/restore_job.h"
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

enum class Compression : uint8_t { kZstd, kNone };

// Every setting of the program, whatever the command.
struct Settings {
  std::string backup_id;
  std::string storage_path;
  ClusterSettings source;
  ClusterSettings target;

  Compression compression = Compression::kZstd;
  int compression_level = 3;
  Transcode transcode = Transcode::kAuto;
  config::ByteSize segment_max_bytes{128ULL << 20U};
  std::chrono::seconds checkpoint_interval{5};
  IsolationLevel isolation_level = IsolationLevel::kReadCommitted;
  uint32_t max_concurrent_partitions = 4;
  bool consumer_groups = true;
  std::string label;

  std::map<std::string, std::string> topic_mapping;
  std::optional<int32_t> replication_factor;
  ExpiredData expired_data = ExpiredData::kRefuse;
  VerifyAfter verify_after = VerifyAfter::kFull;
  bool restore_consumer_groups = true;
};

// Declares the settings: keys, checks and documentation.
void declare_settings(config::Binder& binder, Settings& settings);

// What the settings mean for the parts of the program. Errors: kConfig, kTls.
Result<cluster::ClusterOptions> cluster_options(const ClusterSettings& settings,
                                                std::string_view section);
Result<BackupOptions> backup_options(const Settings& settings);
Result<RestoreOptions> restore_options(const Settings& settings);

}  // namespace odradek::backup
