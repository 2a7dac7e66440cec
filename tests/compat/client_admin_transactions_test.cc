// Transactions and producers as an admin sees them: found, fenced, ended by force.
#include <algorithm>

#include "client_fixture.h"

namespace odradek::compat {
namespace {

class AdminTransactionsTest : public ClientTest {
 protected:
  AdminTransactionsTest() : topic_(create_topic(2)), id_(fresh_name("transaction")) {}

  // A transaction with one record in partition 0, not ended.
  ok::Transaction open_one(ok::Producer& producer) {
    auto transaction = producer.begin().get();
    EXPECT_TRUE(transaction) << transaction.error().to_string();
    ok::Record record{.topic = topic_, .value = "x"};
    record.partition = 0;
    const auto sent = transaction->send(record).get();
    EXPECT_TRUE(sent) << sent.error().to_string();
    return *std::move(transaction);
  }

  ok::ProducerOptions options() const {
    ok::ProducerOptions options;
    options.transactional_id = id_;
    return options;
  }

  std::string topic_;
  std::string id_;
};

TEST_F(AdminTransactionsTest, AreListedAndDescribed) {
  ok::Producer producer(*client_, options());
  const ok::Transaction open = open_one(producer);
  const auto described = admin_.describe_transactions({id_, "no-such-id"}).get();
  ASSERT_TRUE(described) << described.error().to_string();
  ASSERT_TRUE((*described)[0].result) << (*described)[0].result.error().to_string();
  const ok::TransactionDescription& transaction = *(*described)[0].result;
  EXPECT_EQ(transaction.state, "Ongoing");
  EXPECT_GE(transaction.coordinator, 0);
  EXPECT_GT(transaction.started_ms, 0);
  EXPECT_EQ(transaction.partitions, (std::vector<ok::TopicPartition>{{topic_, 0}}));
  EXPECT_EQ((*described)[1].result.error().code_name(), "TRANSACTIONAL_ID_NOT_FOUND");

  const auto has = [&](ok::TransactionFilter filter) {
    const auto listed = admin_.list_transactions(std::move(filter)).get();
    EXPECT_TRUE(listed) << listed.error().to_string();
    return listed && std::ranges::any_of(*listed, [&](const ok::TransactionListing& item) {
             return item.transactional_id == id_ && item.producer_id == transaction.producer_id;
           });
  };
  EXPECT_TRUE(has({}));
  EXPECT_TRUE(has({.states = {"Ongoing"}}));
  EXPECT_FALSE(has({.states = {"Empty"}}));
  EXPECT_TRUE(has({.producer_ids = {transaction.producer_id}}));
  EXPECT_FALSE(has({.longer_than = std::chrono::hours(1)}));
  const auto unknown = admin_.list_transactions({.states = {"Asleep"}}).get();
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind(), ok::ErrorKind::invalid_argument);
}

TEST_F(AdminTransactionsTest, EndWhenTheirProducerIsFenced) {
  ok::Producer producer(*client_, options());
  ok::Transaction open = open_one(producer);
  const auto fenced = ok::all(admin_.fence_producers({id_}).get());
  ASSERT_TRUE(fenced) << fenced.error().to_string();
  EXPECT_GE(fenced->front().producer_epoch, 1);
  const auto committed = open.commit().get();
  ASSERT_FALSE(committed);
  EXPECT_TRUE(committed.error().is_fatal()) << committed.error().to_string();
}

TEST_F(AdminTransactionsTest, AreEndedByForceWhereTheyHang) {
  ok::Producer producer(*client_, options());
  const ok::Transaction open = open_one(producer);
  const auto described = admin_.describe_producers({{topic_, 0}, {topic_, 1}}).get();
  ASSERT_TRUE(described) << described.error().to_string();
  ASSERT_TRUE((*described)[0].result) << (*described)[0].result.error().to_string();
  ASSERT_EQ((*described)[0].result->size(), 1U);
  const ok::ActiveProducer active = (*described)[0].result->front();
  EXPECT_EQ(active.transaction_start_offset, 0);
  EXPECT_EQ(active.last_sequence, 0);
  ASSERT_TRUE((*described)[1].result);
  EXPECT_TRUE((*described)[1].result->empty());

  const ok::TransactionToAbort hanging{
      .partition = {topic_, 0},
      .producer_id = active.producer_id,
      .producer_epoch = static_cast<int16_t>(active.producer_epoch),
      .coordinator_epoch = std::max(active.coordinator_epoch, 0)};
  const auto aborted = admin_.abort_transaction(hanging).get();
  ASSERT_TRUE(aborted) << aborted.error().to_string();
  const auto after = ok::all(admin_.describe_producers({{topic_, 0}}).get());
  ASSERT_TRUE(after) << after.error().to_string();
  EXPECT_EQ(after->front().front().transaction_start_offset, std::nullopt);
}

TEST_F(AdminTransactionsTest, ProducersAreToldByOneReplica) {
  fill(topic_, 3, 0);
  const auto topics = ok::all(admin_.describe_topics({topic_}).get());
  ASSERT_TRUE(topics);
  const int32_t broker = topics->front().partitions[0].replicas.front();
  const auto described = ok::all(admin_.describe_producers({{topic_, 0}}, broker).get());
  ASSERT_TRUE(described) << described.error().to_string();
  ASSERT_EQ(described->front().size(), 1U);
  EXPECT_EQ(described->front().front().last_sequence, 2);
  EXPECT_EQ(described->front().front().transaction_start_offset, std::nullopt);
}

}  // namespace
}  // namespace odradek::compat
