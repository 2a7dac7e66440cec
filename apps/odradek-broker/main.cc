// odradek-broker: flags, signals, wiring. What it does is in src/broker.

#include <CLI/CLI.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>

#include "auth/tls_context.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/dashboard/dashboard.h"
#include "broker/kafka_environment.h"
#include "broker/node.h"
#include "broker/program_config.h"
#include "broker/security/security.h"
#include "http/router.h"
#include "http/server.h"
#include "io/signals.h"
#include "obs/health.h"
#include "obs/metrics.h"
#include "obs/process_metrics.h"

namespace odradek::broker {
namespace {

// docs/exit-codes.md
constexpr int kExitConfig = 2;
constexpr int kExitStorage = 4;
constexpr int kExitListen = 10;

constexpr std::string_view kVersion = "0.1.0";
constexpr std::string_view kHttpAuto = "auto";
constexpr std::string_view kHttpDefault = "127.0.0.1:8080";

struct Flags {
  std::string config_file;
  std::string ready_file;
  bool kafka_environment = false;
  std::vector<std::string> listen;
  std::vector<std::string> advertise;
  std::vector<std::string> topics;
  std::vector<std::string> sets;
  std::vector<std::string> users;
  std::vector<std::string> super_users;
  std::vector<std::pair<std::string, std::string>> plain;  // key, text
};

int exit_code(const Error& error) {
  switch (error.code()) {
    case Errc::kConfig:
    case Errc::kInvalidArgument: return kExitConfig;
    case Errc::kNetwork: return kExitListen;
    case Errc::kIo: return kExitStorage;
    default: return 1;
  }
}

int fail(const Error& error) {
  fmt::print(stderr, "odradek-broker: {}\n", error.message());
  return exit_code(error);
}

// The variables of Apache Kafka's container; as there, an unknown one is only worth a warning.
void take_kafka_environment(ProgramConfig& config) {
  std::vector<std::string_view> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  KafkaEnvironment environment = read_kafka_environment(variables);
  for (auto& [name, value] : environment.properties) {
    config.properties.insert_or_assign(name, std::move(value));
  }
  if (!environment.cluster_id.empty()) config.cluster_id = environment.cluster_id;
  for (const std::string& name : environment.unknown) {
    fmt::print(stderr, "odradek-broker: KAFKA_ variable of an unknown property: {}\n", name);
  }
}

// Flags win over the environment, and that over the file.
Result<BrokerOptions> read_options(const Flags& flags, ProgramConfig& config) {
  config::Binder binder;
  declare_settings(binder, config);
  config::Sources sources;
  sources.file = flags.config_file;
  sources.environment_prefix = "ODRADEK_";
  for (const auto& [key, text] : flags.plain) {
    std::string flag = "--" + key;
    std::replace(flag.begin(), flag.end(), '.', '-');
    std::replace(flag.begin(), flag.end(), '_', '-');
    sources.overrides.push_back({std::move(flag), key, text});
  }
  ODK_TRY_VOID(binder.load(sources));
  if (!flags.listen.empty()) config.listen = flags.listen;
  if (!flags.advertise.empty()) config.advertise = flags.advertise;
  if (!flags.super_users.empty()) config.super_users = flags.super_users;
  for (const std::string& user : flags.users) {
    const size_t colon = user.find(':');
    if (colon == std::string::npos) {
      return Error(Errc::kConfig, "--user: expected NAME:PASSWORD");
    }
    config.users[user.substr(0, colon)] = Secret(user.substr(colon + 1));
  }
  if (flags.kafka_environment) take_kafka_environment(config);
  for (const std::string& set : flags.sets) {
    const size_t equals = set.find('=');
    if (equals == std::string::npos) {
      return Error(Errc::kConfig, fmt::format("--set {}: expected property=value", set));
    }
    config.properties[set.substr(0, equals)] = set.substr(equals + 1);
  }
  ODK_TRY(BrokerOptions options, broker_options(config));
  for (const std::string& text : flags.topics) {
    ODK_TRY(TopicSpec topic, parse_topic(text));
    options.topics.push_back(std::move(topic));
  }
  return options;
}

// Who waits for the file must not see half of it: it appears whole or not at all.
Result<void> write_ready_file(const std::string& path, const std::string& line) {
  const std::string unfinished = path + ".new";
  {
    std::ofstream file(unfinished, std::ios::trunc);
    file << line << '\n';
    file.flush();
    if (!file) return Error(Errc::kIo, fmt::format("cannot write the ready file {}", path));
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return Error(Errc::kIo, fmt::format("cannot write the ready file {}", path));
  }
  return {};
}

class Program {
 public:
  Program(io::Loop& loop, BrokerOptions options) : loop_(loop), broker_(std::move(options)) {}

