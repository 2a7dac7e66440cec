// Touches every public header, and does what needs no broker: options, errors, deadlines.
#include <odradek/kafka.h>

#include <chrono>
#include <cstdio>

namespace ok = odradek::kafka;

int main() {
  using namespace std::chrono_literals;
  ok::Client client({.bootstrap = "127.0.0.1:1", .connection_timeout = 200ms});
  ok::Admin admin(client);
  const auto topics = ok::all(admin.describe_topics({"t"}, 300ms).get());
  if (topics || !topics.error().is_retriable()) return 1;
  ok::Producer producer(client, {.delivery_timeout = 31s});
  ok::Consumer consumer(client, {.group = "g"});
  if (!consumer.subscribe({"t"})) return 1;
  const auto wrong = ok::from_properties({{"bootstrap.server", "x"}});
  if (wrong || wrong.error().kind() != ok::ErrorKind::config) return 1;
  std::puts(topics.error().to_string().c_str());
  return 0;
}
