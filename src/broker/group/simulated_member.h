#pragma once

#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "broker/group/consumer_for_tests.h"
#include "broker/group/subscription.h"

// Members of groups as clients implement them, for the simulation: they hold partitions until they
// have given them up, send again what was lost, and start over when they are told to.
namespace odradek::broker::testing {

// The group coordinator behind a network that loses requests and answers, and that is restarted
// from what it wrote.
class SimulatedCoordinator {
 public:
  explicit SimulatedCoordinator(GroupConfig config, uint32_t seed) : random(seed), config_(config) {
    groups = std::make_unique<Groups>(config_, environment);
  }

  Groups::Now now() const { return {clock.now(), clock.wall_ms()}; }
  bool chance(double probability) {
    return std::uniform_real_distribution<>(0, 1)(random) < probability;
  }
  size_t pick(size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random); }

  void pass(Duration duration) {
    clock.advance(duration);
    while (groups->wake_at() && *groups->wake_at() <= clock.now()) {
      groups->tick(now(), replies);
      collect();
    }
  }

  // Who waits gets no answer, as when connections break.
  void restart() {
    groups = std::make_unique<Groups>(config_, environment);
    replay(environment, *groups, now());
    groups->replayed(now());
    joins.clear();
    syncs.clear();
    ++incarnation;
  }

  void collect() {
    for (auto& [ticket, reply] : replies.joins) joins[ticket] = std::move(reply);
    for (auto& [ticket, reply] : replies.syncs) syncs[ticket] = std::move(reply);
    replies.clear();
  }

  ManualClock clock;
  FakeEnvironment environment;
  std::unique_ptr<Groups> groups;
  GroupReplies replies;
  std::map<Ticket, JoinReply> joins;
  std::map<Ticket, SyncReply> syncs;
  Ticket next_ticket = 1;
  std::mt19937 random;
  double loss = 0;  // of a request, and of an answer
  int incarnation = 0;
  int topics_version = 0;  // grows when topics change

 private:
  GroupConfig config_;
};

class SimulatedMember {
 public:
  virtual ~SimulatedMember() = default;
  // Does the next thing a client would do.
  virtual void step(SimulatedCoordinator& to) = 0;
  virtual void leave(SimulatedCoordinator& to) = 0;
  // Partitions it would read from now.
  virtual const PartitionSet& owned() const = 0;
  // Nothing to do but heartbeats.
  virtual bool is_settled() const = 0;
};

// KIP-848.
class ConsumerClient : public SimulatedMember {
 public:
  ConsumerClient(std::string id, std::set<std::string> topics, std::string regex)
      : id_(std::move(id)), topics_(std::move(topics)), regex_(std::move(regex)) {}

  void step(SimulatedCoordinator& to) override;
  void leave(SimulatedCoordinator& to) override;
  const PartitionSet& owned() const override { return owned_; }
  bool is_settled() const override { return !wanted_ && epoch_ > 0 && !full_; }

 private:
  void take(const ConsumerReply& reply);

  std::string id_;
  std::set<std::string> topics_;
  std::string regex_;
  int32_t epoch_ = 0;
  PartitionSet owned_;
  std::optional<PartitionSet> wanted_;  // told, not yet reached
  bool full_ = true;                    // say everything in the next heartbeat
};

// The classic protocol, giving up everything before each rebalance, with its own assignor.
class ClassicClient : public SimulatedMember {
 public:
  explicit ClassicClient(std::set<std::string> topics) : topics_(std::move(topics)) {}

  void step(SimulatedCoordinator& to) override;
  void leave(SimulatedCoordinator& to) override;
  const PartitionSet& owned() const override { return owned_; }
  bool is_settled() const override { return phase_ == Phase::kStable; }
  int32_t generation() const { return generation_; }
  const std::string& id() const { return id_; }

 private:
  enum class Phase { kIdle, kJoining, kJoined, kSyncing, kStable };

  void join(SimulatedCoordinator& to);
  void joined(SimulatedCoordinator& to, const JoinReply& reply);
  void sync(SimulatedCoordinator& to);
  void synced(SimulatedCoordinator& to, const SyncReply& reply);
  void beat(SimulatedCoordinator& to);
  void start_over(proto::ErrorCode error);
  MemberRef ref() const;

  std::set<std::string> topics_;
  std::string id_;
  int32_t generation_ = -1;
  Phase phase_ = Phase::kIdle;
  Ticket ticket_ = 0;
  int incarnation_ = 0;
  int topics_version_ = 0;  // of its last assignment, as leader
  std::vector<JoinMember> members_;  // as leader
  bool leads_ = false;
  PartitionSet owned_;
};

}  // namespace odradek::broker::testing
