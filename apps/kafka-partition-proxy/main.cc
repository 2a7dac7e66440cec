// kafka-partition-proxy: flags, signals, wiring. What it does is in src/proxy.

#include <CLI/CLI.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "freed_memory.h"
#include "http/router.h"
#include "http/server.h"
#include "io/signals.h"
#include "obs/health.h"
#include "obs/metrics.h"
#include "obs/process_metrics.h"
#include "proxy/mark_check.h"
#include "proxy/proxy.h"
#include "proxy/proxy_config.h"

namespace odradek::proxy {
namespace {

// docs/exit-codes.md
constexpr int kExitInternal = 1;
constexpr int kExitConfig = 2;
constexpr int kExitOtherSide = 3;
constexpr int kExitListen = 10;

// Requests under way when the proxy is told to stop get so long to be answered.
constexpr Duration kDrainMax = std::chrono::seconds(10);

// A proxy that takes less CPU than this in such a time is idle.
constexpr Duration kIdleWatch = std::chrono::seconds(5);
constexpr std::clock_t kIdleCpuMax = CLOCKS_PER_SEC / 20;

struct Flags {
  std::string config_file;
  std::string ready_file;
  std::vector<config::Override> overrides;
  int verbosity = 0;
  bool check = false;
  bool validate = false;
  bool settings = false;
};

int exit_code(const Error& error) {
  switch (error.code()) {
    case Errc::kConfig:
    case Errc::kInvalidArgument: return kExitConfig;
    case Errc::kAlreadyExists: return kExitListen;
    case Errc::kNetwork:
    case Errc::kTimedOut:
    case Errc::kClosed:
    case Errc::kTls:
    case Errc::kAuthentication:
    case Errc::kServer: return kExitOtherSide;
    default: return kExitInternal;
  }
}

int fail(const Error& error) {
  fmt::print(stderr, "kafka-partition-proxy: {}\n", error.message());
  return exit_code(error);
}

// Who waits for the file must not see half of it: it appears whole or not at all.
Result<void> write_ready_file(const std::string& path, const std::string& line) {
  const std::string unfinished = path + ".new";
  {
    std::ofstream file(unfinished, std::ios::trunc);
    file << line << '\n';
    file.flush();
    if (!file) return Error(Errc::kConfig, fmt::format("cannot write the ready file {}", path));
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return Error(Errc::kConfig, fmt::format("cannot write the ready file {}", path));
  }
  return {};
}

struct ReloadedConfig {
  ProxyOptions options;
  LogLevel log_level = LogLevel::info;
};
using Reload = std::function<Result<ReloadedConfig>()>;

class Program {
 public:
  // `reload` reads the configuration again.
  Program(io::Loop& loop, const ProxyConfig& config, ProxyOptions options, Reload reload)
      : loop_(loop),
        config_(config),
        proxy_(loop, std::move(options)),
        reload_(std::move(reload)) {}

  io::Task<int> run(std::string ready_file) {
    io::SignalWatch signals(loop_, {SIGTERM, SIGINT, SIGHUP});
    Result<void> started = co_await proxy_.start();
    if (started) started = announce(ready_file);
    if (started) {
      watch_idle();
      Result<int> signal = co_await signals.wait();
      while (signal && *signal == SIGHUP) {
        co_await reload();
        signal = co_await signals.wait();
      }
      ODK_LOG(info, "stopping", kv("signal", signal.value_or(0)));
    }
    health_.set_stopping();
    co_await proxy_.drain(kDrainMax);
    co_await http_server_.stop();
    co_return started ? 0 : fail(started.error());
  }

 private:
  io::Task<void> reload() {
    const Result<ReloadedConfig> read = reload_();
    Result<void> taken;
    if (read) {
      taken = co_await proxy_.reload(read->options);
    } else {
      taken = read.error();
    }
    if (taken) {
      set_log_level(read->log_level);
      ODK_LOG(info, "configuration read again");
    } else {
      ODK_LOG(error, "configuration not taken, the old one stays",
              kv("reason", taken.error().to_string()));
    }
  }

  // What traffic left behind goes back to the system once, when there is none any more.
  void watch_idle() {
    loop_.call_after(kIdleWatch, [this] {
      const std::clock_t cpu = std::clock();
      const bool is_idle = cpu - std::exchange(cpu_, cpu) < kIdleCpuMax;
      if (is_idle && !std::exchange(was_idle_, true)) apps::give_back_freed_memory();
      was_idle_ = is_idle;
      watch_idle();
    });
  }

  Result<void> announce(const std::string& ready_file) {
    std::string line = fmt::format(R"({{"address":"{}","bootstrap":"{}","pid":{})",
                                   proxy_.address(), proxy_.bootstrap(), getpid());
    if (config_.metrics_enabled) {
      ODK_TRY(const std::string address, start_http());
      line += fmt::format(R"(,"http":"{}")", address);
    }
    line += '}';
    fmt::print("{}\n", line);
    std::fflush(stdout);
    if (!ready_file.empty()) ODK_TRY_VOID(write_ready_file(ready_file, line));
    return {};
  }

