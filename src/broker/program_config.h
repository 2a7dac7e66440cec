#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/secret.h"
#include "broker/broker.h"
#include "config/binder.h"

namespace odradek::broker {

// The settings of the program odradek-broker, from file, environment and flags.
struct ProgramConfig {
  struct Topic {
    int32_t partitions = -1;
    std::map<std::string, std::string> configs;
  };

  std::vector<std::string> listen{"127.0.0.1:9092"};
  std::vector<std::string> advertise;  // by position of `listen`
  std::map<std::string, Topic> topics;
  std::map<std::string, std::string> properties;
  struct Tls {
    std::string certificate;
    std::string key;
    Secret key_password;
    std::string client_ca;
    std::string development_ca;
  };
  Tls tls;
  std::map<std::string, Secret> users;
  std::string users_file;
  bool insecure_any_user = false;
  bool unsecured_tokens = false;
  bool acl = false;
  std::vector<std::string> super_users;
  std::string data;
  std::string flush = "os";
  int32_t node_id = 1;
  std::string cluster_id;
  config::ByteSize memory;  // 0: a quarter of the machine's
  bool refuse_when_full = false;
  bool accept_any_replication_factor = false;
  Profile profile = Profile::kDev;
  // Metrics, health and the dashboard. "auto": 127.0.0.1:8080, and without it when that is taken.
  std::string http = "auto";
  Secret http_token;  // asked for by the dashboard; empty: none
  std::vector<std::string> http_hosts;  // names the dashboard is reached by
  std::string http_certificate;  // PEM file, with the key unless that has its own; TLS
  std::string http_key;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
};

// Declares every setting. `into` must outlive the binder.
void declare_settings(config::Binder& binder, ProgramConfig& into);

// "orders:6,cleanup.policy=compact" of --topic. kConfig says what is wrong.
Result<TopicSpec> parse_topic(std::string_view text);

// What the broker is started with. kConfig: an address that is none.
Result<BrokerOptions> broker_options(const ProgramConfig& config);

}  // namespace odradek::broker