  io::Task<int> run(ProgramConfig config, Flags flags) {
    io::SignalWatch signals(loop_, {SIGTERM, SIGINT});
    Result<void> started = start(config, flags.ready_file);
    if (started) {
      if (flags.kafka_environment) print_container_ready();
      const Result<int> signal = co_await signals.wait();
      ODK_LOG(info, "stopping", kv("signal", signal.value_or(0)));
    }
    health_.set_stopping();
    co_await http_server_.stop();
    if (dashboard_) co_await dashboard_->stop();
    dashboard_.reset();
    co_await broker_.stop_async();
    co_return started ? 0 : fail(started.error());
  }

 private:
  Result<void> start(const ProgramConfig& config, const std::string& ready_file) {
    ODK_TRY_VOID(broker_.start());
    std::string line = fmt::format(R"({{"bootstrap":"{}","pid":{},"cluster_id":"{}")",
                                   broker_.bootstrap(), getpid(), broker_.cluster_id());
    if (config.http != "off") {
      ODK_TRY(const std::string address, start_http(config));
      if (!address.empty()) line += fmt::format(R"(,"http":"{}")", address);
    }
    line += '}';
    fmt::print("{}\n", line);
    std::fflush(stdout);
    if (!ready_file.empty()) ODK_TRY_VOID(write_ready_file(ready_file, line));
    return {};
  }

  // The line that test containers wait for.
  static void print_container_ready() {
    fmt::print("Transitioning from RECOVERY to RUNNING\nKafka Server started\n");
    std::fflush(stdout);
  }

  // Gives the address; empty when the one nobody asked for is taken.
  Result<std::string> start_http(const ProgramConfig& config) {
    const bool is_auto = config.http == kHttpAuto;
    Result<io::HostPort> address = io::parse_host_port(is_auto ? kHttpDefault : config.http);
    if (!address) {
      return Error(Errc::kConfig, fmt::format("http: {}", address.error().message()));
    }
    http::HttpServerOptions options;
    options.host = address->host;
    options.port = address->port;
    options.limits.max_body_bytes = kBodyBytesMax;
    ODK_TRY_VOID(add_tls(config, options));
    ODK_TRY_VOID(add_routes(config, address->host));
    const Result<uint16_t> port = http_server_.listen(std::move(options));
    if (!port && is_auto) {
      ODK_LOG(warn, "no dashboard: its usual port is taken", kv("address", kHttpDefault),
              kv("reason", port.error().message()));
      return std::string();
    }
    if (!port) return port.error();
    address->port = *port;
    return address->to_string();
  }

  static Result<void> add_tls(const ProgramConfig& config, http::HttpServerOptions& options) {
    if (config.http_certificate.empty()) return {};
    auth::TlsServerOptions tls;
    auth::TlsCertificate& certificate = tls.certificates.emplace_back();
    certificate.chain.file = config.http_certificate;
    certificate.key.file = config.http_key;
    ODK_TRY(auth::TlsContext context, auth::make_tls_server_context(tls));
    options.tls = [context = std::move(context)] { return context; };
    return {};
  }

  Result<void> add_routes(const ProgramConfig& config, const std::string& host) {
    ODK_TRY_VOID(dashboard::check_token(config.http_token));
    Broker::declare_metrics(registry_);
    process_metrics_ = obs::add_process_metrics(registry_);
    broker_metrics_ =
        registry_.on_collect([this](obs::Collection& into) { broker_.collect(into); });
    health_.add("storage", [this] { return broker_.storage_health(); });
    obs::add_routes(router_, registry_, health_);
    dashboard::DashboardOptions options;
    options.version = fmt::format("odradek-broker {}", kVersion);
    const Authorizer& authorizer = broker_.parts().node.security().authorizer();
    options.guard = {.bind_host = host,
                     .tls = !config.http_certificate.empty(),
                     .token = config.http_token,
                     .hosts = config.http_hosts,
                     .has_access_control = authorizer.enabled()};
    dashboard_.emplace(loop_, broker_.parts(), std::move(options));
    dashboard_->add_routes(router_);
    if (!dashboard_->is_open()) {
      ODK_LOG(warn, "the dashboard is off", kv("http", config.http),
              kv("reason", dashboard_->why_closed()));
    }
    return {};
  }

  // Large enough for the largest message by default, as base64.
  static constexpr size_t kBodyBytesMax = size_t{2} << 20U;

