#include <array>

#include "client/properties/property.h"

namespace odradek::client {
namespace {

using Value = std::string_view;
using Producer = kafka::ProducerOptions;

template <std::chrono::milliseconds Producer::* field>
Result<void> duration(Value value, PropertyDraft& draft) {
  ODK_TRY(draft.options.producer.*field, property_milliseconds(value));
  return {};
}

template <size_t Producer::* field, size_t unit = 1>
Result<void> bytes(Value value, PropertyDraft& draft) {
  ODK_TRY(const int64_t number, property_integer(value, 1, INT32_MAX));
  draft.options.producer.*field = static_cast<size_t>(number) * unit;
  return {};
}

Result<void> acks(Value value, PropertyDraft& draft) {
  const std::string text = lower_case(value);
  if (text == "all" || text == "-1") {
    draft.options.producer.acks = kafka::Acks::all;
  } else if (text == "1") {
    draft.options.producer.acks = kafka::Acks::leader;
  } else if (text == "0") {
    draft.options.producer.acks = kafka::Acks::none;
  } else {
    return Error(Errc::kInvalidArgument, "is none of all, -1, 1, 0");
  }
  return {};
}

Result<void> idempotence(Value value, PropertyDraft& draft) {
  ODK_TRY(draft.options.producer.idempotent, property_bool(value));
  return {};
}

Result<void> compression(Value value, PropertyDraft& draft) {
  constexpr std::array kCodecs = {
      std::pair{"none", kafka::Codec::none}, std::pair{"gzip", kafka::Codec::gzip},
      std::pair{"snappy", kafka::Codec::snappy}, std::pair{"lz4", kafka::Codec::lz4},
      std::pair{"zstd", kafka::Codec::zstd}};
  for (const auto& [name, codec] : kCodecs) {
    if (lower_case(value) != name) continue;
    draft.options.producer.compression.codec = codec;
    return {};
  }
  return Error(Errc::kInvalidArgument, "is none of none, gzip, snappy, lz4, zstd");
}

Result<void> compression_level(Value value, PropertyDraft& draft) {
  constexpr int kMost = 1 << 20;
  ODK_TRY(const int64_t level, property_integer(value, -kMost, kMost));
  draft.compression_level = static_cast<int>(level);
  return {};
}

Result<void> in_flight(Value value, PropertyDraft& draft) {
  ODK_TRY(const int64_t number, property_integer(value, 1, 1'000'000));
  draft.options.producer.in_flight_max = static_cast<int>(number);
  return {};
}

Result<void> transactional_id(Value value, PropertyDraft& draft) {
  draft.options.producer.transactional_id = value;
  return {};
}

// Keys go where Java's default partitioner puts them; librdkafka has the same by another name.
Result<void> partitioner(Value value, PropertyDraft& /*draft*/) {
  if (value == "murmur2" || value == "murmur2_random") return {};
  return Error(Errc::kUnsupported, "only murmur2_random, which is Java's, can be had");
}

constexpr size_t kKibibyte = 1024;

constexpr Property kProperties[] = {
    {"acks", acks},
    {"request.required.acks", acks},
    {"enable.idempotence", idempotence},
    {"linger.ms", duration<&Producer::linger>},
    {"queue.buffering.max.ms", duration<&Producer::linger>},
    {"batch.size", bytes<&Producer::batch_bytes>},
    {"compression.type", compression},
    {"compression.codec", compression},
    {"compression.level", compression_level},
    {"compression.gzip.level", compression_level},
    {"compression.lz4.level", compression_level},
    {"compression.zstd.level", compression_level},
    {"buffer.memory", bytes<&Producer::buffer_bytes>},
    {"queue.buffering.max.kbytes", bytes<&Producer::buffer_bytes, kKibibyte>},
    {"max.block.ms", duration<&Producer::block_max>},
    {"delivery.timeout.ms", duration<&Producer::delivery_timeout>},
    {"message.timeout.ms", duration<&Producer::delivery_timeout>},
    {"request.timeout.ms", duration<&Producer::request_timeout>},
    {"max.in.flight.requests.per.connection", in_flight},
    {"max.in.flight", in_flight},
    {"max.request.size", bytes<&Producer::request_bytes_max>},
    {"message.max.bytes", bytes<&Producer::request_bytes_max>},
    {"transactional.id", transactional_id},
    {"transaction.timeout.ms", duration<&Producer::transaction_timeout>},
    {"partitioner", partitioner},
};

}  // namespace

std::span<const Property> producer_properties() { return kProperties; }

}  // namespace odradek::client
