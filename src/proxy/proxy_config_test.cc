#include "proxy/proxy_config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "auth/dev_certificate.h"

namespace odradek::proxy {
namespace {

// Reads a configuration text as if it were the file "proxy.yaml".
Result<ProxyOptions> read(const std::string& text, ProxyConfig& config) {
  config::Binder binder;
  declare_settings(binder, config);
  const config::Environment environment = [](const std::string& name) {
    return name == "BROKERS" ? std::optional<std::string>("k1:9092,k2:9093") : std::nullopt;
  };
  ODK_TRY(const config::ConfigNode root, config::parse_yaml(text, "proxy.yaml", environment));
  const config::Where where = {.origin = "proxy.yaml", .path = ""};
  ODK_TRY_VOID(binder.read(root, where));
  ODK_TRY_VOID(binder.check_required(where));
  return proxy_options(config, binder);
}

std::string error_of(const std::string& text) {
  ProxyConfig config;
  const Result<ProxyOptions> options = read(text, config);
  return options ? std::string("no error") : std::string(options.error().message());
}

constexpr std::string_view kKafka = "kafka:\n  bootstrap_servers: k:1\n";

TEST(ProxyConfig, ReadsACompleteFile) {
  ProxyConfig config;
  const Result<ProxyOptions> options = read(R"(
listen:
  address: 0.0.0.0:9192
  advertised_address: proxy.example:19192
  max_connections: 50
  idle_timeout_ms: 60000
  max_request_bytes: 1048576
kafka:
  bootstrap_servers: ${BROKERS}
  metadata_refresh_interval_secs: 5
  produce_lanes: 2
mapping:
  virtual_partitions: 12
  physical_partitions: 3
  auto_create: true
  topics:
    "orders-.*": {virtual_partitions: 8, physical_partitions: 2}
    orders.v1: {virtual_partitions: 6, physical_partitions: 2, offset_range: 2097152}
offsets: {shadow_suffix: "--shadow"}
logging: {level: warn, json: true}
)",
                                            config);
  ASSERT_TRUE(options) << options.error().to_string();
  EXPECT_EQ(options->listen.to_string(), "0.0.0.0:9192");
  ASSERT_EQ(options->advertised.size(), 1U);
  EXPECT_EQ(options->advertised[0].to_string(), "proxy.example:19192");
  EXPECT_EQ(options->limits.max_connections, 50U);
  EXPECT_EQ(options->limits.max_frame_bytes, 1048576U);
  ASSERT_EQ(options->kafka.bootstrap.size(), 2U);
  EXPECT_EQ(options->kafka.bootstrap[1].to_string(), "k2:9093");
  EXPECT_EQ(options->kafka.metadata_max_age, std::chrono::seconds(5));
  EXPECT_EQ(options->fallback->virtual_partitions, 12);
  ASSERT_EQ(options->topics.size(), 2U);
  EXPECT_EQ(options->topics[0].pattern, "orders-.*");  // in file order
  EXPECT_EQ(options->topics[0].spec.offset_range, kDefaultOffsetRange);
  EXPECT_EQ(options->topics[1].pattern, "orders.v1");
  EXPECT_EQ(options->topics[1].spec.offset_range, 2097152);
  EXPECT_TRUE(options->auto_create);
  EXPECT_EQ(options->produce_lanes, 2);
  EXPECT_EQ(options->shadow_suffix, "--shadow");
  EXPECT_EQ(config.log_level, LogLevel::warn);
  EXPECT_TRUE(config.log_json);
}

TEST(ProxyConfig, MapsNothingByDefault) {
  ProxyConfig config;
  const Result<ProxyOptions> options = read(std::string(kKafka), config);
  ASSERT_TRUE(options) << options.error().to_string();
  EXPECT_FALSE(options->fallback);
  EXPECT_TRUE(options->topics.empty());
  EXPECT_TRUE(options->advertised.empty());
}

TEST(ProxyConfig, SaysWhatIsWrongAndWhere) {
  const std::string kafka(kKafka);
  EXPECT_EQ(error_of("listen:\n  adress: x\n" + kafka),
            "proxy.yaml:2: listen.adress: unknown key, did you mean address?");
  EXPECT_NE(error_of("").find("kafka.bootstrap_servers"), std::string::npos);
  EXPECT_EQ(error_of(kafka + "mapping:\n  virtual_partitions: 12\n"),
            "proxy.yaml:4: mapping.virtual_partitions: goes together with "
            "mapping.physical_partitions");
  EXPECT_EQ(error_of(kafka + "mapping:\n  virtual_partitions: 10\n  physical_partitions: 3\n"),
            "proxy.yaml:4: mapping.virtual_partitions: virtual_partitions (10) is not a multiple "
            "of physical_partitions (3)");
  EXPECT_EQ(error_of(kafka + "mapping:\n  topics:\n    a: {virtual_partitions: 5, "
                             "physical_partitions: 2}\n"),
            "proxy.yaml:5: mapping.topics: topic \"a\": virtual_partitions (5) is not a multiple "
            "of physical_partitions (2)");
  EXPECT_NE(error_of(kafka + "mapping:\n  topics:\n    a: {virtual_partition: 5}\n")
                .find("did you mean virtual_partitions"),
            std::string::npos);
  EXPECT_NE(error_of(kafka + "mapping:\n  topics:\n    'a(': {virtual_partitions: 4, "
                             "physical_partitions: 2}\n")
                .find("regular expression"),
            std::string::npos);
  EXPECT_NE(error_of(kafka + "mapping: {offset_mode: dense}\n").find("identity"),
            std::string::npos);
  EXPECT_NE(error_of(kafka + "listen: {address: '0.0.0.0:9092'}\n").find("advertised_address"),
            std::string::npos);
  EXPECT_NE(error_of("kafka: {bootstrap_servers: '${NOT_SET}'}\n").find("NOT_SET"),
            std::string::npos);
}

// Certificates as the samples want them, in files.
class Samples : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto authority = auth::DevAuthority::create();
    ASSERT_TRUE(authority);
    auth::DevCertificateRequest request;
    request.dns_names = {"localhost"};
    const auto issued = authority->issue(request);
    ASSERT_TRUE(issued);
    write("ca", authority->certificate_pem());
    write("crt", issued->certificate_pem);
    write("key", issued->key_pem);
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }

  Result<ProxyOptions> load(const std::string& sample, ProxyConfig& config) {
    config::Sources sources;
    sources.file = std::string(ODK_SOURCE_DIR) + "/config/" + sample;
    sources.environment = [this](const std::string& name) -> std::optional<std::string> {
      if (name == "PROXY_CERTIFICATE") return folder_ / "crt";
      if (name == "PROXY_KEY") return folder_ / "key";
      if (name == "CLIENT_CA" || name == "KAFKA_CA") return folder_ / "ca";
      if (name.ends_with("_PASSWORD") || name.starts_with("KAFKA_API_")) return "secret";
      return std::nullopt;
    };
    return load_proxy_options(sources, config);
  }

  std::filesystem::path folder_ = [] {
    const auto path = std::filesystem::path(::testing::TempDir()) / "odk_proxy_samples";
    std::filesystem::create_directories(path);
    return path;
  }();
};

