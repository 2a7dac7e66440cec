// Random producers, zombies, lost answers, timeouts and crashes against the coordinator and its
// partitions' logs, under a clock turned by hand. ODK_TXN_SEEDS sets how many runs (300);
// ODK_TXN_SEED runs one.

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <set>

#include "broker/txn/txn_coordinator.h"
#include "broker/txn/txn_for_tests.h"
#include "wire/batch_builder.h"
#include "wire/record_iterator.h"

namespace odradek::broker::testing {
namespace {

constexpr int32_t kPartitions = 3;
constexpr int kIds = 3;
constexpr int kClients = 6;  // two for each id: they fence each other
constexpr int kSteps = 250;
constexpr int32_t kTimeoutMs = 10'000;

enum class Outcome { kOpen, kCommitted, kAborted, kUnknown };

// One transaction as its client sees it.
struct Attempt {
  Outcome outcome = Outcome::kOpen;
  int32_t records = 0;
};

// One application instance. May live on after another took its id: then it is a zombie.
struct Client {
  std::string id;
  bool is_new = true;  // speaks transaction.version 2
  bool is_ready = false;
  int64_t producer_id = -1;
  int16_t epoch = -1;
  std::map<int32_t, int32_t> sequences;
  int64_t attempt = -1;  // number of the open transaction
  bool failed = false;   // it may only abort
  std::optional<bool> asks_again;  // an end whose answer was lost: commit?

  TxnProducer producer() const { return {id, producer_id, epoch}; }
};

struct Sent {
  int32_t partition;
  int64_t producer_id;
  int16_t epoch;
  bool is_new;
  std::string id;
  Slice batch;
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : random_(seed) {
    world_.fails = [this] { return chance(faults_); };
    for (int i = 0; i < kClients; ++i) {
      Client& client = clients_.emplace_back();
      client.id = "id-" + std::to_string(i % kIds);
      client.is_new = chance(70);
    }
    for (int32_t partition = 0; partition < kPartitions; ++partition) world_.log(partition);
  }

  void run() {
    for (int i = 0; i < kSteps && !::testing::Test::HasFailure(); ++i) {
      step();
      check_stable_offsets();
    }
    settle();
    check_records();
  }

  int64_t committed_records() const {
    int64_t records = 0;
    for (const auto& [number, attempt] : attempts_) {
      if (attempt.outcome == Outcome::kCommitted) records += attempt.records;
    }
    return records;
  }

 private:
  int pick(int count) { return static_cast<int>(random_() % static_cast<uint64_t>(count)); }
  bool chance(int percent) { return pick(100) < percent; }
  TxnCoordinator::Now now() const { return {clock_.now(), clock_.wall_ms()}; }

  void step() {
    Client& client = clients_[static_cast<size_t>(pick(kClients))];
    switch (pick(20)) {
      case 0: return restart(client);
      case 1: return pass(pick(kTimeoutMs / 4));
      case 2: return crash();
      case 3: return resend();
      case 4: faults_ = chance(30) ? 20 : 0; return;
      default: break;
    }
    if (!client.is_ready) return restart(client);
    if (client.asks_again) return end(client, *client.asks_again);
    if (client.failed || (client.attempt >= 0 && chance(25))) {
      return end(client, !client.failed && chance(70));
    }
    send(client);
  }

  // A new instance of the application: initTransactions().
  void restart(Client& client) {
    const int64_t left = client.attempt;
    const auto answer = coordinator_->init({.id = client.id}, kTimeoutMs, now());
    // What it left behind is aborted sooner or later, unless its end was asked for.
    if (left >= 0)
      attempts_[left].outcome = client.asks_again ? Outcome::kUnknown : Outcome::kAborted;
    client.attempt = -1;
    client.asks_again.reset();
    client.failed = false;
    client.is_ready = answer.error == Code::kNone;
    if (!client.is_ready) return;
    client.producer_id = answer.producer_id;
    client.epoch = answer.epoch;
    client.sequences.clear();
  }

  Slice make_batch(const Client& client, int32_t partition, int64_t attempt) {
    wire::BatchOptions options;
    options.producer_id = client.producer_id;
    options.producer_epoch = client.epoch;
    const auto sequence = client.sequences.find(partition);
    options.base_sequence = sequence == client.sequences.end() ? 0 : sequence->second;
    options.transactional = true;
    wire::BatchBuilder builder(options);
    const std::string value = std::to_string(attempt);
    EXPECT_TRUE(builder.append({.timestamp_ms = clock_.wall_ms(), .value = as_bytes(value)}));
    return *builder.finish(scratch_.compressor);
  }

