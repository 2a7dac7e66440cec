#include "store/gcs/gcs_store.h"

#include <gtest/gtest.h>

#include <atomic>

#include "store/gcs/fake_gcs_for_tests.h"

namespace odradek::store::gcs {
namespace {

using std::chrono::milliseconds;

class Gcs : public testing::Test {
 protected:
  std::unique_ptr<GcsStore> store() {
    GcsOptions options;
    options.cloud.retry = {
        .first_wait = milliseconds(1), .max_wait = milliseconds(4), .deadline = milliseconds(3000)};
    options.cloud.writer = {.part_bytes = 1U << 20U, .in_flight = 4};
    options.endpoint = cloud::parse_endpoint(server_.url()).value();
    options.bucket = "bucket";
    options.prefix = "some/prefix";
    return std::make_unique<GcsStore>(std::move(options), nullptr);
  }
  // Does what is asked, then says `told` instead.
  void lose_answer(std::function<bool(const Asked&)> is_meant, Told told) {
    auto left = std::make_shared<std::atomic<int>>(1);
    server_.log.answer_first(
        [this, left, is_meant, told](const Asked& asked) -> std::optional<Told> {
          if (!is_meant(asked) || left->fetch_sub(1) <= 0) return std::nullopt;
          server_.handle(asked);
          return told;
        });
  }
  static bool is_put(const Asked& asked) { return asked.method == "POST"; }
  static bool is_chunk(const Asked& asked) {
    return asked.method == "PUT" && !asked.header("content-range").starts_with("bytes */");
  }
  static bool is_last_chunk(const Asked& asked) {
    return is_chunk(asked) && !asked.header("content-range").ends_with("/*");
  }
  Result<ObjectInfo> write(GcsStore& store) {
    Result<std::unique_ptr<ObjectWriter>> writer = store.open_writer("big");
    const Result<void> written = (*writer)->write(as_bytes(content_));
    if (!written) return written.error();
    return (*writer)->commit_if_absent();
  }

  FakeGcs server_;
  std::string content_ = std::string((3U << 20U) + 5, 'x');
};

TEST_F(Gcs, LostPutIsReadBack) {
  lose_answer(is_put, {.hang_up = true});
  const Result<ObjectInfo> put = store()->put_if_absent("key", as_bytes("content"));
  EXPECT_TRUE(put) << put.error().to_string();
}

TEST_F(Gcs, ObjectWithAnotherChecksumIsRemovedAndSentAgain) {
  server_.damage_next();
  const std::unique_ptr<GcsStore> store = this->store();
  ASSERT_TRUE(store->put_if_absent("key", as_bytes("content")));
  EXPECT_EQ(store->get("key")->text(), "content");
}

TEST_F(Gcs, UploadWithAnotherChecksumIsRemovedAndRefused) {
  server_.damage_next();
  const std::unique_ptr<GcsStore> store = this->store();
  const Result<ObjectInfo> stored = write(*store);
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code(), Errc::kChecksum);
  EXPECT_TRUE(store->list("")->empty());
}

TEST_F(Gcs, ChunkKeptInPartIsGoneOnWith) {
  server_.keep_of_next_chunk(256U << 10U);
  const std::unique_ptr<GcsStore> store = this->store();
  const Result<ObjectInfo> stored = write(*store);
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(store->get("big")->text(), content_);
}

TEST_F(Gcs, LostChunkIsAskedAfter) {
  lose_answer(is_chunk, {.hang_up = true});
  const std::unique_ptr<GcsStore> store = this->store();
  const Result<ObjectInfo> stored = write(*store);
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(store->get("big")->text(), content_);
}

// The session is gone with its success: the object is known by its mark.
TEST_F(Gcs, LostLastChunkIsRecognised) {
  lose_answer(is_last_chunk, {.status = 503});
  const std::unique_ptr<GcsStore> store = this->store();
  const Result<ObjectInfo> stored = write(*store);
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(stored->etag, store->head("big")->etag);
}

TEST_F(Gcs, DroppedWriterEndsItsSession) {
  const std::unique_ptr<GcsStore> store = this->store();
  {
    Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
    ASSERT_TRUE((*writer)->write(as_bytes(content_)));
    EXPECT_EQ(server_.sessions(), 1U);
  }
  EXPECT_EQ(server_.sessions(), 0U);
  EXPECT_TRUE(store->list("")->empty());
}

TEST_F(Gcs, MissingBucketIsAMistakeOfTheSettings) {
  server_.log.answer_first([](const Asked&) {
    return FakeGcs::refusal(404, "notFound", "The specified bucket does not exist.");
  });
  EXPECT_EQ(store()->get("key").error().code(), Errc::kConfig);
}

TEST(GcsAnswers, TellWhatA308Keeps) {
  const auto kept = [](std::vector<web::Header> headers) {
    return kept_bytes({.status = 308, .headers = std::move(headers)});
  };
  EXPECT_EQ(*kept({}), 0U);
  EXPECT_EQ(*kept({{"range", "bytes=0-41"}}), 42U);
  EXPECT_EQ(kept({{"range", "bytes=7-41"}}).error().code(), Errc::kMalformed);
}

TEST(GcsAnswers, FindTheChecksumAmongOthers) {
  EXPECT_EQ(crc32c_of({.headers = {{"x-goog-hash", "md5=abc=="}, {"x-goog-hash", "crc32c=n03x"}}}),
            "n03x");
  EXPECT_EQ(crc32c_of({.headers = {{"x-goog-hash", "crc32c=n03x, md5=abc=="}}}), "n03x");
}

TEST(GcsAnswers, RefuseListingsThatAreNone) {
  for (const char* text :
       {"", "[]", "{\"items\":1}", "{\"items\":[1]}", "{\"items\":[{\"name\":\"a\"}]}",
        "{\"items\":[{\"name\":\"a\",\"generation\":\"1\",\"size\":\"x\"}]}"}) {
    EXPECT_EQ(parse_listing(text).error().code(), Errc::kMalformed) << text;
  }
}

}  // namespace
}  // namespace odradek::store::gcs
