#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "base/ids.h"
#include "store/file_store.h"
#include "store/memory_store.h"
#include "store/s3/fake_s3_for_tests.h"
#include "store/s3/s3_store.h"

namespace odradek::store {
namespace {

// Every store must behave alike; a test gets a fresh one.
class Store : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "memory") {
      store_ = std::make_unique<MemoryStore>();
      return;
    }
    folder_ = std::filesystem::path(testing::TempDir()) / Uuid::random().to_string();
    Result<std::unique_ptr<FileStore>> opened = FileStore::open(folder_.string());
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = *std::move(opened);
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string text_of(const std::string& key) {
    const Result<Slice> content = store_->get(key);
    return content ? std::string(content->text()) : content.error().to_string();
  }

  std::filesystem::path folder_;
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

INSTANTIATE_TEST_SUITE_P(All, Store, testing::Values("memory", "files"),
                         [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace odradek::store
