#include "store/s3/s3_store.h"

#include <gtest/gtest.h>

#include "store/s3/s3_fixture_for_tests.h"

namespace odradek::store::s3 {
namespace {

using std::chrono::milliseconds;

TEST_F(S3, SendsTheHashOfEveryBodySigned) {
  ASSERT_TRUE(store()->put_if_absent("key", as_bytes("content")));
  const Asked asked = server_.log.asked().at(0);
  EXPECT_EQ(asked.path, "/bucket/some/prefix/key");
  EXPECT_EQ(asked.header("x-amz-content-sha256"),
            cloud::to_hex(as_bytes(cloud::sha256(as_bytes("content")))));
  EXPECT_EQ(asked.header("if-none-match"), "*");
  EXPECT_TRUE(asked.header("authorization").contains("if-none-match"));
}

TEST_F(S3, TriesAgainAfterErrorsOfTheStore) {
  answer(2, is_put, [](const Asked&) { return FakeS3::refusal(503, "SlowDown"); });
  EXPECT_TRUE(store()->put("key", as_bytes("content")));
  EXPECT_EQ(server_.log.asked().size(), 3U);
}

TEST_F(S3, WaitsAsLongAsTheStoreAsks) {
  std::atomic<int64_t> waited = 0;
  S3Options slow = options();
  slow.cloud.sleeper = [&waited](milliseconds wait) { waited += wait.count(); };
  answer(1, is_put, [](const Asked&) {
    Told told = FakeS3::refusal(503, "SlowDown");
    told.headers["retry-after"] = "2";
    return told;
  });
  S3Store store(std::move(slow), fixed_credentials(clock_));
  EXPECT_TRUE(store.put("key", as_bytes("content")));
  EXPECT_GE(waited, 2000);
}

TEST_F(S3, GivesUpInBoundedTimeWithTheStoresWords) {
  answer(1'000'000, is_put, [](const Asked&) { return FakeS3::refusal(503, "SlowDown"); });
  S3Options quick = options();
  quick.cloud.retry.deadline = milliseconds(30);
  S3Store store(std::move(quick), fixed_credentials(clock_));
  const Result<ObjectInfo> put = store.put("key", as_bytes("content"));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code(), Errc::kLimitExceeded);
  EXPECT_EQ(put.error().message(),
            "put s3://bucket/some/prefix/key: throttled: 503 SlowDown: words (request REQ1)");
}

TEST_F(S3, RefusalsAreFinalAndNameNoSecret) {
  answer(9, is_put, [](const Asked&) { return FakeS3::refusal(403, "AccessDenied"); });
  const Result<ObjectInfo> put = store()->put("key", as_bytes("content"));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code(), Errc::kAuthentication);
  EXPECT_FALSE(put.error().to_string().contains("hidden-words"));
  EXPECT_EQ(server_.log.asked().size(), 1U);
}

// Every look at it is 200 ms later than the one before.
class HastyClock final : public Clock {
 public:
  MonotonicTime now() const override { return now_ += milliseconds(200); }
  TimestampMs wall_ms() const override { return 1'700'000'000'000; }

 private:
  mutable MonotonicTime now_{};
};

TEST_F(S3, SilentServerEndsByOurOwnClock) {
  answer(1'000'000, is_put, [](const Asked&) { return Told{.is_silent = true}; });
  S3Options hasty = options();
  hasty.cloud.clock = std::make_shared<HastyClock>();
  S3Store store(std::move(hasty), fixed_credentials(clock_));
  const Result<ObjectInfo> put = store.put("key", as_bytes("content"));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code(), Errc::kTimedOut);
  EXPECT_GT(server_.log.asked().size(), 1U);
}

TEST_F(S3, CutAnswersAreReadAgain) {
  const std::unique_ptr<S3Store> store = this->store();
  ASSERT_TRUE(store->put("key", as_bytes("content")));
  answer(
      1, [](const Asked& asked) { return asked.method == "GET"; },
      [](const Asked&) { return Told{.body = "content", .cut_after = 3}; });
  EXPECT_EQ(store->get("key")->text(), "content");
}

TEST_F(S3, FlippedBytesOfWholeObjectsAreReadAgain) {
  const std::unique_ptr<S3Store> store = this->store();
  ASSERT_TRUE(store->put("key", as_bytes("content")));
  answer(
      1, [](const Asked& asked) { return asked.method == "GET"; },
      [this](const Asked& asked) {
        Told told = server_.handle(asked);
        told.body[2] ^= 1;
        return told;
      });
  EXPECT_EQ(store->get("key")->text(), "content");
}

