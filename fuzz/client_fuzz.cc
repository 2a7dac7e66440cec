// What the client decodes of others: group members' subscriptions and assignments, and fetched
// record batches.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/assert.h"
#include "client/consumer/fetched_chunk.h"
#include "client/consumer/subscription_codec.h"

namespace odradek::client {
namespace {

void read_group_bytes(Bytes input) {
  if (const auto member = decode_subscription(input)) {
    const auto again = encode_subscription(*member);
    ODK_ASSERT(again.has_value());
    ODK_ASSERT(decode_subscription(again->bytes()).has_value());
  }
  Subscriber sticky;
  sticky.user_data = as_text(input);
  read_sticky_data(sticky);
  ODK_ASSERT(encode_sticky_data(sticky.owned, sticky.generation).has_value());
  if (const auto partitions = decode_assignment(input)) {
    ODK_ASSERT(encode_assignment(*partitions).has_value());
  }
}

// Every record that is handed out is read to its end.
void read_chunk(Bytes input, bool read_committed) {
  const auto extent = measure_chunk(input, 0);
  if (!extent) return;
  FetchedChunk chunk;
  chunk.topic = std::make_shared<std::string>("t");
  chunk.partition = 0;
  chunk.batches = Slice::copy_of(extent->whole);
  chunk.next_offset = extent->next_offset;
  chunk.read_committed = read_committed;
  chunk.aborted.push_back({.producer_id = 0, .first_offset = 0});
  ChunkDecoder decoder({.check_crc = false});
  const auto batch = decoder.decode(std::move(chunk));
  if (!batch) return;
  size_t bytes = 0;
  for (const kafka::RecordView& record : *batch) {
    for (const char letter : record.key()) bytes += static_cast<size_t>(letter == 'x');
    for (const char letter : record.value()) bytes += static_cast<size_t>(letter == 'x');
    for (const kafka::Header& header : record.headers()) {
      bytes += header.key.size() + header.value.value_or("").size();
    }
  }
  ODK_ASSERT(bytes < SIZE_MAX);
}

}  // namespace
}  // namespace odradek::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const odradek::Bytes input(data + 1, size - 1);
  if (data[0] % 3 == 0) {
    odradek::client::read_group_bytes(input);
  } else {
    odradek::client::read_chunk(input, data[0] % 3 == 1);
  }
  return 0;
}
