#include "log/disk/producer_snapshot.h"

#include "wire/crc32c.h"
#include "wire/endian.h"

namespace odradek::log {
namespace {

constexpr int16_t kVersion = 1;
constexpr size_t kCrcAt = 2;
constexpr size_t kCountAt = 6;
constexpr size_t kEntriesAt = 10;

// Where the fields of an entry are.
namespace entry {
constexpr size_t kProducerId = 0;
constexpr size_t kEpoch = 8;
constexpr size_t kLastSequence = 10;
constexpr size_t kLastOffset = 14;
constexpr size_t kOffsetDelta = 22;
constexpr size_t kTimestamp = 26;
constexpr size_t kCoordinatorEpoch = 34;
constexpr size_t kTxnFirstOffset = 38;
constexpr size_t kBytes = 46;
}  // namespace entry

void encode(int64_t producer_id, const ProducerEntry& from, uint8_t* to) {
  ProducerBatch last;
  if (from.batch_count > 0) last = from.batches[from.batch_count - 1];
  const auto delta = static_cast<int32_t>(last.last_offset - last.base_offset);
  wire::store_be(to + entry::kProducerId, producer_id);
  wire::store_be(to + entry::kEpoch, from.epoch);
  wire::store_be(to + entry::kLastSequence, last.last_sequence);
  wire::store_be(to + entry::kLastOffset, last.last_offset);
  wire::store_be(to + entry::kOffsetDelta, delta);
  wire::store_be(to + entry::kTimestamp, from.last_timestamp_ms);
  wire::store_be(to + entry::kCoordinatorEpoch, from.coordinator_epoch);
  wire::store_be(to + entry::kTxnFirstOffset, from.txn_first_offset.value_or(-1));
}

ProducerEntry decode(const uint8_t* from) {
  ProducerEntry result;
  result.epoch = wire::load_be<int16_t>(from + entry::kEpoch);
  result.coordinator_epoch = wire::load_be<int32_t>(from + entry::kCoordinatorEpoch);
  result.last_timestamp_ms = wire::load_be<int64_t>(from + entry::kTimestamp);
  const auto txn_first_offset = wire::load_be<int64_t>(from + entry::kTxnFirstOffset);
  if (txn_first_offset >= 0) result.txn_first_offset = txn_first_offset;
  const auto last_offset = wire::load_be<int64_t>(from + entry::kLastOffset);
  if (last_offset < 0) return result;
  const auto delta = wire::load_be<int32_t>(from + entry::kOffsetDelta);
  const auto last_sequence = wire::load_be<int32_t>(from + entry::kLastSequence);
  int32_t first_sequence = wire::kNoSequence;
  if (last_sequence >= 0) {
    constexpr int64_t kSequences = int64_t{1} << 31U;
    first_sequence = static_cast<int32_t>(
        (int64_t{last_sequence} - delta % kSequences + kSequences) % kSequences);
  }
  result.add(
      {first_sequence, last_sequence, last_offset - delta, last_offset, result.last_timestamp_ms});
  return result;
}

}  // namespace

std::string encode_producers(const ProducerStates& producers) {
  std::string content(kEntriesAt + producers.entries().size() * entry::kBytes, '\0');
  auto* to = reinterpret_cast<uint8_t*>(content.data());
  wire::store_be(to, kVersion);
  wire::store_be(to + kCountAt, static_cast<int32_t>(producers.entries().size()));
  uint8_t* at = to + kEntriesAt;
  for (const auto& [producer_id, each] : producers.entries()) {
    encode(producer_id, each, at);
    at += entry::kBytes;
  }
  wire::store_be(to + kCrcAt, wire::crc32c(as_bytes(content).subspan(kCountAt)));
  return content;
}

Result<ProducerStates> decode_producers(Bytes snapshot) {
  if (snapshot.size() < kEntriesAt) return Error(Errc::kMalformed, "a producer snapshot is cut");
  if (wire::load_be<int16_t>(snapshot.data()) != kVersion) {
    return Error(Errc::kUnsupported, "a producer snapshot of another version");
  }
  if (wire::load_be<uint32_t>(snapshot.data() + kCrcAt) !=
      wire::crc32c(snapshot.subspan(kCountAt))) {
    return Error(Errc::kChecksum, "a producer snapshot has a wrong CRC");
  }
  const auto count = wire::load_be<int32_t>(snapshot.data() + kCountAt);
  if (count < 0 || snapshot.size() - kEntriesAt != static_cast<size_t>(count) * entry::kBytes) {
    return Error(Errc::kMalformed, "a producer snapshot has another size than it says");
  }
  ProducerStates producers;
  for (int32_t i = 0; i < count; ++i) {
    const uint8_t* from = snapshot.data() + kEntriesAt + static_cast<size_t>(i) * entry::kBytes;
    producers.restore(wire::load_be<int64_t>(from + entry::kProducerId), decode(from));
  }
  return producers;
}

}  // namespace odradek::log