  // What Produce does: the coordinator vouches, the log appends.
  log::AppendOutcome append(const Sent& sent) {
    log::PartitionLog& log = world_.log(sent.partition);
    log::TxnProof proof = log::TxnProof::kNone;
    const TxnProducer producer{sent.id, sent.producer_id, sent.epoch};
    if (!log.producers().has_open_txn(sent.producer_id, sent.epoch)) {
      const TxnPartition partition{"t", sent.partition};
      const Code code = sent.is_new
                            ? coordinator_->add(producer, {&partition, 1}, kEpochPerTxn, now())
                            : coordinator_->verify(producer, partition);
      if (code != Code::kNone) {
        log::AppendOutcome refused;
        refused.error.fault = log::AppendFault::kNotInTransaction;
        return refused;
      }
      proof = sent.is_new ? log::TxnProof::kAddedImplicitly : log::TxnProof::kVerified;
    }
    return log.append(sent.batch.bytes(), clock_.wall_ms(), scratch_, proof);
  }

  void send(Client& client) {
    if (client.attempt < 0) {
      client.attempt = next_attempt_++;
      attempts_[client.attempt] = {};
    }
    const int32_t partition = pick(kPartitions);
    if (!client.is_new) {
      const TxnPartition added{"t", partition};
      if (coordinator_->add(client.producer(), {&added, 1}, 0, now()) != Code::kNone) {
        client.failed = true;
        return;
      }
    }
    const Sent sent{partition,    client.producer_id,
                    client.epoch, client.is_new,
                    client.id,    make_batch(client, partition, client.attempt)};
    const log::AppendOutcome outcome = append(sent);
    if (!outcome.error.ok()) {
      client.failed = true;
      return;
    }
    ++client.sequences[partition];
    ++attempts_[client.attempt].records;
    sent_.push_back(sent);
  }

  // A batch that was on its way for long: known as a duplicate, or refused. Only new clients are
  // safe from it once its transaction is over.
  void resend() {
    if (sent_.empty()) return;
    const Sent& sent = sent_[static_cast<size_t>(pick(static_cast<int>(sent_.size())))];
    if (!sent.is_new) return;
    const int64_t end = world_.log(sent.partition).end_offset();
    append(sent);
    EXPECT_EQ(world_.log(sent.partition).end_offset(), end) << "a record was doubled";
  }

  void end(Client& client, bool commit) {
    const int16_t version = client.is_new ? kEpochPerTxn : int16_t{0};
    const auto answer = coordinator_->end(client.producer(), commit, version, now());
    if (answer.error == Code::kNone && chance(15)) {
      client.asks_again = commit;
      return;
    }
    if (answer.error == Code::kConcurrentTransactions || answer.error == Code::kNotCoordinator) {
      // A retriable error: nothing is decided, or it is and the client asks again.
      client.asks_again = commit;
      return;
    }
    Attempt& attempt = attempts_[client.attempt];
    if (answer.error == Code::kNone) {
      attempt.outcome = commit ? Outcome::kCommitted : Outcome::kAborted;
      if (client.is_new) {
        client.producer_id = answer.producer_id;
        client.epoch = answer.epoch;
        client.sequences.clear();
      }
    } else {
      // Fenced, or nothing was written: what it asked for before may have happened.
      attempt.outcome = client.asks_again ? Outcome::kUnknown : Outcome::kAborted;
      client.is_ready = false;
    }
    client.attempt = -1;
    client.failed = false;
    client.asks_again.reset();
  }

  void pass(int64_t ms) {
    clock_.advance(std::chrono::milliseconds(ms));
    world_.wall_ms = clock_.wall_ms();
    coordinator_->tick(now());
    const auto wake = coordinator_->wake_at();
    EXPECT_TRUE(!wake || *wake > clock_.now());
  }

  // The coordinator is gone, in the middle of what a client or the time just asked for; the next
  // one reads the log.
  void crash() {
    if (chance(50)) {
      Client& client = clients_[static_cast<size_t>(pick(kClients))];
      const int writes_left = pick(4);
      int writes = 0;
      world_.fails = [&] { return writes++ >= writes_left; };
      if (client.is_ready && client.attempt >= 0 && !client.failed) end_unheard(client);
      world_.fails = [this] { return chance(faults_); };
    }
    ++world_.epoch;
    coordinator_ = std::make_unique<TxnCoordinator>(world_, TxnConfig{});
    world_.replay_into(*coordinator_);
    coordinator_->resume(now());
  }