TEST_F(Samples, AreValid) {
  const std::filesystem::path samples = std::string(ODK_SOURCE_DIR) + "/config";
  std::vector<std::string> names = {"kafka-partition-proxy.yaml"};
  for (const auto& entry : std::filesystem::directory_iterator(samples / "kafka-partition-proxy")) {
    names.push_back("kafka-partition-proxy/" + entry.path().filename().string());
  }
  EXPECT_GE(names.size(), 6U);
  for (const std::string& name : names) {
    ProxyConfig config;
    const Result<ProxyOptions> options = load(name, config);
    ASSERT_TRUE(options) << name << ": " << options.error().to_string();
    EXPECT_TRUE(options->fallback || !options->topics.empty()) << name;
  }
}

TEST_F(Samples, MeanWhatTheySay) {
  ProxyConfig config;
  const Result<ProxyOptions> managed = load("kafka-partition-proxy/managed-cluster.yaml", config);
  ASSERT_TRUE(managed);
  const ListenerSecurityOptions& listener = managed->listener_security->options();
  EXPECT_TRUE(listener.has_tls && listener.has_sasl);
  EXPECT_EQ(listener.users.size(), 2U);
  EXPECT_EQ(managed->kafka.security.mechanism, "PLAIN");
  EXPECT_TRUE(managed->access->may_topic("User:shop", Operation::kWrite, "orders"));
  EXPECT_FALSE(managed->access->may_topic("User:reports", Operation::kWrite, "orders"));
  ProxyConfig second;
  const Result<ProxyOptions> mtls = load("kafka-partition-proxy/mtls.yaml", second);
  ASSERT_TRUE(mtls);
  EXPECT_EQ(mtls->listener_security->options().tls.mapping_rules,
            "RULE:^CN=([^,]+),.*$/$1/L,DEFAULT");
  EXPECT_TRUE(mtls->access->may_group("User:billing", Operation::kDelete, "billing.g"));
}

