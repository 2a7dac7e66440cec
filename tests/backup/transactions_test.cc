#include "restore_fixture.h"

namespace odradek::backup {
namespace {

constexpr const char* kTopic = "orders";

class Transactions : public RestoreFixture {
 protected:
  // Records "committed", "aborted" and "open", each of a transaction of its own that ended so, and
  // "plain" at both ends. The open one stays open until the fixture goes.
  void make_source() {
    create_topic(source_, kTopic, 1);
    produce(source_, kTopic, {{0, "plain"}});
    client_.emplace(kafka::ClientOptions{.bootstrap = source_.bootstrap()});
    send("committed").commit().get().value();
    send("aborted").abort().get().value();
    open_.emplace(send("open"));
    produce(source_, kTopic, {{0, "plain"}});
  }

  Result<BackupReport> back_up_everything() {
    BackupOptions options;
    options.copy.fetch.isolation = IsolationLevel::kReadUncommitted;
    return back_up(std::move(options));
  }

  std::optional<kafka::Client> client_;
  std::vector<std::unique_ptr<kafka::Producer>> producers_;
  std::optional<kafka::Transaction> open_;

 private:
  kafka::Transaction send(const std::string& value) {
    producers_.push_back(std::make_unique<kafka::Producer>(
        *client_, kafka::ProducerOptions{.transactional_id = value}));
    kafka::Transaction transaction = producers_.back()->begin().get().value();
    kafka::Record record{.topic = kTopic, .value = value};
    record.partition = 0;
    record.timestamp_ms = kTime;
    EXPECT_TRUE(transaction.send(record).get());
    return transaction;
  }
};

TEST_F(Transactions, OnlyWhatWasCommittedIsRestored) {
  make_source();
  ASSERT_TRUE(back_up_everything());
  const Result<RestoreReport> restored = restore();
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(values(target_, kTopic, 0), (std::vector<std::string>{"plain", "committed"}));
}

TEST_F(Transactions, EverythingIsRestoredWhereThatIsAskedFor) {
  make_source();
  ASSERT_TRUE(back_up_everything());
  RestoreOptions options;
  options.keeps_aborted = true;
  const Result<RestoreReport> restored = restore(options);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(values(target_, kTopic, 0),
            (std::vector<std::string>{"plain", "committed", "aborted", "open", "plain"}));
}

}  // namespace
}  // namespace odradek::backup