TEST_F(S3, AnswerAboutOtherBytesIsRefused) {
  const std::unique_ptr<S3Store> store = this->store();
  ASSERT_TRUE(store->put("key", as_bytes("0123456789")));
  answer(
      1, [](const Asked& asked) { return asked.method == "GET"; },
      [](const Asked&) {
        return Told{.status = 206, .headers = {{"content-range", "bytes 4-6/10"}}, .body = "456"};
      });
  EXPECT_EQ(store->get_range("key", 3, 3).error().code(), Errc::kMalformed);
}

TEST_F(S3, ServerThatIgnoresRangesIsUnderstood) {
  const std::unique_ptr<S3Store> store = this->store();
  answer(
      9, [](const Asked& asked) { return asked.method == "GET"; },
      [](const Asked&) { return Told{.body = "0123456789"}; });
  EXPECT_EQ(store->get_range("key", 3, 4)->text(), "3456");
  EXPECT_EQ(store->get_suffix("key", 4)->text(), "6789");
}

// The answer to the first put is lost; the second one is refused because the first was done.
TEST_F(S3, RefusedRepetitionOfALostPutIsSuccess) {
  answer(1, is_put, [this](const Asked& asked) {
    server_.handle(asked);
    return Told{.hang_up = true};
  });
  const Result<ObjectInfo> put = store()->put_if_absent("key", as_bytes("content"));
  ASSERT_TRUE(put) << put.error().to_string();
  EXPECT_EQ(put->key, "key");
  EXPECT_EQ(put->etag, store()->head("key")->etag);
}

TEST_F(S3, RefusedRepetitionIsAConflictWhenAnotherWrote) {
  answer(1, is_put, [this](const Asked& asked) {
    Asked other = asked;
    other.body = "other";
    other.headers.erase("x-amz-checksum-sha256");
    server_.handle(other);
    return Told{.hang_up = true};
  });
  EXPECT_EQ(store()->put_if_absent("key", as_bytes("content")).error().code(),
            Errc::kAlreadyExists);
}

TEST_F(S3, LostReplacementIsSuccessToo) {
  const std::unique_ptr<S3Store> store = this->store();
  const Result<ObjectInfo> first = store->put_if_absent("lease", as_bytes("1"));
  answer(1, is_put, [this](const Asked& asked) {
    server_.handle(asked);
    return FakeS3::refusal(500, "InternalError");
  });
  EXPECT_TRUE(store->put_if_match("lease", as_bytes("2"), first->etag));
}

TEST_F(S3, ReplacingWhatIsGoneIsAFailedPrecondition) {
  EXPECT_EQ(store()->put_if_match("gone", as_bytes("1"), "\"etag\"").error().code(),
            Errc::kPrecondition);
}

TEST_F(S3, FollowsTheBucketToItsRegion) {
  answer(1, is_put, [](const Asked&) {
    return FakeS3::refusal(400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>");
  });
  EXPECT_TRUE(store()->put("key", as_bytes("content")));
  EXPECT_TRUE(server_.log.asked().at(1).header("authorization").contains("/eu-west-3/s3/"));
}

TEST_F(S3, SignsByTheStoresClockWhenOursIsWrong) {
  const auto wrong = std::make_shared<ManualClock>(1'700'000'000'000);
  S3Options late = options();
  late.cloud.clock = wrong;
  answer(1, is_put, [](const Asked&) {
    Told told = FakeS3::refusal(403, "RequestTimeTooSkewed");
    told.headers["date"] = cloud::http_time(1'700'000'000'000 + 3'600'000);
    return told;
  });
  S3Store store(std::move(late), fixed_credentials(wrong));
  ASSERT_TRUE(store.put("key", as_bytes("content")));
  EXPECT_EQ(server_.log.asked().at(1).header("x-amz-date"),
            cloud::iso_basic_time(1'700'000'000'000 + 3'600'000));
}

TEST_F(S3, FetchesNewCredentialsWhenTheOldOnesExpired) {
  int fetched = 0;
  auto credentials = std::make_unique<AwsCredentialCache>(
      [&] {
        return cloud::Expiring<AwsCredentialsPtr>{
            .value = std::make_shared<const AwsCredentials>(
                AwsCredentials{.access_key = "ACCESS" + std::to_string(++fetched),
                               .secret_key = Secret("s"),
                               .session_token = Secret("t")}),
            .expires_at_ms = clock_->wall_ms() + 3'600'000};
      },
      clock_);
  answer(1, is_put, [](const Asked&) { return FakeS3::refusal(400, "ExpiredToken"); });
  S3Store store(options(), std::move(credentials));
  EXPECT_TRUE(store.put("key", as_bytes("content")));
  EXPECT_TRUE(server_.log.asked().at(1).header("authorization").contains("ACCESS2"));
  EXPECT_EQ(server_.log.asked().at(1).header("x-amz-security-token"), "t");
}

}  // namespace
}  // namespace odradek::store::s3
