#include "store/open_store.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/read_file.h"

namespace odradek::store {
namespace {

StoreContext empty_environment() {
  StoreContext context;
  context.environment = [](const std::string&) { return std::nullopt; };
  return context;
}

std::string place_of(const StoreSettings& settings) {
  const Result<std::unique_ptr<ObjectStore>> store = open_store(settings, empty_environment());
  return store ? (*store)->describe() : std::string(store.error().message());
}

TEST(OpenStore, TakesUrlsApart) {
  EXPECT_EQ(place_of({.path = "s3://bucket"}), "s3://bucket");
  EXPECT_EQ(place_of({.path = "s3://bucket/a/b/"}), "s3://bucket/a/b");
  EXPECT_EQ(place_of({.path = "gs://bucket/a", .anonymous = true}), "gs://bucket/a");
  EXPECT_EQ(place_of({.path = "azblob://container", .account_name = "account"}),
            "azblob://container");
  EXPECT_EQ(place_of({.path = "memory:"}), "memory:");
}

TEST(OpenStore, TakesKeysInsteadOfAUrl) {
  EXPECT_EQ(place_of({.backend = "s3", .bucket = "bucket", .prefix = "/a/"}), "s3://bucket/a");
  EXPECT_EQ(place_of({.path = "s3://bucket", .prefix = "a"}), "s3://bucket/a");
}

TEST(OpenStore, SaysWhatIsWrong) {
  EXPECT_EQ(place_of({}), "storage.path (or --path) is required");
  EXPECT_EQ(place_of({.path = "ftp://host/x"}),
            "storage.path: \"ftp://\" is the URL of no known store");
  EXPECT_EQ(place_of({.backend = "s4"}),
            "storage.backend: \"s4\" is none of filesystem, memory, s3, azure, gcs");
  EXPECT_EQ(place_of({.path = "s3://bucket", .backend = "gcs"}),
            "storage.backend: gcs does not go with the path s3://bucket");
  EXPECT_EQ(place_of({.path = "s3://bucket", .bucket = "other"}),
            "storage.path: bucket or prefix are named twice, differently");
  EXPECT_EQ(place_of({.path = "s3://user:secret@bucket"}),
            "storage.path: only a bucket and a prefix belong into the URL");
  EXPECT_EQ(place_of({.path = "s3://b!"}), "storage.bucket: \"b!\" is no bucket");
  EXPECT_EQ(place_of({.path = "s3://bucket/a/../b"}), "storage.prefix: \"a/../b\" is no prefix");
  EXPECT_EQ(place_of({.path = "azblob://container"}),
            "storage.account_name or AZURE_STORAGE_ACCOUNT is required");
}

TEST(OpenStore, TalksWithoutTlsOnlyWhenToldTo) {
  const StoreSettings open{.path = "s3://bucket", .endpoint = "http://host:9000"};
  EXPECT_TRUE(place_of(open).contains("allow_http"));
  StoreSettings allowed = open;
  allowed.allow_http = true;
  EXPECT_EQ(place_of(allowed), "s3://bucket");
}

TEST(OpenStore, KnowsErrorsOfStoresByTheirPlace) {
  EXPECT_TRUE(is_about_store(Error(Errc::kTimedOut, "get s3://bucket/key: timed out")));
  EXPECT_FALSE(is_about_store(Error(Errc::kTimedOut, "metadata of topic orders")));
}

// The guide's table is what the code declares.
TEST(StorageGuide, HasEverySettingAsTheCodeSaysIt) {
  StoreSettings settings;
  config::Binder binder;
  declare_store(binder, "storage", settings);
  const std::string guide =
      read_file(ODK_SOURCE_DIR "/docs/backup/storage.md", size_t{1} << 20U).value();
  std::istringstream rows(config::describe_settings(binder));
  for (std::string row; std::getline(rows, row);) {
    EXPECT_TRUE(guide.contains(row)) << "docs/backup/storage.md lacks\n" << row;
  }
}

}  // namespace
}  // namespace odradek::store
