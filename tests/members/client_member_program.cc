// A consumer of this library that says what happens to it, as the other members do; see README.md:
// client_member BOOTSTRAP GROUP TOPIC KIND
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>

#include "odradek/kafka.h"

namespace {

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

std::atomic<bool> ended = false;

void say_partitions(char letter, const std::vector<ok::TopicPartition>& partitions) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string line = std::string(1, letter) + " " + std::to_string(now / 1ns) + " ";
  for (const ok::TopicPartition& partition : partitions) {
    if (line.back() != ' ') line += ',';
    line += std::to_string(partition.partition);
  }
  std::puts(line.c_str());
}

ok::RebalanceCallback event(char letter) {
  return [letter](const std::vector<ok::TopicPartition>& partitions) {
    say_partitions(letter, partitions);
  };
}

ok::ConsumerOptions options_for(const std::string& kind) {
  ok::ConsumerOptions options;
  options.start = ok::Start::earliest;
  options.auto_commit_interval = 500ms;
  options.session_timeout = 6s;
  options.heartbeat_interval = 1s;
  if (kind == "eager") options.assignors = {ok::Assignor::range};
  if (kind == "roundrobin") options.assignors = {ok::Assignor::round_robin};
  if (kind == "sticky") options.assignors = {ok::Assignor::sticky};
  if (kind == "cooperative") options.assignors = {ok::Assignor::cooperative_sticky};
  if (kind == "consumer") options.protocol = ok::GroupProtocol::consumer;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: client_member BOOTSTRAP GROUP TOPIC KIND\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
  std::signal(SIGTERM, [](int) { ended = true; });
  const ok::Client client({.bootstrap = argv[1], .client_id = "odradek-member"});
  ok::ConsumerOptions options = options_for(argv[4]);
  options.group = argv[2];
  ok::Consumer consumer(client, options);
  const auto subscribed = consumer.subscribe(
      {argv[3]}, {.on_assigned = event('A'), .on_revoked = event('R'), .on_lost = event('L')});
  if (!subscribed) return 1;
  while (!ended) {
    const auto batch = consumer.poll(200ms);
    if (!batch) {
      std::fprintf(stderr, "%s\n", batch.error().to_string().c_str());
      if (batch.error().is_fatal()) return 1;
      continue;
    }
    for (const ok::RecordView& record : *batch) {
      std::printf("C %d %lld\n", batch->partition(), static_cast<long long>(record.offset()));
    }
  }
  return consumer.close(30s).get() ? 0 : 1;
}
