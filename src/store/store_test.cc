#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>

#include "base/ids.h"
#include "store/azure/fake_azure_for_tests.h"
#include "store/gcs/fake_gcs_for_tests.h"
#include "store/open_store.h"
#include "store/s3/fake_s3_for_tests.h"

namespace odradek::store {
namespace {

// Every store must behave alike; a test gets a fresh one. Besides our own there are the real ones
// that ODK_STORE_TEST_URLS names, blanks between them (tests/objectstores/run.sh).
class Store : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    StoreSettings settings;
    settings.allow_http = true;
    settings.retry_timeout = std::chrono::milliseconds(10'000);
    settings.prefix = "store-test/" + Uuid::random().to_string();
    const std::string& kind = GetParam();
    StoreContext context;
    if (kind.contains("://")) {
      read_variables(settings);
    } else {
      context.environment = [](const std::string&) { return std::nullopt; };
      settings.access_key = "access";
      settings.secret_key = Secret("secret");
      settings.account_name = "account";
      settings.account_key = Secret("a2V5");
    }
    if (kind == "s3") settings.endpoint = s3_.emplace().url();
    if (kind == "azblob") settings.endpoint = azure_.emplace().url();
    if (kind == "gs") {
      settings.endpoint = gcs_.emplace().url();
      settings.anonymous = true;
    }
    Result<std::unique_ptr<ObjectStore>> opened =
        open_store(url_of(kind), std::move(settings), context);
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = *std::move(opened);
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string url_of(const std::string& kind) {
    if (kind == "files") {
      folder_ = std::filesystem::path(testing::TempDir()) / Uuid::random().to_string();
      return "file://" + folder_.string();
    }
    if (kind == "memory") return "memory:";
    if (kind == "azblob") return "azblob://container";
    return kind.contains("://") ? kind : kind + "://bucket";
  }

  static void read_variables(StoreSettings& settings) {
    const auto value = [](const char* name) {
      const char* const text = std::getenv(name);
      return std::string(text == nullptr ? "" : text);
    };
    const std::string kind = GetParam().substr(0, GetParam().find(':'));
    settings.endpoint = value(("ODK_STORE_TEST_ENDPOINT_" + kind).c_str());
    settings.ca_location = value("ODK_STORE_TEST_CA");
    settings.anonymous = kind == "gs";
  }

  std::string text_of(const std::string& key) {
    const Result<Slice> content = store_->get(key);
    return content ? std::string(content->text()) : content.error().to_string();
  }

  std::filesystem::path folder_;
  std::optional<s3::FakeS3> s3_;
  std::optional<azure::FakeAzure> azure_;
  std::optional<gcs::FakeGcs> gcs_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_P(Store, GivesBackWhatWasPut) {
  ASSERT_TRUE(store_->put("a/b", as_bytes("content")));
  EXPECT_EQ(text_of("a/b"), "content");
  EXPECT_EQ(store_->head("a/b")->size_bytes, 7U);
}

TEST_P(Store, PutIfAbsentNeverReplaces) {
  ASSERT_TRUE(store_->put_if_absent("key", as_bytes("first")));
  const Result<ObjectInfo> second = store_->put_if_absent("key", as_bytes("second"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Errc::kAlreadyExists);
  EXPECT_EQ(text_of("key"), "first");
}

TEST_P(Store, PutIfMatchReplacesOnlyTheVersionItSaw) {
  const Result<ObjectInfo> first = store_->put_if_match("lease", as_bytes("1"), "");
  ASSERT_TRUE(first);
  const Result<ObjectInfo> second = store_->put_if_match("lease", as_bytes("2"), first->etag);
  ASSERT_TRUE(second);
  const Result<ObjectInfo> late = store_->put_if_match("lease", as_bytes("3"), first->etag);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Errc::kPrecondition);
  EXPECT_EQ(text_of("lease"), "2");
}

TEST_P(Store, MissingObjectsAreNotFound) {
  EXPECT_EQ(store_->get("no/such").error().code(), Errc::kNotFound);
  EXPECT_EQ(store_->head("no/such").error().code(), Errc::kNotFound);
  EXPECT_TRUE(store_->remove("no/such"));
}

TEST_P(Store, ReadsRangesAndSuffixesWithinTheObject) {
  ASSERT_TRUE(store_->put("digits", as_bytes("0123456789")));
  EXPECT_EQ(store_->get_range("digits", 3, 4)->text(), "3456");
  EXPECT_EQ(store_->get_range("digits", 8, 100)->text(), "89");
  EXPECT_EQ(store_->get_range("digits", 50, 1)->size(), 0U);
  EXPECT_EQ(store_->get_suffix("digits", 3)->text(), "789");
  EXPECT_EQ(store_->get_suffix("digits", 300)->text(), "0123456789");
}

TEST_P(Store, ListsKeysOfAPrefixInOrder) {
  for (const char* key : {"x/b", "x/a", "x/c/d", "y"}) ASSERT_TRUE(store_->put(key, {}));
  const Result<std::vector<ObjectInfo>> found = store_->list("x/");
  ASSERT_TRUE(found);
  std::vector<std::string> keys;
  for (const ObjectInfo& object : *found) keys.push_back(object.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"x/a", "x/b", "x/c/d"}));
  EXPECT_TRUE(store_->list("nothing/")->empty());
}

TEST_P(Store, WriterPublishesOnlyOnCommit) {
  Result<std::unique_ptr<ObjectWriter>> writer = store_->open_writer("w/object");
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->write(as_bytes("one ")));
  ASSERT_TRUE((*writer)->write(as_bytes("two")));
  EXPECT_TRUE(store_->list("w/")->empty());
  ASSERT_TRUE((*writer)->commit_if_absent());
  EXPECT_EQ(text_of("w/object"), "one two");
}