  Result<std::string> start_http() {
    Result<io::HostPort> address = io::parse_host_port(config_.metrics_address);
    if (!address) {
      return Error(Errc::kConfig, fmt::format("metrics.address: {}", address.error().message()));
    }
    Proxy::declare_metrics(registry_);
    process_metrics_ = obs::add_process_metrics(registry_);
    proxy_metrics_ = registry_.on_collect([this](obs::Collection& into) { proxy_.collect(into); });
    health_.add("cluster", [this] { return proxy_.check_upstream(); });
    obs::add_routes(router_, registry_, health_);
    http::HttpServerOptions options;
    options.host = address->host;
    options.port = address->port;
    Result<uint16_t> port = http_server_.listen(std::move(options));
    if (!port) return Error(Errc::kAlreadyExists, std::string(port.error().message()));
    address->port = *port;
    return address->to_string();
  }

  io::Loop& loop_;
  const ProxyConfig& config_;
  Proxy proxy_;
  Reload reload_;
  obs::Registry registry_;
  obs::Registry::Registration process_metrics_;
  obs::Registry::Registration proxy_metrics_;
  obs::Health health_;
  http::Router router_;
  http::HttpServer http_server_{loop_, router_.handler()};
  std::clock_t cpu_ = 0;
  bool was_idle_ = true;
};

// A broker must store and give back the marks. Prints one line for each.
io::Task<int> check_marks(io::Loop& loop, cluster::ClusterOptions options) {
  const Result<std::vector<MarkCheck>> checks = co_await check_marks_of(loop, std::move(options));
  if (!checks) co_return fail(checks.error());
  int code = 0;
  for (const MarkCheck& check : *checks) {
    fmt::print("{} {}: {}\n", check.is_kept ? "ok  " : "FAIL", check.mark, check.detail);
    if (!check.is_kept) code = kExitInternal;
  }
  std::fflush(stdout);
  co_return code;
}

void add_flags(CLI::App& app, Flags& flags) {
  app.add_option("--config", flags.config_file, "settings in YAML")->option_text("FILE");
  app.add_option("--ready-file", flags.ready_file, "written when the proxy serves")
      ->option_text("FILE");
  const auto setting = [&](const std::string& flag, const std::string& key, const char* text,
                           const char* value) {
    app.add_option_function<std::string>(
           flag,
           [&flags, flag, key](const std::string& given) {
             flags.overrides.push_back({flag, key, given});
           },
           text)
        ->option_text(value);
  };
  setting("--listen", "listen.address", "where clients connect", "HOST:PORT");
  setting("--advertise", "listen.advertised_address", "what clients are told", "HOST:PORT");
  setting("--bootstrap", "kafka.bootstrap_servers", "the cluster's brokers", "HOST:PORT,...");
  setting("--virtual-partitions", "mapping.virtual_partitions", "partitions clients see", "V");
  setting("--physical-partitions", "mapping.physical_partitions", "partitions topics have", "P");
  setting("--metrics", "metrics.address", "serve metrics and health there", "HOST:PORT");
  setting("--log-format", "logging.format", "text or json", "WORD");
  app.add_flag("-v", flags.verbosity, "log each request's trouble; -vv logs more");
  app.add_flag("--check", flags.check,
               "write the batch marks to a temporary topic, read them back, and exit");
  app.add_flag("--validate", flags.validate, "check the configuration and exit");
  app.add_flag("--settings", flags.settings, "print all settings and exit");
}

Result<ProxyOptions> read_options(const Flags& flags, ProxyConfig& config) {
  config::Sources sources;
  sources.file = flags.config_file;
  sources.environment_prefix = "KAFKA_PROXY_";
  sources.overrides = flags.overrides;
  ODK_TRY(ProxyOptions options, load_proxy_options(sources, config));
  const auto is_metrics = [](const auto& given) { return given.origin == "--metrics"; };
  if (std::ranges::any_of(flags.overrides, is_metrics)) config.metrics_enabled = true;
  if (flags.verbosity == 1) config.log_level = LogLevel::debug;
  if (flags.verbosity > 1) config.log_level = LogLevel::trace;
  return options;
}

int run(int argc, char** argv) {
  CLI::App app("Shows Kafka clients many partitions of topics that have few.",
               "kafka-partition-proxy");
  app.set_version_flag("--version", std::string("kafka-partition-proxy 0.1.0"));
  Flags flags;
  add_flags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : kExitConfig;
  }
  ProxyConfig config;
  if (flags.settings) {
    config::Binder binder;
    declare_settings(binder, config);
    fmt::print("{}", settings_page(binder));
    return 0;
  }
  Result<ProxyOptions> options = read_options(flags, config);
  if (!options) return fail(options.error());
  if (flags.validate) {
    fmt::print("the configuration is valid\n");
    return 0;
  }
  const LogFormat plain = config.log_json ? LogFormat::json : LogFormat::text;
  set_log_sink(stderr_log_sink(), config.log_level, config.log_format.value_or(plain));
  io::Loop loop;
  if (flags.check) return loop.block_on(check_marks(loop, options->kafka));
  const Reload reload = [&flags]() -> Result<ReloadedConfig> {
    ProxyConfig again;
    ODK_TRY(ProxyOptions read, read_options(flags, again));
    return ReloadedConfig{std::move(read), again.log_level};
  };
  Program program(loop, config, *std::move(options), reload);
  return loop.block_on(program.run(flags.ready_file));
}

}  // namespace
}  // namespace odradek::proxy

int main(int argc, char** argv) {
  odradek::apps::keep_freed_memory();
  return odradek::proxy::run(argc, argv);
}
