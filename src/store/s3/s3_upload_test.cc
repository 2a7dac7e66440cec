#include "store/s3/s3_upload.h"

#include <gtest/gtest.h>

#include "store/s3/s3_fixture_for_tests.h"

namespace odradek::store::s3 {
namespace {

class S3Writer : public S3 {
 protected:
  std::string content_ = std::string(12U << 20U, 'x');
};

TEST_F(S3Writer, SendsPartsAndCompletesCreateOnly) {
  const std::unique_ptr<S3Store> store = this->store();
  Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
  ASSERT_TRUE((*writer)->write(as_bytes(content_)));
  const Result<ObjectInfo> stored = (*writer)->commit_if_absent();
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(stored->size_bytes, content_.size());
  EXPECT_EQ(stored->key, "big");
  EXPECT_EQ(store->get("big")->text(), content_);
  EXPECT_EQ(server_.uploads(), 0U);
  for (const Asked& asked : server_.log.asked()) {
    if (is_put(asked)) EXPECT_FALSE(asked.header("x-amz-checksum-sha256").empty());
    if (is_completion(asked)) EXPECT_EQ(asked.header("if-none-match"), "*");
  }
}

TEST_F(S3Writer, NewObjectsGetEncryptionAndClass) {
  S3Options options = this->options();
  options.server_side_encryption = "aws:kms";
  options.kms_key_id = "key-1";
  options.storage_class = "STANDARD_IA";
  options.checksums = false;
  S3Store store(std::move(options), fixed_credentials(clock_));
  ASSERT_TRUE(store.put("small", as_bytes("content")));
  Result<std::unique_ptr<ObjectWriter>> writer = store.open_writer("big");
  ASSERT_TRUE((*writer)->write(as_bytes(content_)));
  ASSERT_TRUE((*writer)->commit_if_absent());
  for (const Asked& asked : server_.log.asked()) {
    const bool is_new = asked.has("uploads") || (is_put(asked) && !asked.has("uploadId"));
    EXPECT_EQ(asked.header("x-amz-server-side-encryption"), is_new ? "aws:kms" : "");
    EXPECT_EQ(asked.header("x-amz-server-side-encryption-aws-kms-key-id"), is_new ? "key-1" : "");
    EXPECT_EQ(asked.header("x-amz-storage-class"), is_new ? "STANDARD_IA" : "");
    EXPECT_EQ(asked.header("x-amz-checksum-sha256"), "");
  }
}

TEST_F(S3Writer, DroppedWriterAbortsItsUpload) {
  const std::unique_ptr<S3Store> store = this->store();
  {
    Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
    ASSERT_TRUE((*writer)->write(as_bytes(content_)));
    EXPECT_EQ(server_.uploads(), 1U);
  }
  EXPECT_EQ(server_.uploads(), 0U);
  EXPECT_TRUE(store->list("")->empty());
}

TEST_F(S3Writer, DroppedWriterTriesNoPartAgain) {
  S3Options patient = options();
  patient.cloud.retry.deadline = std::chrono::hours(24);
  std::atomic<bool> was_asked = false;
  server_.log.answer_first([&was_asked](const Asked& asked) -> std::optional<Told> {
    if (!is_put(asked)) return std::nullopt;
    was_asked = true;
    was_asked.notify_all();
    return FakeS3::refusal(503, "SlowDown");
  });
  S3Store store(std::move(patient), fixed_credentials(clock_));
  Result<std::unique_ptr<ObjectWriter>> writer = store.open_writer("big");
  ASSERT_TRUE((*writer)->write(as_bytes(content_)));
  was_asked.wait(false);
  writer->reset();
  EXPECT_EQ(server_.uploads(), 0U);
}

TEST_F(S3Writer, ErrorInsideASuccessfulCompletionIsSeenAndTriedAgain) {
  answer(1, is_completion, [](const Asked&) {
    Told told = FakeS3::refusal(200, "InternalError");
    return told;
  });
  const std::unique_ptr<S3Store> store = this->store();
  Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
  ASSERT_TRUE((*writer)->write(as_bytes(content_)));
  EXPECT_TRUE((*writer)->commit_if_absent());
  EXPECT_EQ(store->head("big")->size_bytes, content_.size());
}

TEST_F(S3Writer, LostCompletionIsRecognisedByOurMark) {
  answer(1, is_completion, [this](const Asked& asked) {
    server_.handle(asked);
    return Told{.hang_up = true};
  });
  const std::unique_ptr<S3Store> store = this->store();
  Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
  ASSERT_TRUE((*writer)->write(as_bytes(content_)));
  const Result<ObjectInfo> stored = (*writer)->commit_if_absent();
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(stored->size_bytes, content_.size());
}

TEST_F(S3Writer, FailedPartFailsTheCommitAndNothingIsVisible) {
  answer(9, is_put, [](const Asked&) { return FakeS3::refusal(403, "AccessDenied"); });
  const std::unique_ptr<S3Store> store = this->store();
  {
    Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
    static_cast<void>((*writer)->write(as_bytes(content_)));
    EXPECT_EQ((*writer)->commit_if_absent().error().code(), Errc::kAuthentication);
  }
  EXPECT_TRUE(store->list("")->empty());
  EXPECT_EQ(server_.uploads(), 0U);
}

TEST_F(S3Writer, CommitAfterARefusedUploadPublishesNothing) {
  answer(
      9, [](const Asked& asked) { return asked.has("uploads"); },
      [](const Asked&) { return FakeS3::refusal(403, "AccessDenied"); });
  const std::unique_ptr<S3Store> store = this->store();
  Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
  EXPECT_FALSE((*writer)->write(as_bytes(content_)));
  EXPECT_EQ((*writer)->commit_if_absent().error().code(), Errc::kAuthentication);
  EXPECT_TRUE(store->list("")->empty());
}

TEST_F(S3Writer, HasNeverMorePartsUnderWayThanAllowed) {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  server_.log.answer_first([&](const Asked& asked) -> std::optional<Told> {
    if (!is_put(asked)) return std::nullopt;
    const int current = ++now;
    int seen = most;
    while (seen < current && !most.compare_exchange_weak(seen, current)) {
    }
    Told told = server_.handle(asked);
    --now;
    return told;
  });
  const std::unique_ptr<S3Store> store = this->store();
  Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
  for (int count = 0; count < 4; ++count) ASSERT_TRUE((*writer)->write(as_bytes(content_)));
  ASSERT_TRUE((*writer)->commit_if_absent());
  EXPECT_LE(most, 2);
}

TEST_F(S3Writer, ConnectionsAreUsedAgain) {
  const std::unique_ptr<S3Store> store = this->store();
  for (int count = 0; count < 20; ++count) ASSERT_TRUE(store->put("key", as_bytes("content")));
  EXPECT_EQ(server_.connections(), 1);
}

TEST(PartSizes, GrowSoThatNoObjectRunsOutOfParts) {
  constexpr uint64_t kFirst = 8ULL << 20U;
  constexpr uint32_t kMost = 10'000;
  uint64_t total = 0;
  for (uint32_t number = 1; number <= kMost; ++number) {
    total += cloud::growing_part_bytes(kFirst, number, kMost);
  }
  EXPECT_EQ(cloud::growing_part_bytes(kFirst, 5'000, kMost), kFirst);
  EXPECT_EQ(cloud::growing_part_bytes(kFirst, 5'001, kMost), 2 * kFirst);
  EXPECT_EQ(cloud::growing_part_bytes(kFirst, 10'000, kMost), 32 * kFirst);
  EXPECT_GT(total, 500ULL << 30U);
}

}  // namespace
}  // namespace odradek::store::s3