TEST_P(Store, AbandonedWriterLeavesNothing) {
  {
    Result<std::unique_ptr<ObjectWriter>> writer = store_->open_writer("w/object");
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->write(as_bytes("half")));
  }
  EXPECT_TRUE(store_->list("w/")->empty());
}

TEST_P(Store, SecondWriterOfAKeyIsRefused) {
  Result<std::unique_ptr<ObjectWriter>> first = store_->open_writer("key");
  Result<std::unique_ptr<ObjectWriter>> second = store_->open_writer("key");
  ASSERT_TRUE((*first)->write(as_bytes("first")));
  ASSERT_TRUE((*second)->write(as_bytes("second")));
  ASSERT_TRUE((*first)->commit_if_absent());
  EXPECT_EQ((*second)->commit_if_absent().error().code(), Errc::kAlreadyExists);
  EXPECT_EQ(text_of("key"), "first");
}

TEST_P(Store, RefusesKeysThatLeaveTheRoot) {
  for (const char* key : {"../outside", "a/../../b", "/absolute", "a//b", "", ".", "a/."}) {
    const Result<ObjectInfo> put = store_->put(key, {});
    ASSERT_FALSE(put) << key;
    EXPECT_EQ(put.error().code(), Errc::kInvalidArgument) << key;
  }
}

TEST_P(Store, ProbeFindsThatCreateOnlyIsEnforced) {
  const Result<Capabilities> capabilities = probe(*store_, "probe/");
  ASSERT_TRUE(capabilities);
  EXPECT_TRUE(capabilities->enforces_create_only);
  EXPECT_TRUE(store_->list("probe/")->empty());
}

TEST_P(Store, PutsOnceWhatIsTheSame) {
  EXPECT_TRUE(*put_once(*store_, "once", as_bytes("mine")));
  EXPECT_TRUE(*put_once(*store_, "once", as_bytes("mine")));
  EXPECT_FALSE(*put_once(*store_, "once", as_bytes("yours")));
  EXPECT_EQ(text_of("once"), "mine");
}

TEST_P(Store, KeepsOddKeys) {
  const std::vector<std::string> keys = {
      "a b+c=d&e%20\u00fc~.txt", "a/b?c#d", "q'\"<>", "%", "plus+plus", "x;y:z@!$*(),"};
  for (const std::string& key : keys) {
    const Result<ObjectInfo> put = store_->put_if_absent(key, as_bytes(key));
    ASSERT_TRUE(put) << put.error().to_string();
    EXPECT_EQ(text_of(key), key);
    EXPECT_EQ(store_->list(key)->at(0).key, key);
  }
  EXPECT_EQ(store_->list("")->size(), keys.size());
  for (const std::string& key : keys) EXPECT_TRUE(store_->remove(key));
  EXPECT_TRUE(store_->list("")->empty());
}