  void end_unheard(Client& client) {
    const bool commit = client.asks_again.value_or(chance(50));
    coordinator_->end(client.producer(), commit, client.is_new ? kEpochPerTxn : int16_t{0}, now());
    client.asks_again = commit;
  }

  // What is stable stays so, and nobody reads past the end.
  void check_stable_offsets() {
    for (int32_t partition = 0; partition < kPartitions; ++partition) {
      const log::PartitionLog& log = world_.log(partition);
      const int64_t stable = log.last_stable_offset();
      EXPECT_GE(stable, stable_[partition]) << "the last stable offset went back";
      EXPECT_LE(stable, log.end_offset());
      stable_[partition] = stable;
    }
  }

  // No more faults: every transaction ends by itself.
  void settle() {
    faults_ = 0;
    for (int i = 0; i < 5; ++i) pass(kTimeoutMs);
    for (auto& client : clients_) {
      if (client.attempt < 0) continue;
      Attempt& attempt = attempts_[client.attempt];
      attempt.outcome = client.asks_again ? Outcome::kUnknown : Outcome::kAborted;
    }
    for (int32_t partition = 0; partition < kPartitions; ++partition) {
      const log::PartitionLog& log = world_.log(partition);
      EXPECT_EQ(log.last_stable_offset(), log.end_offset()) << "a transaction hangs";
    }
    EXPECT_FALSE(coordinator_->wake_at());
  }

  // The records a reader of committed ones sees, by transaction. Source: the consumer's rules of
  // KIP-98: an aborted producer's batches are left out from its first offset to its marker.
  void read_partition(int32_t partition, std::map<int64_t, int32_t>& seen) {
    const log::PartitionLog& log = world_.log(partition);
    std::vector<Slice> slices;
    log.read({0, size_t{1} << 30U, true, log.last_stable_offset()}, slices);
    std::vector<log::AbortedTxn> aborted =
        log.aborted_txns().overlapping(0, log.last_stable_offset());
    size_t next = 0;
    std::set<int64_t> left_out;
    for (const Slice& slice : slices) {
      const auto rest = wire::for_each_batch(slice.bytes(), [&](const wire::BatchView& batch) {
        while (next < aborted.size() && aborted[next].first_offset <= batch.last_offset()) {
          left_out.insert(aborted[next++].producer_id);
        }
        if (batch.is_control()) {
          left_out.erase(batch.producer_id());
          return;
        }
        if (left_out.contains(batch.producer_id())) return;
        wire::RecordCursor cursor(batch, batch.stored_records());
        while (const wire::RecordView* record = cursor.next()) {
          const std::string value(reinterpret_cast<const char*>(record->value.data()),
                                  record->value.size());
          ++seen[std::stoll(value)];
        }
      });
      EXPECT_TRUE(rest.has_value());
    }
  }

  void check_records() {
    std::map<int64_t, int32_t> seen;
    for (int32_t partition = 0; partition < kPartitions; ++partition) {
      read_partition(partition, seen);
    }
    for (const auto& [number, attempt] : attempts_) {
      const int32_t found = seen[number];
      SCOPED_TRACE("transaction " + std::to_string(number));
      if (attempt.outcome == Outcome::kCommitted) {
        EXPECT_EQ(found, attempt.records) << "committed records are lost";
      } else if (attempt.outcome == Outcome::kAborted) {
        EXPECT_EQ(found, 0) << "aborted records are visible";
      } else {
        EXPECT_TRUE(found == 0 || found == attempt.records) << "a transaction is torn";
      }
    }
  }

  std::mt19937_64 random_;
  ManualClock clock_;
  FakeWorld world_;
  std::unique_ptr<TxnCoordinator> coordinator_ =
      std::make_unique<TxnCoordinator>(world_, TxnConfig{});
  log::CheckScratch scratch_;
  std::vector<Client> clients_;
  std::vector<Sent> sent_;
  std::map<int64_t, Attempt> attempts_;
  std::map<int32_t, int64_t> stable_;
  int64_t next_attempt_ = 0;
  int faults_ = 0;  // percent of writes
};

uint64_t number_of(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(TxnSimulation, KeepsTransactionsWholeWhateverHappens) {
  const uint64_t only = number_of("ODK_TXN_SEED", 0);
  const uint64_t first = only == 0 ? 1 : only;
  const uint64_t last = only == 0 ? number_of("ODK_TXN_SEEDS", 300) : only;
  int64_t committed = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("ODK_TXN_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    simulation.run();
    committed += simulation.committed_records();
    if (HasFailure()) break;
  }
  EXPECT_GT(committed, 0) << "nothing was tried";
}

}  // namespace
}  // namespace odradek::broker::testing