  io::Loop& loop_;
  Broker broker_;
  obs::Registry registry_;
  obs::Registry::Registration process_metrics_;
  obs::Registry::Registration broker_metrics_;
  obs::Health health_;
  http::Router router_;
  http::HttpServer http_server_{loop_, router_.handler()};
  std::optional<dashboard::Dashboard> dashboard_;
};

void add_flags(CLI::App& app, Flags& flags) {
  app.add_option("--listen", flags.listen, "address to listen on; may be repeated")
      ->option_text("[PROTOCOL://]HOST:PORT (127.0.0.1:9092)");
  app.add_option("--advertise", flags.advertise, "what clients of that listener are told")
      ->option_text("HOST:PORT");
  app.add_option("--topic", flags.topics, "create a topic; may be repeated")
      ->option_text("NAME:PARTITIONS[,config=value...]");
  app.add_option("--set", flags.sets, "a broker property by Kafka's name; may be repeated")
      ->option_text("property=value");
  app.add_option("--user", flags.users, "a user of SASL; may be repeated")
      ->option_text("NAME:PASSWORD");
  app.add_option("--super-user", flags.super_users, "a principal that may do everything")
      ->option_text("User:NAME");
  app.add_option("--config", flags.config_file, "settings in YAML")->option_text("FILE");
  app.add_option("--ready-file", flags.ready_file, "written when the broker serves")
      ->option_text("FILE");
  app.add_flag("--kafka-environment", flags.kafka_environment,
               "properties from KAFKA_ variables, as Apache Kafka's container takes them");
  const auto plain = [&](const std::string& flag, const std::string& key, const char* text) {
    app.add_option_function<std::string>(
        flag, [&flags, key](const std::string& value) { flags.plain.emplace_back(key, value); },
        text);
  };
  const auto on = [&](const std::string& flag, const std::string& key, const char* text) {
    app.add_flag_callback(flag, [&flags, key] { flags.plain.emplace_back(key, "true"); }, text);
  };
  plain("--users-file", "users_file", "users, NAME:PASSWORD one a line");
  plain("--tls-certificate", "tls.certificate", "PEM file of the TLS certificate and its chain");
  plain("--tls-key", "tls.key", "PEM file of its key");
  plain("--tls-client-ca", "tls.client_ca", "PEM file; clients must show certificates (mTLS)");
  plain("--tls-development-ca", "tls.development_ca",
        "where to write the authority when a certificate is made for this run");
  on("--acl", "acl", "access control lists decide what clients may do");
  on("--unsecured-tokens", "unsecured_tokens", "OAUTHBEARER takes tokens without a signature");
  on("--insecure-any-user", "insecure_any_user", "SASL takes every user; for tests only");
  plain("--memory", "memory", "most that records may take, for example 512MiB");
  plain("--on-full", "on_full", "evict (oldest records go) or refuse");
  on("--accept-any-replication-factor", "accept_any_replication_factor",
     "topics may ask for more replicas than the one there is");
  plain("--profile", "profile", "dev or kafka: whose defaults");
  plain("--data", "data", "directory to keep everything in (in memory)");
  plain("--flush", "flush", "os, a time like 50ms, or commit: when data is safe");
  plain("--node-id", "node_id", "number of this broker (1)");
  plain("--cluster-id", "cluster_id", "22 characters of base64url");
  plain("--http", "http", "HOST:PORT of dashboard, metrics and health, or off (127.0.0.1:8080)");
  plain("--http-token", "http_token", "what the dashboard asks for: 16 characters or more");
  plain("--http-certificate", "http_certificate", "PEM file: HTTP with TLS");
  plain("--http-key", "http_key", "PEM file; else the key is in the certificate's");
  plain("--log-level", "log.level", "trace, debug, info, warn, error or off");
  plain("--log-format", "log.format", "text or json");
}

int run(int argc, char** argv) {
  CLI::App app("A Kafka-compatible broker in one process.", "odradek-broker");
  app.set_version_flag("--version", fmt::format("odradek-broker {}", kVersion));
  Flags flags;
  add_flags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitConfig;
  }
  ProgramConfig config;
  Result<BrokerOptions> options = read_options(flags, config);
  if (!options) return fail(options.error());
  set_log_sink(stderr_log_sink(), config.log_level, config.log_format);

  io::Loop loop;
  options->loop = &loop;
  Program program(loop, *std::move(options));
  return loop.block_on(program.run(std::move(config), std::move(flags)));
}

}  // namespace
}  // namespace odradek::broker

int main(int argc, char** argv) { return odradek::broker::run(argc, argv); }
