// Groups of random members under random trouble: whatever happens, no two members read the same
// partition, and when the trouble ends everything is assigned. Seeds: ODRADEK_GROUP_SEEDS.

#include <gtest/gtest.h>

#include <cstdlib>

#include "broker/group/simulated_member.h"

namespace odradek::broker::testing {

void ConsumerClient::take(const ConsumerReply& reply) {
  epoch_ = reply.epoch;
  full_ = false;
  if (reply.assignment) wanted_ = reply.assignment;
}

void ConsumerClient::step(SimulatedCoordinator& to) {
  bool changed = false;
  if (wanted_) {
    // First it gives up, and says so; what is new it takes with the next step.
    PartitionSet kept;
    for (const auto& [topic, partitions] : owned_) {
      for (const int32_t partition : partitions) {
        if (contains(*wanted_, topic, partition)) kept[topic].insert(partition);
      }
    }
    changed = true;
    if (count(kept) != count(owned_)) {
      owned_ = std::move(kept);
    } else {
      owned_ = *std::exchange(wanted_, std::nullopt);
    }
  }
  ConsumerHeartbeat input;
  input.group_id = "g";
  input.member_id = id_;
  input.epoch = epoch_;
  input.client_id = "c";
  input.client_host = "/h";
  if (full_ || epoch_ == 0) {
    input.rebalance_timeout_ms = 30'000;
    input.topics = topics_;
    input.regex = regex_;
  }
  if (full_ || changed || epoch_ == 0) input.owned = owned_;
  full_ = full_ || changed;
  if (to.chance(to.loss)) return;
  const ConsumerReply reply = to.groups->consumer_heartbeat(input, to.now(), to.replies);
  to.collect();
  if (to.chance(to.loss)) {
    full_ = true;
    return;
  }
  switch (reply.error) {
    case Code::kNone: return take(reply);
    case Code::kFencedMemberEpoch:
    case Code::kUnknownMemberId:
    case Code::kGroupIdNotFound:
      epoch_ = 0;
      owned_.clear();
      wanted_.reset();
      full_ = true;
      return;
    default: full_ = true;
  }
}

void ConsumerClient::leave(SimulatedCoordinator& to) {
  ConsumerHeartbeat input;
  input.group_id = "g";
  input.member_id = id_;
  input.epoch = kLeaveEpoch;
  if (!to.chance(to.loss)) to.groups->consumer_heartbeat(input, to.now(), to.replies);
  to.collect();
}

MemberRef ClassicClient::ref() const {
  MemberRef made;
  made.group_id = "g";
  made.member_id = id_;
  made.generation = generation_;
  return made;
}

void ClassicClient::start_over(Code error) {
  if (error == Code::kUnknownMemberId) id_.clear();
  owned_.clear();
  phase_ = Phase::kIdle;
}

void ClassicClient::step(SimulatedCoordinator& to) {
  if (incarnation_ != to.incarnation && (phase_ == Phase::kJoining || phase_ == Phase::kSyncing)) {
    return start_over(Code::kNone);
  }
  switch (phase_) {
    case Phase::kIdle: return join(to);
    case Phase::kJoining:
      if (const auto reply = to.joins.extract(ticket_); !reply.empty()) joined(to, reply.mapped());
      return;
    case Phase::kJoined: return sync(to);
    case Phase::kSyncing:
      if (const auto reply = to.syncs.extract(ticket_); !reply.empty()) synced(to, reply.mapped());
      return;
    case Phase::kStable: return beat(to);
  }
}

void ClassicClient::join(SimulatedCoordinator& to) {
  owned_.clear();
  std::string metadata("\0\0\0\0\0", 5);
  metadata.push_back(static_cast<char>(topics_.size()));
  for (const std::string& topic : topics_) {
    metadata.push_back('\0');
    metadata.push_back(static_cast<char>(topic.size()));
    metadata += topic;
  }
  metadata.append("\xFF\xFF\xFF\xFF", 4);
  const ProtocolView protocol{"range", as_bytes(metadata)};
  JoinInput input;
  ticket_ = input.ticket = to.next_ticket++;
  input.group_id = "g";
  input.member_id = id_;
  input.client_id = "c";
  input.client_host = "/h";
  input.protocol_type = "consumer";
  input.protocols = {&protocol, 1};
  input.session_timeout = seconds(10);
  input.rebalance_timeout = seconds(30);
  input.member_id_required = true;
  if (to.chance(to.loss)) return;
  phase_ = Phase::kJoining;
  incarnation_ = to.incarnation;
  to.groups->join(input, to.now(), to.replies);
  to.collect();
}

void ClassicClient::joined(SimulatedCoordinator& to, const JoinReply& reply) {
  if (to.chance(to.loss)) return start_over(Code::kNone);
  if (reply.error == Code::kMemberIdRequired) {
    id_ = reply.member_id;
    phase_ = Phase::kIdle;
    return;
  }
  if (reply.error != Code::kNone) return start_over(reply.error);
  id_ = reply.member_id;
  generation_ = reply.generation;
  leads_ = reply.leader == id_;
  members_ = reply.members;
  phase_ = Phase::kJoined;
}

void ClassicClient::sync(SimulatedCoordinator& to) {
  topics_version_ = to.topics_version;
  std::map<std::string, NamedPartitions> shares;
  for (const auto& [name, topic] : to.environment.topics) {
    std::vector<std::string> takers;
    for (const JoinMember& member : members_) {
      const auto wants = read_subscription(as_bytes(member.metadata));
      if (wants && wants->topics.contains(name)) takers.push_back(member.member_id);
    }
    for (int32_t partition = 0; !takers.empty() && partition < topic.partitions; ++partition) {
      shares[takers[static_cast<size_t>(partition) % takers.size()]][name].insert(partition);
    }
  }
  std::vector<std::string> encoded;
  for (const JoinMember& member : members_) {
    encoded.push_back(write_assignment(0, shares[member.member_id]));
  }
  std::vector<std::pair<std::string_view, Bytes>> assignments;
  for (size_t i = 0; leads_ && i < members_.size(); ++i) {
    assignments.emplace_back(members_[i].member_id, as_bytes(encoded[i]));
  }
  SyncInput input;
  ticket_ = input.ticket = to.next_ticket++;
  const MemberRef member = ref();
  input.member = member;
  input.assignments = assignments;
  if (to.chance(to.loss)) return;
  phase_ = Phase::kSyncing;
  incarnation_ = to.incarnation;
  to.groups->sync(input, to.now(), to.replies);
  to.collect();
}

void ClassicClient::synced(SimulatedCoordinator& to, const SyncReply& reply) {
  if (to.chance(to.loss)) return start_over(Code::kNone);
  if (reply.error != Code::kNone) return start_over(reply.error);
  const auto named = read_assignment(as_bytes(reply.assignment));
  ASSERT_TRUE(named);
  for (const auto& [name, partitions] : *named) {
    const auto topic = to.environment.topics.find(name);
    if (topic != to.environment.topics.end()) owned_[topic->second.id] = partitions;
  }
  phase_ = Phase::kStable;
}

void ClassicClient::beat(SimulatedCoordinator& to) {
  if (to.chance(to.loss)) return;
  const Code error = to.groups->heartbeat(ref(), to.now());
  if (to.chance(to.loss)) return;
  // A leader that sees other topics than it has assigned wants another rebalance.
  const bool topics_changed = leads_ && topics_version_ != to.topics_version;
  if (error != Code::kNone || topics_changed) start_over(error);
}

void ClassicClient::leave(SimulatedCoordinator& to) {
  std::vector<LeavingMember> members{{id_, {}, Code::kNone}};
  if (!to.chance(to.loss)) to.groups->leave("g", members, to.now(), to.replies);
  to.collect();
}

namespace {

enum class Kind { kClassic, kConsumer, kMixed };

GroupConfig config_of(uint32_t seed) {
  GroupConfig config = GroupDriver::quick();
  if (seed % 3 == 0) config.default_assignor = "range";
  return config;
}

class Simulation {
 public:
  Simulation(Kind kind, uint32_t seed, size_t members_max)
      : kind_(kind), to_(config_of(seed), seed), members_max_(members_max) {
    for (const std::string name : {"t1", "t2", "u1"}) {
      to_.environment.topics[name] = {Uuid::random(), 1 + static_cast<int32_t>(to_.pick(6))};
    }
  }

