#include "backup/cli/settings.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "backup/engine/backup_metrics.h"

namespace odradek::backup {
namespace {

Result<Settings> read(const std::string& yaml) {
  const std::string path = testing::TempDir() + "backup_settings_test.yaml";
  std::ofstream(path) << yaml;
  config::Sources sources;
  sources.file = path;
  return read_settings(sources);
}

TEST(BackupSettings, SecurityIsNestedOrFlat) {
  for (const char* yaml :
       {"source: {security: {security_protocol: SASL_SSL, sasl_username: u}}",
        "source: {security_protocol: SASL_SSL, sasl_username: u}",
        "source.security.security_protocol: SASL_SSL\nsource.sasl_username: u\n"}) {
    const Result<Settings> settings = read(yaml);
    ASSERT_TRUE(settings) << settings.error().to_string();
    EXPECT_EQ(settings->source.security_protocol, "SASL_SSL");
    EXPECT_EQ(settings->source.sasl_username, "u");
  }
}

TEST(BackupSettings, AnUnknownKeyIsAnErrorWithPlaceAndTheNearestOne) {
  const Result<Settings> settings = read("backup:\n  compresion: zstd\n");
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().message().find(":2:"), std::string_view::npos);
  EXPECT_NE(settings.error().message().find("compression"), std::string_view::npos);
}

TEST(BackupSettings, MeanWhatTheySay) {
  const Result<Settings> settings = read(
      "backup_id: b\n"
      "backup: {continuous: true, compression: lz4, memory_budget: 64MiB, poll_interval_ms: 500,"
      " rate_limit_bytes_per_sec: 1MB, segment_max_records: 7, isolation_level: read_uncommitted}");
  ASSERT_TRUE(settings) << settings.error().to_string();
  const Result<BackupOptions> options =
      backup_options(settings->backup_id, settings->source, settings->backup);
  ASSERT_TRUE(options) << options.error().to_string();
  EXPECT_EQ(options->mode, BackupMode::kContinuous);
  EXPECT_EQ(options->copy.coding.codec, wire::Codec::kLz4);
  EXPECT_FALSE(options->copy.coding.frames_are_compressed);
  EXPECT_EQ(options->copy.segment.zstd_level, 0);
  EXPECT_EQ(options->memory_budget_bytes, 64U << 20);
  EXPECT_EQ(options->cycle_interval, std::chrono::milliseconds(500));
  EXPECT_EQ(options->bytes_per_second, 1'000'000U);
  EXPECT_EQ(options->copy.segment_records, 7U);
  EXPECT_EQ(options->copy.fetch.isolation, IsolationLevel::kReadUncommitted);
}

// docs/backup/configuration.md is what `kafka-backup --settings` prints.
TEST(BackupSettings, AreDocumented) {
  std::ifstream file(std::string(ODK_SOURCE_DIR) + "/docs/backup/configuration.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(page, describe_all_settings())
      << "run: kafka-backup --settings >docs/backup/configuration.md";
}

TEST(BackupMetrics, AreDocumented) {
  std::ifstream file(std::string(ODK_SOURCE_DIR) + "/docs/backup/operation.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  obs::Registry registry;
  declare_backup_metrics(registry);
  const std::string table = registry.describe();
  size_t count = 0;
  for (size_t at = table.find("`kafka_backup_"); at != std::string::npos;
       at = table.find("`kafka_backup_", at + 1)) {
    const std::string name = table.substr(at, table.find_first_of("`{", at + 1) - at);
    EXPECT_NE(page.find(name), std::string::npos) << name;
    ++count;
  }
  EXPECT_GT(count, 20U);
}

TEST(BackupSettings, TheSampleIsRead) {
  config::Sources sources;
  sources.file = std::string(ODK_SOURCE_DIR) + "/config/kafka-backup.yaml";
  const Result<Settings> settings = read_settings(sources);
  ASSERT_TRUE(settings) << settings.error().to_string();
}

}  // namespace
}  // namespace odradek::backup
