// The same operations from coroutines: an echo service that reads one topic and writes another.
// Works with any coroutine type; this one starts at once and signals its end.
// usage: example_coroutine HOST:PORT FROM TO COUNT
// Stops after the batch in which COUNT is reached.
#include <odradek/kafka.h>

#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <string>

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

namespace {

struct Task {
  struct promise_type {
    std::promise<bool> done;
    Task get_return_object() { return {done.get_future()}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_value(bool value) { done.set_value(value); }
    void unhandled_exception() { done.set_exception(std::current_exception()); }
  };
  std::future<bool> done;
};

// [echo]
Task echo(ok::Consumer& consumer, ok::Producer& producer, std::string to, long count) {
  while (count > 0) {
    auto batch = co_await consumer.next(1s);
    if (!batch) co_return false;
    for (const ok::RecordView& record : *batch) {
      ok::Record copy;
      copy.topic = to;
      if (record.has_key()) copy.key = record.key();
      if (!record.is_tombstone()) copy.value = record.value();
      auto sent = co_await producer.send(copy);
      if (!sent) co_return false;
      --count;
    }
    auto committed = co_await consumer.commit(*batch);
    if (!committed) co_return false;
  }
  auto closed = co_await consumer.close(10s);
  co_return closed.has_value();
}
// [end]

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s HOST:PORT FROM TO COUNT\n", argv[0]);
    return 2;
  }
  ok::Client client({.bootstrap = argv[1]});
  ok::ProducerOptions fast;
  fast.linger = 0ms;
  ok::Producer producer(client, fast);
  ok::Consumer consumer(client, {.group = "echo", .start = ok::Start::earliest});
  if (const auto subscribed = consumer.subscribe({argv[2]}); !subscribed) return 1;
  Task task = echo(consumer, producer, argv[3], std::strtol(argv[4], nullptr, 10));
  return task.done.get() ? 0 : 1;
}
