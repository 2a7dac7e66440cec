#include "client/producer/producer_options.h"

#include <fmt/format.h>

#include "wire/codec_support.h"

namespace odradek::client {
namespace {

constexpr size_t kBatchBytesMin = 128;
constexpr int kIdempotentInFlightMax = 5;  // what a broker remembers of each producer

Error config_error(std::string_view option, std::string_view reason) {
  return {Errc::kConfig, fmt::format("ProducerOptions::{}: {}", option, reason)};
}

wire::Codec to_wire(kafka::Codec codec) {
  switch (codec) {
    case kafka::Codec::none: return wire::Codec::kNone;
    case kafka::Codec::gzip: return wire::Codec::kGzip;
    case kafka::Codec::snappy: return wire::Codec::kSnappy;
    case kafka::Codec::lz4: return wire::Codec::kLz4;
    case kafka::Codec::zstd: return wire::Codec::kZstd;
  }
  return wire::Codec::kNone;
}

Result<void> check_level(const kafka::Compression& compression) {
  if (!compression.level) return {};
  const wire::LevelRange levels = wire::codec_levels(to_wire(compression.codec));
  if (*compression.level >= levels.min && *compression.level <= levels.max) return {};
  return config_error("compression", fmt::format("level {} is not between {} and {}",
                                                 *compression.level, levels.min, levels.max));
}

Result<void> check_codec(const kafka::Compression& compression) {
  const wire::Codec codec = to_wire(compression.codec);
  if (wire::has_codec(codec)) return {};
  return config_error("compression",
                      fmt::format("this libodradek was built without {}", wire::codec_name(codec)));
}

}  // namespace

bool is_idempotent(const kafka::ProducerOptions& options) {
  return options.idempotent.value_or(options.acks == kafka::Acks::all);
}

Result<void> check(const kafka::ProducerOptions& options) {
  if (options.idempotent.value_or(false) && options.acks != kafka::Acks::all) {
    return config_error("idempotent", "needs Acks::all");
  }
  if (options.linger.count() < 0) return config_error("linger", "must not be negative");
  if (options.batch_bytes < kBatchBytesMin)
    return config_error("batch_bytes", "must be at least 128");
  if (options.batch_bytes > INT32_MAX) return config_error("batch_bytes", "must be below 2 GiB");
  if (options.buffer_bytes < options.batch_bytes) {
    return config_error("buffer_bytes", "must not be below batch_bytes");
  }
  if (options.block_max.count() < 0) return config_error("block_max", "must not be negative");
  if (options.request_timeout.count() <= 0)
    return config_error("request_timeout", "must be positive");
  if (options.delivery_timeout < options.linger + options.request_timeout) {
    return config_error("delivery_timeout", "must not be below linger + request_timeout");
  }
  if (options.request_bytes_max == 0) return config_error("request_bytes_max", "must be positive");
  if (options.in_flight_max <= 0) return config_error("in_flight_max", "must be positive");
  if (is_idempotent(options) && options.in_flight_max > kIdempotentInFlightMax) {
    return config_error("in_flight_max", "must be at most 5 for an idempotent producer");
  }
  if (!options.transactional_id.empty() && !is_idempotent(options)) {
    return config_error("transactional_id", "needs an idempotent producer (Acks::all)");
  }
  if (options.transaction_timeout.count() <= 0) {
    return config_error("transaction_timeout", "must be positive");
  }
  ODK_TRY_VOID(check_level(options.compression));
  return check_codec(options.compression);
}

AccumulatorOptions accumulator_options(const kafka::ProducerOptions& options) {
  AccumulatorOptions result;
  result.batch_bytes = options.batch_bytes;
  result.buffer_bytes = options.buffer_bytes;
  result.linger = options.linger;
  result.batch.codec = to_wire(options.compression.codec);
  result.batch.level = options.compression.level.value_or(wire::kDefaultLevel);
  return result;
}

SenderOptions sender_options(const kafka::ProducerOptions& options) {
  SenderOptions result;
  result.acks = options.acks;
  result.idempotent = is_idempotent(options);
  result.delivery_timeout = options.delivery_timeout;
  result.request_timeout = options.request_timeout;
  result.unknown_topic_timeout = std::min(options.block_max, options.delivery_timeout);
  result.request_bytes_max = options.request_bytes_max;
  result.in_flight_max = static_cast<size_t>(options.in_flight_max);
  result.batch = accumulator_options(options).batch;
  return result;
}

}  // namespace odradek::client
