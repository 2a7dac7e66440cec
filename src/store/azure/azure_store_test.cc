#include "store/azure/azure_store.h"

#include <gtest/gtest.h>

#include <atomic>

#include "store/azure/azure_answers.h"
#include "store/azure/fake_azure_for_tests.h"
#include "store/azure/shared_key.h"

namespace odradek::store::azure {
namespace {

using std::chrono::milliseconds;

class Azure : public testing::Test {
 protected:
  std::unique_ptr<AzureStore> store(AzureCredential credential = {}) {
    AzureOptions options;
    options.cloud.clock = clock_;
    options.cloud.retry = {
        .first_wait = milliseconds(1), .max_wait = milliseconds(4), .deadline = milliseconds(3000)};
    options.cloud.writer = {.part_bytes = 1U << 20U, .in_flight = 2};
    options.address = {.account = "account",
                       .endpoint = cloud::parse_endpoint(server_.url()).value(),
                       .container = "container"};
    return std::make_unique<AzureStore>(
        std::move(options),
        std::make_unique<AzureCredentialCache>(
            [credential] { return cloud::Expiring<AzureCredential>{.value = credential}; },
            clock_));
  }
  void answer(int times, std::function<bool(const Asked&)> is_meant,
              std::function<Told(const Asked&)> told) {
    auto left = std::make_shared<std::atomic<int>>(times);
    server_.log.answer_first([=](const Asked& asked) -> std::optional<Told> {
      if (!is_meant(asked) || left->fetch_sub(1) <= 0) return std::nullopt;
      return told(asked);
    });
  }
  static bool is_put(const Asked& asked) { return asked.method == "PUT"; }
  static bool is_completion(const Asked& asked) { return asked.parameter("comp") == "blocklist"; }