TEST_P(Store, ListsMoreThanAPage) {
  for (int number = 10; number < 20; ++number) {
    ASSERT_TRUE(store_->put("many/" + std::to_string(number), as_bytes("x")));
  }
  const Result<std::vector<ObjectInfo>> found = store_->list("many/");
  ASSERT_TRUE(found) << found.error().to_string();
  ASSERT_EQ(found->size(), 10U);
  EXPECT_EQ(found->front().key, "many/10");
  EXPECT_EQ(found->back().key, "many/19");
}

TEST_P(Store, KeepsEmptyObjects) {
  ASSERT_TRUE(store_->put_if_absent("empty", {}));
  EXPECT_EQ(store_->get("empty")->size(), 0U);
  EXPECT_EQ(store_->head("empty")->size_bytes, 0U);
  EXPECT_EQ(store_->get_suffix("empty", 10)->size(), 0U);
  Result<std::unique_ptr<ObjectWriter>> writer = store_->open_writer("empty too");
  ASSERT_TRUE((*writer)->commit_if_absent());
  EXPECT_EQ(text_of("empty too"), "");
}

TEST_P(Store, WritesObjectsOfManyParts) {
  const WriterOptions options = {.part_bytes = 5U << 20U, .in_flight = 2};
  std::string content(17U << 20U, '\0');
  for (size_t at = 0; at < content.size(); ++at) content[at] = static_cast<char>(at * 31 >> 8U);
  Result<std::unique_ptr<ObjectWriter>> writer = store_->open_writer("large", options);
  for (size_t at = 0; at < content.size(); at += 1'000'000) {
    ASSERT_TRUE((*writer)->write(as_bytes(std::string_view(content).substr(at, 1'000'000))));
  }
  EXPECT_TRUE(store_->list("")->empty());
  const Result<ObjectInfo> stored = (*writer)->commit_if_absent();
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(stored->size_bytes, content.size());
  EXPECT_EQ(stored->etag, store_->head("large")->etag);
  EXPECT_EQ(text_of("large"), content);
  EXPECT_EQ(store_->get_range("large", 9'000'000, 3)->text(), content.substr(9'000'000, 3));
}

TEST_P(Store, LargeWriterNeverReplaces) {
  const WriterOptions options = {.part_bytes = 5U << 20U, .in_flight = 2};
  const std::string content(11U << 20U, 'x');
  Result<std::unique_ptr<ObjectWriter>> writer = store_->open_writer("large", options);
  ASSERT_TRUE((*writer)->write(as_bytes(content)));
  ASSERT_TRUE(store_->put_if_absent("large", as_bytes("first")));
  EXPECT_EQ((*writer)->commit_if_absent().error().code(), Errc::kAlreadyExists);
  EXPECT_EQ(text_of("large"), "first");
}

TEST_P(Store, ReplacingWhatIsGoneFails) {
  const Result<ObjectInfo> put = store_->put("lease", as_bytes("1"));
  ASSERT_TRUE(put);
  ASSERT_TRUE(store_->remove("lease"));
  EXPECT_EQ(store_->put_if_match("lease", as_bytes("2"), put->etag).error().code(),
            Errc::kPrecondition);
}

std::vector<std::string> kinds() {
  std::vector<std::string> kinds = {"memory", "files", "s3", "azblob", "gs"};
  const char* const urls = std::getenv("ODK_STORE_TEST_URLS");
  std::istringstream words(urls == nullptr ? "" : urls);
  for (std::string url; words >> url;) kinds.push_back(url);
  return kinds;
}

std::string name_of_kind(const testing::TestParamInfo<std::string>& kind) {
  return kind.param.contains("://") ? "real_" + kind.param.substr(0, kind.param.find(':'))
                                    : kind.param;
}

INSTANTIATE_TEST_SUITE_P(All, Store, testing::ValuesIn(kinds()), name_of_kind);

}  // namespace
}  // namespace odradek::store
