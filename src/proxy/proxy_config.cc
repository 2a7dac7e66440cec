#include "proxy/proxy_config.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "io/address.h"

namespace odradek::proxy {
namespace {

using config::Binder;
using config::ConfigNode;
using config::Where;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint16_t kKafkaPort = 9092;
constexpr int64_t kRequestBytesMax = 1 << 30;

void declare_listen(Binder& binder, ProxyConfig::Listen& into) {
  binder.add("listen.address", into.address, "where clients connect; port 0 takes a free one");
  binder.add("listen.advertised_address", into.advertised_address,
             "what clients are told to connect to; none: listen.address");
  binder.add("listen.advertised_addresses", into.advertised_addresses,
             "instead of it, with several instances: one address each, the same list on all");
  binder.choice<NodeMode>(
      "listen.node_mode", into.node_mode,
      {{"proxies", NodeMode::kProxies}, {"brokers", NodeMode::kBrokers}},
      "what clients take for the cluster's brokers. proxies: the instances; brokers: the real ones "
      "with their numbers, all at the advertised address");
  binder.add("listen.max_connections", into.connections_max, "client connections at a time")
      .range(1, 1'000'000);
  binder.add("listen.idle_timeout_ms", into.idle_timeout, "until an idle client is disconnected")
      .range(milliseconds(1000), milliseconds(std::numeric_limits<int32_t>::max()));
  binder.add("listen.max_request_bytes", into.request_bytes_max, "largest request")
      .range(config::ByteSize{1024}, config::ByteSize{kRequestBytesMax});
}

void declare_kafka(Binder& binder, ProxyConfig::Kafka& into) {
  binder.add("kafka.bootstrap_servers", into.bootstrap_servers, "brokers to find the cluster by")
      .required();
  binder.add("kafka.connection_timeout_ms", into.connection_timeout, "for connecting to a broker")
      .range(milliseconds(100), milliseconds(600'000));
  binder.add("kafka.request_timeout_ms", into.request_timeout, "for a broker's answer")
      .range(milliseconds(100), milliseconds(600'000));
  binder
      .add("kafka.metadata_refresh_interval_secs", into.metadata_refresh_interval,
           "how old metadata may get")
      .range(seconds(1), seconds(3600));
  binder
      .add("kafka.produce_lanes", into.produce_lanes,
           "connections to each broker for a client that produces; more let the virtual "
           "partitions of one physical partition wait for acks side by side")
      .range(1, 64);
}

struct TopicEntry {
  int32_t virtual_partitions = 0;
  int32_t physical_partitions = 0;
  std::optional<int64_t> offset_range;
};

void declare_topic(Binder& binder, TopicEntry& into) {
  binder.add("virtual_partitions", into.virtual_partitions, "partitions clients see").required();
  binder.add("physical_partitions", into.physical_partitions, "partitions the topic has")
      .required();
  binder.add("offset_range", into.offset_range, "as mapping.offset_range");
}

// In file order, which decides between regular expressions.
Result<void> read_topics(const ConfigNode& node, const Where& where, ProxyConfig::Mapping& into) {
  if (!node.is_map()) return where.error(node, "expected a section of topics");
  std::vector<TopicRule> rules;
  for (const ConfigNode& item : node.items) {
    const std::function<void(Binder&, TopicEntry&)> declare = declare_topic;
    ODK_TRY(const TopicEntry entry,
            config::read_struct<TopicEntry>(item, where.child(item.key), declare));
    TopicRule& rule = rules.emplace_back();
    rule.pattern = item.key;
    rule.spec.virtual_partitions = entry.virtual_partitions;
    rule.spec.physical_partitions = entry.physical_partitions;
    rule.spec.offset_range = entry.offset_range.value_or(0);  // 0: the default, known later
  }
  into.topics = std::move(rules);
  return {};
}

void declare_mapping(Binder& binder, ProxyConfig::Mapping& into) {
  binder.add("mapping.virtual_partitions", into.virtual_partitions,
             "partitions clients see, for topics that mapping.topics does not name; none: these "
             "topics are passed through");
  binder.add("mapping.physical_partitions", into.physical_partitions,
             "partitions these topics have; divides virtual_partitions");
  binder.add("mapping.offset_range", into.offset_range,
             "offsets of a virtual partition in segmented addresses");
  binder.custom(
      "mapping.topics", "section of sections",
      [&into](const ConfigNode& node, const Where& where) {
        return read_topics(node, where, into);
      },
      "by topic name or, with other characters than names have, regular expression: "
      "virtual_partitions, physical_partitions, offset_range");
  binder.choice<OffsetMode>(
      "mapping.offset_mode", into.offset_mode,
      {{"identity", OffsetMode::kIdentity}, {"segmented", OffsetMode::kSegmented}},
      "identity: clients see the brokers' offsets; segmented: offsets that "
      "name their virtual partition, group * offset_range + the broker's");
  binder.choice<MarkMode>("mapping.mark", into.mark, {{"auto", MarkMode::kAuto}},
                          "how batches say their virtual partition");
  binder.add("mapping.auto_create", into.auto_create,
             "create mapped topics that clients ask for, with their physical partitions");
}

void declare_operation(Binder& binder, ProxyConfig& into) {
  binder.add("fetch.cache_bytes", into.fetch_cache_bytes,
             "latest records kept for all consumers that wait at the end of partitions, so that "
             "brokers send them once; 0: each consumer reads alone");
  binder.add("fetch.read_ahead_bytes", into.fetch_read_ahead_bytes,
             "what may be read for all clients that catch up before they ask for it: while one "
             "takes an answer, its next is on the way; 0: nothing is");
  binder.add("fetch.list_offsets_scan_bytes", into.list_offsets_scan_bytes,
             "how far to read on for a virtual partition's record when an offset is looked up "
             "by time");
  binder.choice<Kip848Mode>(
      "groups.kip848", into.kip848, {{"expand", Kip848Mode::kExpand}, {"hide", Kip848Mode::kHide}},
      "groups with group.protocol=consumer. expand: members get all virtual partitions of each "
      "physical one; hide: not offered, clients use classic groups");
  binder
      .add("offsets.shadow_suffix", into.shadow_suffix,
           "between a group's name and a number in the names of its shadow groups")
      .check([](const std::string& suffix) {
        return suffix.empty() ? std::string("may not be empty") : std::string();
      });
  binder.add(
      "consistency_topic", into.consistency_topic,
      "write mappings and the suffix to the topic __kafka_partition_proxy of the cluster, and "
      "do not start where another instance wrote others");
  binder.add("metrics.enabled", into.metrics_enabled, "serve /metrics, /healthz and /readyz");
  binder.add("metrics.address", into.metrics_address, "where");
  binder.choice<LogLevel>("logging.level", into.log_level,
                          {{"trace", LogLevel::trace},
                           {"debug", LogLevel::debug},
                           {"info", LogLevel::info},
                           {"warn", LogLevel::warn},
                           {"error", LogLevel::error},
                           {"off", LogLevel::off}},
                          "what is logged, to standard error");
  binder.add("logging.json", into.log_json, "log JSON lines");
  binder.choice<std::optional<LogFormat>>("logging.format", into.log_format,
                                          {{"text", LogFormat::text}, {"json", LogFormat::json}},
                                          "the same as a word");
}

Result<io::HostPort> address(const Binder& binder, std::string_view key, std::string_view text,
                             uint16_t default_port) {
  Result<io::HostPort> parsed = io::parse_host_port(text, default_port);
  if (!parsed) return binder.error_at(key, parsed.error().message());
  return parsed;
}

bool is_wildcard(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::" || host == "*";
}

Result<void> set_addresses(const ProxyConfig& config, const Binder& binder, ProxyOptions& options) {
  ODK_TRY(options.listen, address(binder, "listen.address", config.listen.address, kKafkaPort));
  const uint16_t port = options.listen.port;
  for (const std::string& text : config.listen.advertised_addresses) {
    ODK_TRY(io::HostPort told, address(binder, "listen.advertised_addresses", text, port));
    options.advertised.push_back(std::move(told));
  }
  const std::string& single = config.listen.advertised_address;
  if (!single.empty() && !options.advertised.empty()) {
    return binder.error_at("listen.advertised_addresses",
                           "not together with listen.advertised_address");
  }
  if (!single.empty()) {
    ODK_TRY(io::HostPort told, address(binder, "listen.advertised_address", single, port));
    options.advertised.push_back(std::move(told));
  }
  if (options.advertised.empty() && is_wildcard(options.listen.host)) {
    return binder.error_at("listen.address",
                           "listens on all addresses: clients need listen.advertised_address");
  }
  for (const std::string& text : config.kafka.bootstrap_servers) {
    ODK_TRY(io::HostPort broker, address(binder, "kafka.bootstrap_servers", text, kKafkaPort));
    options.kafka.bootstrap.push_back(std::move(broker));
  }
  if (options.kafka.bootstrap.empty()) {
    return binder.error_at("kafka.bootstrap_servers", "at least one address is needed");
  }
  return {};
}

Result<void> set_mapping(const ProxyConfig& config, const Binder& binder, ProxyOptions& options) {
  const ProxyConfig::Mapping& mapping = config.mapping;
  if (mapping.virtual_partitions.has_value() != mapping.physical_partitions.has_value()) {
    return binder.error_at("mapping.virtual_partitions",
                           "goes together with mapping.physical_partitions");
  }
  if (mapping.virtual_partitions) {
    options.fallback = MappingSpec{.virtual_partitions = *mapping.virtual_partitions,
                                   .physical_partitions = *mapping.physical_partitions,
                                   .offset_range = mapping.offset_range,
                                   .segmented = mapping.offset_mode == OffsetMode::kSegmented};
  }
  options.topics = mapping.topics;
  for (TopicRule& rule : options.topics) {
    if (rule.spec.offset_range == 0) rule.spec.offset_range = mapping.offset_range;
    rule.spec.segmented = mapping.offset_mode == OffsetMode::kSegmented;
  }
  const Result<MappingRegistry> registry =
      MappingRegistry::create(options.fallback, options.topics);
  if (registry) return {};
  // The message names the rule; a wrong rule and a wrong default are placed at their sections.
  const std::string_view message = registry.error().message();
  const bool is_rule = message.starts_with("topic \"");
  return binder.error_at(is_rule ? "mapping.topics" : "mapping.virtual_partitions", message);
}

}  // namespace

void declare_settings(Binder& binder, ProxyConfig& into) {
  declare_listen(binder, into.listen);
  declare_security(binder, into.security);
  declare_kafka(binder, into.kafka);
  declare_mapping(binder, into.mapping);
  declare_operation(binder, into);
}

std::string settings_page(const Binder& binder) {
  return "# kafka-partition-proxy: settings\n\n"
         "By key in a YAML file (`--config`), by environment variable, or by flag; later ones "
         "win.\n"
         "`${NAME}` and `${NAME:-default}` in the file take variables. Unknown keys are errors.\n"
         "[A commented sample](../../config/kafka-partition-proxy.yaml); others are beside "
         "it.\n\n" +
         config::describe_settings(binder, "KAFKA_PROXY_");
}

Result<ProxyOptions> proxy_options(const ProxyConfig& config, const Binder& binder) {
  ProxyOptions options;
  ODK_TRY_VOID(set_addresses(config, binder, options));
  ODK_TRY_VOID(set_mapping(config, binder, options));
  options.access = std::make_shared<const AccessRules>(config.security.access);
  ODK_TRY(options.listener_security, listener_security(config.security));
  ODK_TRY(options.upstream_security, upstream_security(config.security));
  options.kafka.security = UpstreamSecurity::client_security(options.upstream_security);
  options.node_mode = config.listen.node_mode;
  options.limits.max_connections = static_cast<size_t>(config.listen.connections_max);
  options.limits.idle_timeout = config.listen.idle_timeout;
  options.limits.max_frame_bytes = config.listen.request_bytes_max.bytes;
  options.kafka.client_id = "kafka-partition-proxy";
  options.kafka.connection_timeout = config.kafka.connection_timeout;
  options.kafka.request_timeout = config.kafka.request_timeout;
  options.kafka.metadata_max_age = config.kafka.metadata_refresh_interval;
  options.produce_lanes = config.kafka.produce_lanes;
  options.auto_create = config.mapping.auto_create;
  options.fetch_cache_bytes = config.fetch_cache_bytes.bytes;
  options.fetch_read_ahead_bytes = static_cast<int64_t>(config.fetch_read_ahead_bytes.bytes);
  options.list_offsets_scan_bytes = static_cast<int64_t>(config.list_offsets_scan_bytes.bytes);
  options.kip848 = config.kip848;
  options.shadow_suffix = config.shadow_suffix;
  options.consistency_topic = config.consistency_topic;
  return options;
}

Result<ProxyOptions> load_proxy_options(const config::Sources& sources, ProxyConfig& config) {
  Binder binder;
  declare_settings(binder, config);
  ODK_TRY_VOID(binder.load(sources));
  return proxy_options(config, binder);
}

}  // namespace odradek::proxy
