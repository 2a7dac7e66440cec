// The transactions of a producer against a broker, with errors that come at bad moments.
#include "client/transaction/transaction_manager.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "broker/broker.h"
#include "client/producer/producer_options.h"
#include "io/address.h"
#include "proto/error_code.h"

namespace odradek::client {
namespace {

using std::chrono::seconds;

class TransactionManagerTest : public testing::Test {
 protected:
  void SetUp() override {
    broker::BrokerOptions broker_options;
    broker_options.topics = {{.name = "orders", .partitions = 1, .configs = {}}};
    broker_ = std::make_unique<broker::Broker>(std::move(broker_options));
    ASSERT_TRUE(broker_->start().has_value());
    cluster::ClusterOptions options;
    options.bootstrap = *io::parse_host_ports(broker_->bootstrap());
    core_ = kafka::ClientCore::start(std::move(options));
    kafka::ProducerOptions producer;
    producer.transactional_id = "id";
    producer.linger = std::chrono::milliseconds(0);
    shared_ = std::make_unique<SharedAccumulator>(accumulator_options(producer), 1);
    on_loop([&] {
      sender_ = std::make_unique<Sender>(*core_, *shared_, sender_options(producer));
      manager_ = std::make_unique<TransactionManager>(
          *core_, *sender_, *shared_, TransactionOptions{.id = "id", .timeout = seconds(60)});
    });
  }

  void TearDown() override {
    const auto stop = [this]() -> io::Task<kafka::Result<void>> {
      sender_->give_up(Error(Errc::kClosed));
      co_await sender_->stop();
      co_await manager_->stop();
      manager_.reset();
      sender_.reset();
      co_return kafka::Result<void>{};
    };
    EXPECT_TRUE(core_->run<void>(stop).get());
    core_->close();
  }

  template <class Work>
  void on_loop(Work work) {
    Promise<void> done;
    kafka::Op<void> op = done.op();
    core_->post([&work, done = std::move(done)]() mutable {
      work();
      done.set(kafka::Result<void>{});
    });
    ASSERT_TRUE(op.get());
  }

  MonotonicTime deadline() { return core_->loop().now() + seconds(30); }

  uint64_t begin() {
    const auto number = core_->run<uint64_t>([this] { return manager_->begin(deadline()); }).get();
    EXPECT_TRUE(number) << number.error().to_string();
    return number ? *number : 0;
  }

  kafka::Result<void> commit(uint64_t number) {
    uint64_t up_to = 0;
    {
      const MutexLock lock(shared_->mutex);
      up_to = shared_->accumulator.last_id();
    }
    return core_->run<void>([=, this] { return manager_->commit(number, up_to, deadline()); })
        .get();
  }

  // Where the record was stored, once that is known. `meanwhile` runs on the loop when the record
  // is on its way.
  kafka::Op<kafka::RecordMetadata> send(
      std::string_view value, std::function<void()> meanwhile = [] {}) {
    Promise<kafka::RecordMetadata> stored;
    kafka::Op<kafka::RecordMetadata> op = stored.op();
    kafka::DeliveryCallback report =
        [stored = std::move(stored)](const kafka::Result<kafka::RecordMetadata>& result) mutable {
          stored.set(result);
        };
    {
      const MutexLock lock(shared_->mutex);
      const auto appended = shared_->accumulator.append({.topic = "orders", .value = value}, 1,
                                                        core_->loop().now(), report);
      EXPECT_TRUE(appended.has_value());
    }
    core_->post([this, meanwhile = std::move(meanwhile)] {
      sender_->pump();
      meanwhile();
    });
    return op;
  }

  std::unique_ptr<broker::Broker> broker_;
  std::shared_ptr<kafka::ClientCore> core_;
  std::unique_ptr<SharedAccumulator> shared_;
  std::unique_ptr<Sender> sender_;
  std::unique_ptr<TransactionManager> manager_;
};

TEST_F(TransactionManagerTest, LeavesTheNextTransactionAloneAfterAnErrorBetweenTwo) {
  const uint64_t first = begin();
  auto kept = send("first");
  ASSERT_TRUE(commit(first));
  EXPECT_TRUE(kept.get());
  // The late news of the first one, or of asking for the next.
  on_loop([this] {
    manager_->on_failure(
        Error::server(proto::to_number(proto::ErrorCode::kTransactionAbortable), "late"));
  });
  const uint64_t second = begin();
  // Its record has to be sent again, which it would not be if the old error were still about.
  auto next = send("second", [this] {
    ASSERT_TRUE(sender_->has_flights());
    core_->cluster().close_lane(cluster::kGeneralLane + 1);  // the sender's
  });
  const auto committed = commit(second);
  EXPECT_TRUE(committed) << committed.error().to_string();
  const auto stored = next.get();
  EXPECT_TRUE(stored) << stored.error().to_string();
}

TEST_F(TransactionManagerTest, SendsNothingOutsideOfATransaction) {
  const auto may_send = [this] {
    bool may = true;
    on_loop([&] { may = manager_->may_send("orders", 0); });
    return may;
  };
  EXPECT_FALSE(may_send());
  const uint64_t number = begin();
  auto stored = send("first");
  EXPECT_TRUE(stored.get());
  EXPECT_TRUE(may_send());
  ASSERT_TRUE(commit(number));
  EXPECT_FALSE(may_send());
}

TEST_F(TransactionManagerTest, AbortsWhatAnErrorWithinATransactionSpoilt) {
  const uint64_t first = begin();
  auto lost = send("first");
  EXPECT_TRUE(lost.get());
  on_loop([this] {
    manager_->on_failure(
        Error::server(proto::to_number(proto::ErrorCode::kTransactionAbortable), "now"));
  });
  const auto committed = commit(first);
  ASSERT_FALSE(committed);
  EXPECT_TRUE(committed.error().is_abortable());
  EXPECT_TRUE(core_->run<void>([&] { return manager_->abort(first, deadline()); }).get());
  const uint64_t second = begin();
  auto next = send("second");
  EXPECT_TRUE(commit(second));
  EXPECT_TRUE(next.get());
}

}  // namespace
}  // namespace odradek::client