  std::shared_ptr<const Clock> clock_ = std::make_shared<SystemClock>();
  FakeAzure server_;
  std::string content_ = std::string((3U << 20U) + 5, 'x');
};

TEST_F(Azure, CreateOnlyConflictIs409) {
  const std::unique_ptr<AzureStore> store = this->store();
  ASSERT_TRUE(store->put_if_absent("key", as_bytes("1")));
  const Result<ObjectInfo> second = store->put_if_absent("key", as_bytes("2"));
  EXPECT_EQ(second.error().code(), Errc::kAlreadyExists);
  EXPECT_EQ(second.error().message(),
            "put azblob://container/key: already exists: 409 BlobAlreadyExists: words "
            "(request REQ1)");
}

TEST_F(Azure, BodyChangedOnTheWayIsSentAgain) {
  answer(1, is_put, [this](const Asked& asked) {
    Asked flipped = asked;
    flipped.body[0] ^= 1;
    return server_.handle(flipped);
  });
  const std::unique_ptr<AzureStore> store = this->store();
  ASSERT_TRUE(store->put("key", as_bytes("content")));
  EXPECT_EQ(store->get("key")->text(), "content");
}

TEST_F(Azure, EmulatorsWordsForAChangedBodyAreUnderstood) {
  const cloud::Failure failure = read_refusal(
      {.status = 400,
       .headers = {{"x-ms-error-code", "InvalidOperation"}},
       .body = Slice::copy_of("<Error><Code>InvalidOperation</Code><Message>Provided contentMD5 "
                              "doesn't match.</Message></Error>")},
      false);
  EXPECT_EQ(failure.kind, cloud::FailureKind::kChecksum);
  EXPECT_TRUE(failure.is_transient);
}

TEST_F(Azure, ABodyThatIsNoXmlForTheServerChangedOnTheWay) {
  const cloud::Failure failure =
      read_refusal({.status = 400, .headers = {{"x-ms-error-code", "InvalidXmlDocument"}}}, false);
  EXPECT_EQ(failure.kind, cloud::FailureKind::kChecksum);
  EXPECT_TRUE(failure.is_transient);
  const cloud::Failure emulators = read_refusal({.status = 400}, false);
  EXPECT_EQ(emulators.kind, cloud::FailureKind::kChecksum);
  EXPECT_TRUE(emulators.is_transient);
}

TEST_F(Azure, FlippedBytesOfARangeAreReadAgain) {
  const std::unique_ptr<AzureStore> store = this->store();
  ASSERT_TRUE(store->put("key", as_bytes("0123456789")));
  answer(
      1, [](const Asked& asked) { return asked.method == "GET"; },
      [this](const Asked& asked) {
        Told told = server_.handle(asked);
        told.body[0] ^= 1;
        return told;
      });
  EXPECT_EQ(store->get_range("key", 3, 4)->text(), "3456");
}

TEST_F(Azure, WholeBlobsMd5ForARangeIsNoMistake) {
  const std::unique_ptr<AzureStore> store = this->store();
  ASSERT_TRUE(store->put("key", as_bytes("0123456789")));
  const std::string md5 = cloud::base64(cloud::md5(as_bytes("0123456789")));
  answer(
      9, [](const Asked& asked) { return asked.method == "GET"; },
      [this, md5](const Asked& asked) {
        Told told = server_.handle(asked);
        told.headers["content-md5"] = told.headers["x-ms-blob-content-md5"] = md5;
        return told;
      });
  EXPECT_EQ(store->get_range("key", 3, 4)->text(), "3456");
}

TEST_F(Azure, SendsBlocksAndCommitsThemCreateOnly) {
  const std::unique_ptr<AzureStore> store = this->store();
  Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
  ASSERT_TRUE((*writer)->write(as_bytes(content_)));
  const Result<ObjectInfo> stored = (*writer)->commit_if_absent();
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(store->get("big")->text(), content_);
  EXPECT_EQ(server_.log.asked().back().header("if-none-match"), "");
}

TEST_F(Azure, LostCommitIsRecognisedByOurMark) {
  answer(1, is_completion, [this](const Asked& asked) {
    server_.handle(asked);
    return FakeAzure::refusal(500, "OperationTimedOut");
  });
  const std::unique_ptr<AzureStore> store = this->store();
  Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
  ASSERT_TRUE((*writer)->write(as_bytes(content_)));
  const Result<ObjectInfo> stored = (*writer)->commit_if_absent();
  EXPECT_TRUE(stored) << stored.error().to_string();
}

TEST_F(Azure, WriterWhoseBlocksAnotherPutTookAwayFindsTheBlobThere) {
  const std::unique_ptr<AzureStore> store = this->store();
  Result<std::unique_ptr<ObjectWriter>> writer = store->open_writer("big");
  ASSERT_TRUE((*writer)->write(as_bytes(content_)));
  ASSERT_TRUE(store->put("big", as_bytes("other")));
  answer(1, is_completion,
         [](const Asked&) { return FakeAzure::refusal(400, "InvalidBlockList"); });
  EXPECT_EQ((*writer)->commit_if_absent().error().code(), Errc::kAlreadyExists);
}

TEST_F(Azure, SignatureOfTheQueryIsInNoError) {
  answer(9, is_put, [](const Asked&) { return FakeAzure::refusal(403, "AuthorizationFailure"); });
  const std::unique_ptr<AzureStore> store = this->store(
      {.kind = AzureCredential::Kind::kSas, .secret = Secret("sv=2021-12-02&sig=hidden-words")});
  const Result<ObjectInfo> put = store->put("key", as_bytes("1"));
  ASSERT_FALSE(put);
  EXPECT_EQ(server_.log.asked().at(0).parameter("sig"), "hidden-words");
  EXPECT_FALSE(put.error().to_string().contains("hidden-words"));
  EXPECT_EQ(put.error().code(), Errc::kAuthentication);
}

TEST_F(Azure, MissingContainerIsAMistakeOfTheSettingsNotAMissingObject) {
  answer(
      9, [](const Asked&) { return true; },
      [](const Asked&) { return FakeAzure::refusal(404, "ContainerNotFound"); });
  EXPECT_EQ(store()->get("key").error().code(), Errc::kConfig);
}

TEST(SharedKey, SignsHeadersSortedByTheirNames) {
  const cloud::Query query = {{"restype", "container"}, {"Comp", "list"}};
  EXPECT_EQ(shared_key_text({.method = "PUT",
                             .account = "acc",
                             .path = "/acc/container/a%20b",
                             .query = &query,
                             .body_bytes = 7},
                            {{"x-ms-range-get-content-md5", "true"},
                             {"content-md5", "bWQ1"},
                             {"if-none-match", "*"},
                             {"x-ms-range", "bytes=1-2"},
                             {"x-ms-date", "now"}}),
            "PUT\n\n\n7\nbWQ1\n\n\n\n\n*\n\n\n"
            "x-ms-date:now\nx-ms-range:bytes=1-2\nx-ms-range-get-content-md5:true\n"
            "/acc/acc/container/a%20b\ncomp:list\nrestype:container");
}

TEST(AzureAnswers, DecodeNamesOnlyWhereTheyAreMarkedAsEncoded) {
  const auto name = [](const std::string& attribute) {
    return parse_listing("<EnumerationResults><Blobs><Blob><Name" + attribute +
                         ">a%20b+c</Name><Properties><Content-Length>1</Content-Length>"
                         "</Properties></Blob></Blobs></EnumerationResults>")
        ->objects.at(0)
        .key;
  };
  EXPECT_EQ(name(""), "a%20b+c");
  EXPECT_EQ(name(" Encoded=\"true\""), "a b+c");
}

TEST(AzureAnswers, LeaveFoldersOfHierarchicalAccountsOut) {
  const Result<cloud::ListPage> page = parse_listing(
      "<EnumerationResults><Blobs><Blob><Name>folder</Name><Properties><ResourceType>directory"
      "</ResourceType></Properties></Blob></Blobs></EnumerationResults>");
  EXPECT_TRUE(page->objects.empty());
}

TEST(ConnectionStrings, GiveAccountKeyAndEndpoint) {
  const Result<ConnectionString> found = parse_connection_string(
      "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5PT0=;"
      "EndpointSuffix=core.windows.net");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->account, "acc");
  EXPECT_EQ(found->key.reveal(), "a2V5PT0=");
  EXPECT_EQ(found->blob_endpoint, "https://acc.blob.core.windows.net");
  EXPECT_EQ(parse_connection_string("words").error().code(), Errc::kConfig);
}

}  // namespace
}  // namespace odradek::store::azure
