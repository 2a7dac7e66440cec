// Invariant 9: members of a group, of our own client library, share the virtual partitions out,
// each once, whoever comes and goes and whichever protocol they speak.
#include <random>
#include <set>
#include <thread>

#include "io/event.h"
#include "odradek/client.h"
#include "odradek/consumer.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

namespace ok = ::odradek::kafka;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kTopic = "events";
constexpr size_t kPartitions = 12;
constexpr size_t kPhysical = 3;  // so many members of a KIP-848 group have partitions

io::Task<void> until(io::Event& changed, const bool& is_over) {
  while (!is_over) {
    const Result<void> woken = co_await changed.wait();
    if (!woken) co_return;
  }
}

class ProxyAssignment : public ProxyTest, public ::testing::WithParamInterface<ok::GroupProtocol> {
 protected:
  struct Member {
    std::unique_ptr<ok::Client> client;
    std::unique_ptr<ok::Consumer> consumer;
  };

  void SetUp() override {
    start();
    ASSERT_EQ(create_topic(kTopic, kPartitions), 0);
    add_proxy(default_options());
  }

  // Runs the clients on a thread of their own while broker and proxies are served on this one.
  void serve_while(const std::function<void()>& clients) {
    io::Event changed(loop_);
    bool is_over = false;
    std::thread thread([&] {
      clients();
      loop_.post([&] {
        is_over = true;
        changed.notify_all();
      });
    });
    loop_.block_on(until(changed, is_over));
    thread.join();
  }

  Member join(const std::string& bootstrap) {
    ok::ClientOptions options;
    options.bootstrap = bootstrap;
    Member member;
    member.client = std::make_unique<ok::Client>(options);
    ok::ConsumerOptions consumer;
    consumer.group = "readers";
    consumer.protocol = GetParam();
    consumer.session_timeout = seconds(10);
    consumer.heartbeat_interval = milliseconds(50);
    consumer.fetch_wait_max = milliseconds(50);
    const bool is_sticky = random_() % 2 == 0;
    consumer.assignors = {is_sticky ? ok::Assignor::sticky : ok::Assignor::round_robin,
                          ok::Assignor::range};
    member.consumer = std::make_unique<ok::Consumer>(*member.client, consumer);
    EXPECT_TRUE(member.consumer->subscribe({std::string(kTopic)}));
    return member;
  }

  static void leave(std::vector<Member>& members, size_t which) {
    EXPECT_TRUE(members[which].consumer->close(seconds(10)).get());
    members.erase(members.begin() + static_cast<ptrdiff_t>(which));
  }

  // Each partition once, and nobody without any who could have some.
  static bool is_dealt(const std::vector<Member>& members) {
    std::set<int32_t> all;
    size_t count = 0;
    size_t idle = 0;
    for (const Member& member : members) {
      const auto assigned = member.consumer->assignment();
      for (const auto& one : assigned) all.insert(one.partition);
      count += assigned.size();
      if (assigned.empty()) ++idle;
    }
    const size_t busy_max = GetParam() == ok::GroupProtocol::classic ? kPartitions : kPhysical;
    return count == kPartitions && all.size() == kPartitions &&
           members.size() - idle == std::min(members.size(), busy_max);
  }

  void settle(const std::vector<Member>& members) {
    const auto give_up = std::chrono::steady_clock::now() + seconds(30);
    while (!is_dealt(members) && std::chrono::steady_clock::now() < give_up) {
      std::vector<ok::Op<ok::RecordBatch>> polls;
      for (const Member& member : members) {
        polls.push_back(member.consumer->next(milliseconds(50)));
      }
      for (auto& poll : polls) EXPECT_TRUE(poll.get());
    }
    EXPECT_TRUE(is_dealt(members)) << members.size() << " members";
  }

  std::mt19937_64 random_{seed_of_test()};
};

TEST_P(ProxyAssignment, DealsOutEveryVirtualPartitionOnce) {
  const std::vector<std::string> instances = {proxies_[0]->address(), proxies_[1]->address()};
  serve_while([&] {
    std::vector<Member> members;
    for (int round = 0; round < 5; ++round) {
      const bool must_join = members.empty() || round == 1;
      if (must_join || (members.size() < 5 && random_() % 3 != 0)) {
        members.push_back(join(instances[random_() % 2]));
      } else {
        leave(members, random_() % members.size());
      }
      if (!members.empty()) settle(members);
    }
    while (!members.empty()) leave(members, 0);
  });
}

INSTANTIATE_TEST_SUITE_P(Protocols, ProxyAssignment,
                         ::testing::Values(ok::GroupProtocol::classic, ok::GroupProtocol::consumer),
                         [](const auto& tested) {
                           return tested.param == ok::GroupProtocol::classic ? "Classic" : "Kip848";
                         });

}  // namespace
}  // namespace odradek::proxy::testing