  void run(int steps) {
    to_.loss = 0.05;
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) trouble();
    to_.loss = 0;
    pace_ = 1;
    to_.environment.failure = Code::kNone;
    if (members_.empty()) add();
    // Long enough for the sessions of those that crashed.
    for (int i = 0; i < 100; ++i) everybody_steps(seconds(1));
    check_end();
  }

 private:
  void add() {
    const bool classic = kind_ == Kind::kClassic || (kind_ == Kind::kMixed && to_.chance(0.5));
    std::set<std::string> topics{"t1"};
    if (to_.chance(0.7)) topics.insert("t2");
    if (classic) {
      members_.push_back(std::make_unique<ClassicClient>(topics));
      return;
    }
    const std::string regex = to_.chance(0.3) ? "t.*" : "";
    if (!regex.empty()) topics.clear();
    members_.push_back(std::make_unique<ConsumerClient>("m" + std::to_string(next_id_++),
                                                        std::move(topics), regex));
  }

  void remove(bool crash) {
    const size_t which = to_.pick(members_.size());
    if (!crash) members_[which]->leave(to_);
    members_.erase(members_.begin() + static_cast<ptrdiff_t>(which));
  }

  void change_topics() {
    if (to_.chance(0.5)) {
      auto& topic = to_.environment.topics["t1"];
      if (topic.partitions < 20) ++topic.partitions;
    } else if (to_.environment.topics.erase("t2") == 0) {
      to_.environment.topics["t2"] = {Uuid::random(), 3};
    }
    to_.groups->topics_changed();
    ++to_.topics_version;
  }

