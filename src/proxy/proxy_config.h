#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "config/binder.h"
#include "proxy/proxy_options.h"
#include "proxy/security/security_config.h"

namespace odradek::proxy {

enum class OffsetMode : uint8_t { kIdentity, kSegmented };
enum class MarkMode : uint8_t { kAuto };

// The settings of the program kafka-partition-proxy, from file, environment and flags.
struct ProxyConfig {
  struct Listen {
    std::string address = "127.0.0.1:9192";
    std::string advertised_address;
    std::vector<std::string> advertised_addresses;
    NodeMode node_mode = NodeMode::kProxies;
    int64_t connections_max = 1000;
    std::chrono::milliseconds idle_timeout{600'000};
    config::ByteSize request_bytes_max{104'857'600};
  } listen;
  struct Kafka {
    std::vector<std::string> bootstrap_servers;
    std::chrono::milliseconds connection_timeout{10'000};
    std::chrono::milliseconds request_timeout{30'000};
    std::chrono::seconds metadata_refresh_interval{30};
    int32_t produce_lanes = 4;
  } kafka;
  SecurityConfig security;
  struct Mapping {
    std::optional<int32_t> virtual_partitions;
    std::optional<int32_t> physical_partitions;
    int64_t offset_range = kDefaultOffsetRange;
    std::vector<TopicRule> topics;
    OffsetMode offset_mode = OffsetMode::kIdentity;
    MarkMode mark = MarkMode::kAuto;
    bool auto_create = false;
  } mapping;
  config::ByteSize list_offsets_scan_bytes{8 << 20};
  config::ByteSize fetch_cache_bytes{64 << 20};
  config::ByteSize fetch_read_ahead_bytes{64 << 20};
  Kip848Mode kip848 = Kip848Mode::kExpand;
  std::string shadow_suffix{kDefaultShadowSuffix};
  bool consistency_topic = false;
  bool metrics_enabled = false;
  std::string metrics_address = "127.0.0.1:9190";
  LogLevel log_level = LogLevel::info;
  bool log_json = false;
  std::optional<LogFormat> log_format;
};

// Declares every setting. `into` must outlive the binder.
void declare_settings(config::Binder& binder, ProxyConfig& into);

// All settings as a page in Markdown.
std::string settings_page(const config::Binder& binder);

// What the proxy is started with, checked as a whole: addresses, mappings. kConfig, placed.
Result<ProxyOptions> proxy_options(const ProxyConfig& config, const config::Binder& binder);

// A complete configuration from its sources.
Result<ProxyOptions> load_proxy_options(const config::Sources& sources, ProxyConfig& config);

}  // namespace odradek::proxy
