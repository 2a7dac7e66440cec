#pragma once

#include <gtest/gtest.h>

#include <string>

#include "wire/batch_builder.h"

namespace odradek::log {

// Records of one size, a millisecond apart.
inline Slice make_batch(int32_t records, int64_t first_timestamp, size_t value_bytes = 100) {
  wire::BatchBuilder builder{wire::BatchOptions{}};
  const std::string value(value_bytes, 'v');
  for (int32_t i = 0; i < records; ++i) {
    wire::NewRecord record;
    record.timestamp_ms = first_timestamp + i;
    record.value = as_bytes(value);
    EXPECT_TRUE(builder.append(record));
  }
  wire::Compressor compressor;
  return *builder.finish(compressor);
}

}  // namespace odradek::log