TEST(ProxyConfig, SaysWhatSecurityLacks) {
  const std::string kafka(kKafka);
  EXPECT_NE(error_of(kafka + "listen: {security: {protocol: SSL}}\n").find("cert_path"),
            std::string::npos);
  EXPECT_NE(error_of(kafka + "listen: {security: {protocol: SASL_PLAINTEXT}}\n")
                .find("enabled_mechanisms"),
            std::string::npos);
  EXPECT_NE(error_of(kafka + "listen: {security: {protocol: SASL_PLAINTEXT, sasl: "
                             "{enabled_mechanisms: [PLAIN]}}}\n")
                .find("no users"),
            std::string::npos);
  EXPECT_NE(error_of(kafka + "listen: {security: {protocol: SASL_PLAINTEXT, sasl: "
                             "{enabled_mechanisms: [OAUTHBEARER]}}}\n")
                .find("jwks_url"),
            std::string::npos);
  EXPECT_NE(error_of("kafka: {bootstrap_servers: 'k:1', security_protocol: SASL_SSL}\n")
                .find("kafka.sasl.mechanism"),
            std::string::npos);
  EXPECT_NE(error_of(kafka + "authorization:\n  - {principal: a, operations: [fly]}\n").find("fly"),
            std::string::npos);
}

// docs/proxy/configuration.md is what `kafka-partition-proxy --settings` prints.
TEST(ProxyConfig, IsDocumented) {
  ProxyConfig config;
  config::Binder binder;
  declare_settings(binder, config);
  std::ifstream file(std::string(ODK_SOURCE_DIR) + "/docs/proxy/configuration.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(page, settings_page(binder));
}

// Passwords are written down nowhere: not in errors, not where settings are shown.
TEST(ProxyConfig, KeepsSecretsOutOfErrorsAndTables) {
  ProxyConfig config;
  const Result<ProxyOptions> options = read(R"(
kafka:
  bootstrap_servers: k:1
  security_protocol: SASL_PLAINTEXT
  sasl: {mechanism: NONE-SUCH, username: u, password: hush-hush}
)",
                                            config);
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().to_string().find("hush-hush"), std::string::npos);
  config::Binder binder;
  declare_settings(binder, config);
  EXPECT_EQ(config::describe_settings(binder, "KAFKA_PROXY_").find("hush-hush"), std::string::npos);
  EXPECT_EQ(fmt::format("{}", config.security.upstream.password), "****");
}

}  // namespace
}  // namespace odradek::proxy
