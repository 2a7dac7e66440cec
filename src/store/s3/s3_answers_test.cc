#include "store/s3/s3_answers.h"

#include <gtest/gtest.h>

#include "store/s3/sigv4.h"

namespace odradek::store::s3 {
namespace {

// The examples of "Signature Calculations for the Authorization Header" in Amazon's API reference.
TEST(SigV4, GivesTheSignaturesOfTheReference) {
  const AwsCredentials credentials{
      .access_key = "AKIAIOSFODNN7EXAMPLE",
      .secret_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};
  constexpr TimestampMs kTime = 1369353600000;
  const std::string empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const auto signature = [&](std::string_view path, const cloud::Query& query,
                             std::vector<web::Header> headers) {
    headers.push_back({"x-amz-content-sha256", empty});
    sign_v4(credentials,
            {.method = "GET",
             .authority = "examplebucket.s3.amazonaws.com",
             .path = path,
             .query = &query,
             .payload_sha256 = empty,
             .region = "us-east-1"},
            kTime, headers);
    const std::string& authorization = headers.back().value;
    return authorization.substr(authorization.rfind('=') + 1);
  };
  EXPECT_EQ(signature("/test.txt", {}, {{"range", "bytes=0-9"}}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(signature("/", {{"lifecycle", ""}}, {}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(signature("/", {{"prefix", "J"}, {"max-keys", "2"}}, {}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3Answers, DecodeKeysOnlyWhenTheListingSaysThatTheyAreEncoded) {
  const auto key = [](const std::string& encoding) {
    return parse_listing("<ListBucketResult>" + encoding +
                         "<Contents><Key>a%20b+c</Key><Size>1</Size></Contents>"
                         "</ListBucketResult>")
        ->objects.at(0)
        .key;
  };
  EXPECT_EQ(key(""), "a%20b+c");
  EXPECT_EQ(key("<EncodingType>url</EncodingType>"), "a b c");
}

TEST(S3Answers, RefuseListingsThatAreNone) {
  for (const char* text : {"", "no xml", "<Other/>", "<ListBucketResult>",
                           "<ListBucketResult><Contents><Key>k</Key><Size>x</Size></Contents>"
                           "</ListBucketResult>",
                           "<ListBucketResult><IsTruncated>true</IsTruncated>"
                           "</ListBucketResult>"}) {
    const Result<cloud::ListPage> page = parse_listing(text);
    ASSERT_FALSE(page) << text;
    EXPECT_EQ(page.error().code(), Errc::kMalformed);
  }
}

}  // namespace
}  // namespace odradek::store::s3