  void trouble() {
    if (members_.size() < members_max_ && to_.chance(0.1)) add();
    if (!members_.empty() && to_.chance(0.02)) remove(to_.chance(0.5));
    if (kind_ != Kind::kClassic && to_.chance(0.01)) change_topics();
    if (to_.chance(0.01)) to_.restart();
    if (to_.chance(0.02)) {
      to_.environment.failure = to_.chance(0.3) ? Code::kNotCoordinator : Code::kNone;
    }
    everybody_steps(milliseconds(to_.pick(2'000)));
  }

  void everybody_steps(Duration passed) {
    to_.pass(passed);
    for (const auto& member : members_) {
      if (to_.chance(pace_)) member->step(to_);
      check_owners();
    }
    if (const ConsumerGroup* group = to_.groups->find_consumer("g")) check_state(*group);
  }

  // What two members hold at the same time; within classic groups only of one generation.
  void check_owners() {
    std::map<std::pair<Uuid, int32_t>, int> owners;
    for (const auto& member : members_) {
      const auto* classic = dynamic_cast<const ClassicClient*>(member.get());
      if (classic != nullptr && is_outdated(*classic)) continue;
      for (const auto& [topic, partitions] : member->owned()) {
        for (const int32_t partition : partitions) ++owners[{topic, partition}];
      }
    }
    for (const auto& [partition, count] : owners) {
      ASSERT_EQ(count, 1) << "partition " << partition.second << " has two owners";
    }
  }

  // A member of the classic protocol that has not learnt yet that it is out, as Kafka's too.
  bool is_outdated(const ClassicClient& member) const {
    if (const ConsumerGroup* group = to_.groups->find_consumer("g")) {
      const ConsumerMember* known = group->find(member.id());
      return known == nullptr || known->epoch != member.generation();
    }
    const ClassicGroup* group = to_.groups->find("g");
    return group == nullptr || member.generation() != group->generation();
  }

  static void check_state(const ConsumerGroup& group) {
    std::map<std::pair<Uuid, int32_t>, int> owners;
    for (const auto& [id, member] : group.members()) {
      for (const OwnedPartitions* owned : {&member.assigned, &member.revoking}) {
        for (const auto& [topic, partitions] : *owned) {
          for (const auto& [partition, epoch] : partitions) ++owners[{topic, partition}];
        }
      }
    }
    for (const auto& [partition, count] : owners) ASSERT_EQ(count, 1);
  }

  void check_end() {
    std::map<std::pair<std::string, int32_t>, int> owners;
    for (const auto& member : members_) {
      EXPECT_TRUE(member->is_settled());
      for (const auto& [id, partitions] : member->owned()) {
        const auto topic = to_.environment.topic(id);
        ASSERT_TRUE(topic);
        for (const int32_t partition : partitions) {
          ++owners[{std::string(topic->name), partition}];
        }
      }
    }
    EXPECT_TRUE(to_.groups->contains("g"));
    if (const ConsumerGroup* group = to_.groups->find_consumer("g")) {
      EXPECT_EQ(group->state_name(), "Stable");
      EXPECT_EQ(group->members().size(), members_.size());
    } else {
      EXPECT_EQ(to_.groups->find("g")->state(), GroupState::kStable);
      EXPECT_EQ(to_.groups->find("g")->members().size(), members_.size());
    }
    const auto& t1 = to_.environment.topics["t1"];
    for (int32_t partition = 0; partition < t1.partitions; ++partition) {
      EXPECT_EQ((owners[{"t1", partition}]), 1) << "t1-" << partition;
    }
  }

  Kind kind_;
  SimulatedCoordinator to_;
  size_t members_max_;
  std::vector<std::unique_ptr<SimulatedMember>> members_;
  int next_id_ = 0;
  double pace_ = 0.8;  // how likely a member does something while others do
};

uint32_t seeds() {
  const char* wanted = std::getenv("ODRADEK_GROUP_SEEDS");
  return wanted == nullptr ? 70 : static_cast<uint32_t>(std::strtoul(wanted, nullptr, 10));
}

void simulate(Kind kind) {
  const char* first = std::getenv("ODRADEK_GROUP_FIRST_SEED");
  const uint32_t begin =
      first == nullptr ? 1 : static_cast<uint32_t>(std::strtoul(first, nullptr, 10));
  for (uint32_t seed = begin; seed < begin + seeds(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(kind, seed, 7).run(150);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(GroupSimulation, OfClassicMembers) { simulate(Kind::kClassic); }
TEST(GroupSimulation, OfConsumerMembers) { simulate(Kind::kConsumer); }
TEST(GroupSimulation, OfBothKinds) { simulate(Kind::kMixed); }

TEST(GroupSimulation, OfFiftyMembers) {
  for (const Kind kind : {Kind::kClassic, Kind::kConsumer, Kind::kMixed}) {
    Simulation(kind, 7, 50).run(200);
  }
}

}  // namespace
}  // namespace odradek::broker::testing
