// Memory is asked for by batch, not by record. Counts what the whole process allocates, also the
// broker in it.
#include <atomic>
#include <cstdlib>
#include <new>

#include "client_fixture.h"

namespace {

std::atomic<uint64_t> allocations = 0;

void* counted(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return counted(size); }
void* operator new[](size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace odradek::compat {
namespace {

constexpr uint64_t kRecords = 100'000;
// Of a batch, of a request: far fewer than one for each record.
constexpr uint64_t kAllocationsMax = kRecords / 4;

class AllocationsTest : public ClientTest {
 protected:
  // Sends kRecords and waits for them; how many allocations that took.
  uint64_t send_all(ok::Producer& producer, const std::string& topic) {
    const std::string value(100, 'v');
    std::atomic<uint64_t> delivered = 0;
    const uint64_t before = allocations;
    for (uint64_t i = 0; i < kRecords; ++i) {
      const auto sent = producer.send({.topic = topic, .value = value, .partition = 0},
                                      [&](const ok::Result<ok::RecordMetadata>& report) {
                                        if (report) delivered.fetch_add(1);
                                      });
      EXPECT_TRUE(sent) << sent.error().to_string();
    }
    const auto flushed = producer.flush(seconds(60)).get();
    EXPECT_TRUE(flushed) << flushed.error().to_string();
    EXPECT_EQ(delivered, kRecords);
    return allocations - before;
  }
};

TEST_F(AllocationsTest, AreMadeByBatchAndNotByRecord) {
  const std::string topic = create_topic(1);
  ok::ProducerOptions options;
  options.linger = milliseconds(20);
  ok::Producer producer(*client_, options);
  send_all(producer, topic);  // until here buffers grow
  EXPECT_LT(send_all(producer, topic), kAllocationsMax);

  ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  uint64_t records = 0;
  uint64_t bytes = 0;
  uint64_t before = 0;
  for (const ok::RecordBatch& batch : consumer.batches(seconds(30))) {
    if (before == 0 && records >= kRecords) {
      before = allocations;
      records = 0;
    }
    for (const ok::RecordView& record : batch) {
      bytes += record.value().size();
      ++records;
    }
    if (before != 0 && records + 1000 >= kRecords) break;
    if (bytes >= 2 * kRecords * 100) break;
  }
  ASSERT_GT(before, 0U);
  EXPECT_GT(records, kRecords / 2);
  EXPECT_LT(allocations - before, records / 4);
}

}  // namespace
}  // namespace odradek::compat
