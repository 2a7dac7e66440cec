#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/nearest_name.h"
#include "config/binder.h"

namespace odradek::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Environment variables(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

Result<ConfigNode> parse(std::string_view text,
                         std::map<std::string, std::string> environment = {}) {
  return parse_yaml(text, "broker.yaml", variables(std::move(environment)));
}

std::string failure_of(std::string_view text, std::map<std::string, std::string> environment = {}) {
  const Result<ConfigNode> node = parse(text, std::move(environment));
  return node ? "no failure" : std::string(node.error().message());
}

enum class Mode { kIdentity, kShadow };

struct TopicSettings {
  int32_t partitions = 12;
  int64_t range = int64_t{1} << 40;
};
struct Rule {
  std::string principal;
  std::vector<std::string> operations;
};

void declare_topic(Binder& binder, TopicSettings& topic) {
  binder.add("virtual_partitions", topic.partitions, "how many clients see").range(1, 10'000);
  binder.add("offset_range", topic.range, "offsets of one virtual partition");
}
void declare_rule(Binder& binder, Rule& rule) {
  binder.add("principal", rule.principal, "whom it is about").required();
  binder.add("operations", rule.operations, "what is allowed");
}

struct Settings {
  Settings() {
    binder.add("listen.address", address, "where clients connect").required();
    binder.add("listen.max_connections", max_connections, "at most").range(1, 100'000);
    binder.add("listen.tls.cert_file", cert_file, "certificate in PEM");
    binder.add("listen.tls.key_password", key_password, "password of the key");
    binder.add("kafka.request_timeout_ms", request_timeout, "for one request").range(1ms, 10min);
    binder.add("kafka.retry", retry, "between tries");
    binder.add("kafka.bootstrap_servers", bootstrap, "first brokers");
    binder.add("fetch.cache_bytes", cache, "cache");
    binder.add("users", users, "who may connect");
    binder.add("labels", labels, "free texts");
    binder.add("json", json, "log as JSON");
    binder.add("ratio", ratio, "a ratio");
    binder.choice<Mode>("mode", mode, {{"identity", Mode::kIdentity}, {"shadow", Mode::kShadow}},
                        "offset mode");
    binder.map_of<TopicSettings>("topics", topics, declare_topic, "by name");
    binder.list_of<Rule>("rules", rules, declare_rule, "who may do what");
  }

  Result<void> read(std::string_view text, std::map<std::string, std::string> environment = {}) {
    ODK_TRY(const ConfigNode root, parse(text, std::move(environment)));
    const Where where{"broker.yaml", ""};
    ODK_TRY_VOID(binder.read(root, where));
    return binder.check_required(where);
  }
  static std::string failure(std::string_view text) {
    Settings settings;
    const Result<void> read = settings.read(text);
    return read ? "no failure" : std::string(read.error().message());
  }

  std::string address;
  int32_t max_connections = 1000;
  std::string cert_file;
  Secret key_password;
  std::chrono::milliseconds request_timeout = 10s;
  Duration retry = 100ms;
  std::vector<std::string> bootstrap;
  ByteSize cache = 64_MiB;
  std::map<std::string, Secret> users;
  std::map<std::string, std::string> labels;
  bool json = false;
  std::optional<double> ratio;
  Mode mode = Mode::kIdentity;
  std::map<std::string, TopicSettings> topics;
  std::vector<Rule> rules;
  Binder binder;
};

TEST(Binder, FillsEveryType) {
  Settings settings;
  const Result<void> read = settings.read(R"(
listen:
  address: 127.0.0.1:9092
  max_connections: 50
  tls: {cert_file: "x.pem", key_password: s3cret}
kafka:
  request_timeout_ms: 2500
  retry: 1m30s
  bootstrap_servers: [a:1, b:2]
fetch.cache_bytes: 1.5GiB
users: {alice: a, bob: b}
labels: {zone: "7"}
json: yes
ratio: 0.25
mode: shadow
topics:
  orders: {virtual_partitions: 24}
  "dotted.name": {}
rules:
  - {principal: "User:a", operations: [read, write]}
  - principal: User:b
)");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(settings.address, "127.0.0.1:9092");
  EXPECT_EQ(settings.max_connections, 50);
  EXPECT_EQ(settings.key_password.reveal(), "s3cret");
  EXPECT_EQ(settings.request_timeout, 2500ms);
  EXPECT_EQ(settings.retry, 90s);
  EXPECT_THAT(settings.bootstrap, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(settings.cache.bytes, 1536U * 1024 * 1024);
  EXPECT_EQ(settings.users.at("bob").reveal(), "b");
  EXPECT_THAT(settings.labels, ElementsAre(Pair("zone", "7")));
  EXPECT_TRUE(settings.json);
  EXPECT_EQ(settings.ratio, 0.25);
  EXPECT_EQ(settings.mode, Mode::kShadow);
  EXPECT_EQ(settings.topics.at("orders").partitions, 24);
  EXPECT_EQ(settings.topics.at("dotted.name").partitions, 12);
  EXPECT_THAT(settings.rules.at(0).operations, ElementsAre("read", "write"));
  EXPECT_EQ(settings.rules.at(1).principal, "User:b");
  EXPECT_TRUE(settings.binder.is_set("listen.tls.cert_file"));
}

TEST(Binder, UnknownKeysNameThePlaceAndTheNearestKey) {
  EXPECT_EQ(Settings::failure("listen:\n  address: a\n  tls:\n    certfile: x\n"),
            "broker.yaml:4: listen.tls.certfile: unknown key, did you mean cert_file?");
  EXPECT_EQ(Settings::failure("listen:\n  maxConnections: 1\n"),
            "broker.yaml:2: listen.maxConnections: unknown key, did you mean max_connections?");
  EXPECT_EQ(Settings::failure("lisetn: {}\n"),
            "broker.yaml:1: lisetn: unknown key, did you mean listen?");
  EXPECT_EQ(Settings::failure("quux: 1\n"), "broker.yaml:1: quux: unknown key");
  EXPECT_EQ(Settings::failure("kafka: {cache_bytes: 1}\n"),
            "broker.yaml:1: kafka.cache_bytes: unknown key, did you mean fetch.cache_bytes?");
  EXPECT_EQ(Settings::failure("topics:\n  orders:\n    virtual_partition: 3\n"),
            "broker.yaml:3: topics.orders.virtual_partition: unknown key, did you mean "
            "virtual_partitions?");
}

TEST(Binder, WrongValuesNameThePlace) {
  EXPECT_EQ(Settings::failure("listen:\n  max_connections: many\n"),
            "broker.yaml:2: listen.max_connections: expected an integer, found \"many\"");
  EXPECT_EQ(Settings::failure("listen: {max_connections: 0}\n"),
            "broker.yaml:1: listen.max_connections: 0 is not between 1 and 100000");
  EXPECT_EQ(Settings::failure("listen: {max_connections: 99999999999}\n"),
            "broker.yaml:1: listen.max_connections: 99999999999 is not between -2147483648 and "
            "2147483647");
  EXPECT_EQ(Settings::failure("listen: text\n"),
            "broker.yaml:1: listen: expected a section, found a text");
  EXPECT_EQ(Settings::failure("listen: {address: [1]}\n"),
            "broker.yaml:1: listen.address: expected a text, found a list");
  EXPECT_EQ(Settings::failure("kafka: {retry: 5}\n"),
            "broker.yaml:1: kafka.retry: \"5\" needs a unit: ms, s, m, h or d");
  EXPECT_EQ(Settings::failure("kafka: {request_timeout_ms: 1us}\n"),
            "broker.yaml:1: kafka.request_timeout_ms: finer than this setting can be");
  EXPECT_EQ(Settings::failure("kafka: {request_timeout_ms: 1h}\n"),
            "broker.yaml:1: kafka.request_timeout_ms: 1h is not between 1ms and 10m");
  EXPECT_EQ(Settings::failure("fetch: {cache_bytes: 64Mb}\n"),
            "broker.yaml:1: fetch.cache_bytes: \"64Mb\" has an unknown unit, use B, KiB, MiB, GiB "
            "or TiB");
  EXPECT_EQ(Settings::failure("mode: other\n"),
            "broker.yaml:1: mode: expected identity or shadow, found \"other\"");
  EXPECT_EQ(Settings::failure("json: 1\n"),
            "broker.yaml:1: json: expected true or false, found \"1\"");
  EXPECT_EQ(Settings::failure("rules:\n  - principal: a\n  - operations: [x]\n"),
            "broker.yaml: rules[1].principal: is required (whom it is about)");
  EXPECT_EQ(Settings::failure("listen: {address: a}\nlisten.address: b\n"),
            "broker.yaml:2: listen.address: set twice, first in line 1");
  EXPECT_EQ(Settings::failure("{}"),
            "broker.yaml: listen.address: is required (where clients connect)");
}

TEST(Binder, UsersMayBeAListOfPairs) {
  Settings settings;
  ASSERT_TRUE(settings.read("listen.address: a\nusers:\n  - {username: al, password: x}\n"));
  EXPECT_EQ(settings.users.at("al").reveal(), "x");
  EXPECT_THAT(Settings::failure("users:\n  - {username: al}\n"),
              HasSubstr("broker.yaml:2: users[0]: expected username and password"));
  EXPECT_THAT(Settings::failure("users: [{username: a, password: b}, {username: a, password: c}]"),
              HasSubstr("a is there twice"));
}

TEST(Binder, FlagsBeatEnvironmentBeatsFile) {
  const std::string file = testing::TempDir() + "odk_config_test.yaml";
  std::ofstream(file) << "listen: {address: from-file, max_connections: 1}\njson: true\n";
  Settings settings;
  Sources sources;
  sources.file = file;
  sources.environment_prefix = "ODK_";
  sources.environment = variables({{"ODK_LISTEN_ADDRESS", "from-environment"},
                                   {"ODK_LISTEN_MAX_CONNECTIONS", "2"},
                                   {"ODK_KAFKA_BOOTSTRAP_SERVERS", "a:1, b:2"}});
  sources.overrides = {{"--listen", "listen.address", "from-flag"}};
  const Result<void> loaded = settings.binder.load(sources);
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(settings.address, "from-flag");
  EXPECT_EQ(settings.max_connections, 2);
  EXPECT_TRUE(settings.json);
  EXPECT_THAT(settings.bootstrap, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(settings.binder.error_at("listen.address", "is taken").message(),
            "--listen: listen.address: is taken");
  EXPECT_EQ(settings.binder.error_at("json", "is odd").message(), file + ":2: json: is odd");
  EXPECT_EQ(settings.binder.error_at("ratio", "is odd").message(), "ratio: is odd");
}

TEST(Binder, BadFlagsAndVariablesNameThemselves) {
  Settings settings;
  Sources sources;
  sources.environment_prefix = "ODK_";
  sources.environment = variables({{"ODK_JSON", "maybe"}});
  EXPECT_EQ(settings.binder.load(sources).error().message(),
            "environment variable ODK_JSON: json: expected true or false, found \"maybe\"");
  sources.environment = variables({});
  sources.overrides = {{"--set", "listen.adress", "x"}};
  EXPECT_EQ(settings.binder.load(sources).error().message(),
            "--set: listen.adress: unknown key, did you mean listen.address?");
  sources.overrides = {{"--set", "topics", "x"}};
  EXPECT_EQ(settings.binder.load(sources).error().message(),
            "--set: topics: can be set in the file only");
  sources.file = "/nonexistent/broker.yaml";
  EXPECT_EQ(settings.binder.load(sources).error().message(),
            "cannot read /nonexistent/broker.yaml: No such file or directory");
}

TEST(Binder, DescribesItself) {
  Settings settings;
  const std::string text = describe_settings(settings.binder, "ODK_");
  EXPECT_THAT(text, HasSubstr("| `listen.address` | text | required | where clients connect | "
                              "`ODK_LISTEN_ADDRESS` |\n"));
  EXPECT_THAT(text, HasSubstr("| `fetch.cache_bytes` | size | `64MiB` | cache |"));
  EXPECT_THAT(text, HasSubstr("| `kafka.request_timeout_ms` | duration | `10s` |"));
  EXPECT_THAT(text, HasSubstr("| `mode` | identity or shadow | `identity` |"));
  EXPECT_THAT(text, HasSubstr("| `topics.*.virtual_partitions` | integer | `12` |"));
}

TEST(Yaml, ExpandsVariables) {
  const ConfigNode root =
      parse("a: ${A}\nb: \"x${B:-default}y\"\nc: $${A}\nd: '${A}${A}'\ne: ${E:-}\nf: $5",
            {{"A", "one: {two}"}, {"B", ""}})
          .value();
  EXPECT_EQ(root.find("a")->text, "one: {two}");
  EXPECT_EQ(root.find("b")->text, "xdefaulty");
  EXPECT_EQ(root.find("c")->text, "${A}");
  EXPECT_EQ(root.find("d")->text, "one: {two}one: {two}");
  EXPECT_EQ(root.find("e")->text, "");
  EXPECT_EQ(root.find("f")->text, "$5");
  EXPECT_EQ(failure_of("x: 1\na: ${A}"), "broker.yaml:2: environment variable A is not set");
  EXPECT_EQ(failure_of("a: ${A"), "broker.yaml:1: ${ without its closing }");
  EXPECT_EQ(failure_of("a: ${A B}"), "broker.yaml:1: ${A B} does not name an environment variable");
}

TEST(Yaml, FailuresNameTheLine) {
  EXPECT_THAT(failure_of("a: 1\nb: [1, 2\n"), HasSubstr("broker.yaml:3: not YAML: "));
  EXPECT_EQ(failure_of("a: 1\nb: 2\na: 3\n"), "broker.yaml:3: the key a is there twice");
  EXPECT_EQ(failure_of("? [a]\n: 1\n"), "broker.yaml:1: a key must be a text");
  EXPECT_EQ(failure_of("a: 1\n---\nb: 2\n"), "broker.yaml: more than one YAML document");
  EXPECT_THAT(failure_of("a: *missing\n"), HasSubstr("broker.yaml:1: not YAML: "));
  EXPECT_EQ(failure_of("# nothing\n"), "no failure");
  EXPECT_EQ(failure_of(""), "no failure");
}

TEST(Yaml, AliasesWorkAndAreBounded) {
  const ConfigNode root = parse("a: &x {k: v}\nb: *x\n").value();
  EXPECT_EQ(root.find("b")->find("k")->text, "v");
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("a{}: &a{} [", i, i);
    for (int n = 0; n < 10; ++n) bomb += fmt::format("*a{},", i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(failure_of(bomb), HasSubstr("too large"));
  const std::string wide = "a: &a " + std::string(100'000, 'x') + "\nb: [" + [] {
    std::string s;
    for (int i = 0; i < 1000; ++i) s += "*a,";
    return s;
  }() + "]";
  EXPECT_THAT(failure_of(wide), HasSubstr("too large"));
  EXPECT_THAT(failure_of("a: &a [*a]\n"), HasSubstr("inside of what it stands for"));
  EXPECT_THAT(failure_of("a: " + std::string(100, '[') + std::string(100, ']')),
              HasSubstr("too deeply nested"));
  EXPECT_THAT(failure_of(std::string(2'000'000, 'x')), HasSubstr("larger than"));
}

TEST(Values, DurationsAndSizes) {
  EXPECT_EQ(parse_duration("250ms", {}).value(), 250ms);
  EXPECT_EQ(parse_duration("1.5h", {}).value(), 90min);
  EXPECT_EQ(parse_duration("1d2h", {}).value(), 26h);
  EXPECT_EQ(parse_duration("30", 1s).value(), 30s);
  EXPECT_EQ(parse_duration("0", {}).value(), 0s);
  for (const std::string_view bad :
       {"", "s", "-1s", "1x", "1s2", "nan", "1e3s", "200y", "40000d"}) {
    EXPECT_FALSE(parse_duration(bad, {})) << bad;
  }
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(parse_size("1000").value().bytes, 1000U);
  EXPECT_EQ(parse_size("10 MB").value().bytes, 10'000'000U);
  EXPECT_EQ(parse_size("2KiB").value(), 2_KiB);
  for (const std::string_view bad : {"", "KiB", "-1", "1KiB1", "10M", "9999999999TiB"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
  EXPECT_EQ(format_size(64_MiB), "64MiB");
  EXPECT_EQ(format_size({1000}), "1000");
  EXPECT_EQ(unit_of_key("a.interval_secs"), 1s);
  EXPECT_EQ(unit_of_key("retention.ms"), 1ms);
  EXPECT_EQ(unit_of_key("terms"), 0s);
}

TEST(NearestName, FindsTyposAndNothingElse) {
  const std::vector<std::string> names{"cert_file", "key_file", "address", "max_connections"};
  EXPECT_EQ(nearest_name("certfile", names), "cert_file");
  EXPECT_EQ(nearest_name("adress", names), "address");
  EXPECT_EQ(nearest_name("max_conections", names), "max_connections");
  EXPECT_EQ(nearest_name("zzz", names), "");
  EXPECT_EQ(nearest_name(std::string(10'000, 'a'), names), "");
}

}  // namespace
}  // namespace odradek::config
