#pragma once

#include <gtest/gtest.h>

#include "store/s3/fake_s3_for_tests.h"
#include "store/s3/s3_store.h"

namespace odradek::store::s3 {

inline std::unique_ptr<AwsCredentialCache> fixed_credentials(
    const std::shared_ptr<const Clock>& clock) {
  return std::make_unique<AwsCredentialCache>(
      [] {
        return cloud::Expiring<AwsCredentialsPtr>{
            .value = std::make_shared<const AwsCredentials>(
                AwsCredentials{.access_key = "ACCESS", .secret_key = Secret("hidden-words")})};
      },
      clock);
}

class S3 : public testing::Test {
 protected:
  S3Options options() {
    S3Options options;
    options.cloud.clock = clock_;
    options.cloud.http.stall_timeout = std::chrono::milliseconds(300);
    options.cloud.retry = {.first_wait = std::chrono::milliseconds(1),
                           .max_wait = std::chrono::milliseconds(4),
                           .deadline = std::chrono::milliseconds(3000)};
    options.cloud.writer = {.part_bytes = 5U << 20U, .in_flight = 2};
    options.address = {.bucket = "bucket",
                       .region = "us-east-1",
                       .endpoint = cloud::parse_endpoint(server_.url()).value(),
                       .path_style = true};
    options.prefix = "some/prefix";
    return options;
  }
  std::unique_ptr<S3Store> store() {
    return std::make_unique<S3Store>(options(), fixed_credentials(clock_));
  }
  // Answers the first `times` requests that `is_meant` with `told`.
  void answer(int times, std::function<bool(const Asked&)> is_meant,
              std::function<Told(const Asked&)> told) {
    auto left = std::make_shared<std::atomic<int>>(times);
    server_.log.answer_first([=](const Asked& asked) -> std::optional<Told> {
      if (!is_meant(asked) || left->fetch_sub(1) <= 0) return std::nullopt;
      return told(asked);
    });
  }
  static bool is_put(const Asked& asked) { return asked.method == "PUT"; }
  static bool is_completion(const Asked& asked) {
    return asked.method == "POST" && asked.has("uploadId");
  }

  std::shared_ptr<const Clock> clock_ = std::make_shared<SystemClock>();
  FakeS3 server_;
};

}  // namespace odradek::store::s3
