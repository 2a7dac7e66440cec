#include "store/s3/s3_dialect.h"

#include <gtest/gtest.h>

namespace odradek::store::s3 {
namespace {

std::string url_of(S3Address address) {
  S3Dialect dialect(std::move(address), nullptr);
  return dialect.make_request({.path = "/a%20b", .query = {{"x", "1 2"}}}, 0)->url;
}

TEST(S3Dialect, PutsTheBucketIntoTheHostName) {
  EXPECT_EQ(url_of({.bucket = "bucket", .region = "eu-west-3"}),
            "https://bucket.s3.eu-west-3.amazonaws.com/a%20b?x=1%202");
  EXPECT_EQ(url_of({.bucket = "bucket", .region = "cn-north-1"}),
            "https://bucket.s3.cn-north-1.amazonaws.com.cn/a%20b?x=1%202");
  EXPECT_EQ(url_of({.bucket = "bucket"}),
            "https://bucket.s3.us-east-1.amazonaws.com/a%20b?x=1%202");
}

TEST(S3Dialect, PutsTheBucketIntoThePathWhereThatIsAskedFor) {
  EXPECT_EQ(url_of({.bucket = "my.bucket", .region = "eu-west-3", .path_style = true}),
            "https://s3.eu-west-3.amazonaws.com/my.bucket/a%20b?x=1%202");
  EXPECT_EQ(url_of({.bucket = "bucket",
                    .endpoint = cloud::parse_endpoint("http://host:9000/base/").value(),
                    .path_style = true}),
            "http://host:9000/base/bucket/a%20b?x=1%202");
}

// HEAD has no body: the header names the region.
TEST(S3Dialect, LearnsTheRegionOfARedirectOnce) {
  S3Dialect dialect({.bucket = "bucket", .region = "us-east-1"}, nullptr);
  const web::HttpResponse redirect{.status = 301,
                                   .headers = {{"x-amz-bucket-region", "eu-west-3"}}};
  const cloud::Failure failure = dialect.read_failure({}, redirect);
  EXPECT_TRUE(dialect.mend(failure, redirect));
  EXPECT_EQ(dialect.make_request({.path = "/k"}, 0)->url,
            "https://bucket.s3.eu-west-3.amazonaws.com/k");
  EXPECT_FALSE(dialect.mend(failure, redirect));
}

TEST(S3Dialect, TakesNoNonsenseForARegion) {
  S3Dialect dialect({.bucket = "bucket"}, nullptr);
  const web::HttpResponse redirect{.status = 301,
                                   .headers = {{"x-amz-bucket-region", "evil.example/"}}};
  EXPECT_FALSE(dialect.mend(dialect.read_failure({}, redirect), redirect));
}

TEST(S3Dialect, MuteRefusalOfHeadMayBeAnExpiredToken) {
  int fetched = 0;
  const auto clock = std::make_shared<ManualClock>();
  S3Dialect dialect({.bucket = "bucket", .region = "us-east-1"},
                    std::make_unique<AwsCredentialCache>(
                        [&] {
                          ++fetched;
                          return cloud::Expiring<AwsCredentialsPtr>{
                              .value = std::make_shared<const AwsCredentials>(),
                              .expires_at_ms = clock->wall_ms() + 3'600'000};
                        },
                        clock));
  EXPECT_TRUE(dialect.make_request({.path = "/k"}, 0));
  const web::HttpResponse mute{.status = 400};
  EXPECT_TRUE(dialect.mend(dialect.read_failure({}, mute), mute));
  EXPECT_TRUE(dialect.make_request({.path = "/k"}, 0));
  EXPECT_EQ(fetched, 2);
}

}  // namespace
}  // namespace odradek::store::s3
