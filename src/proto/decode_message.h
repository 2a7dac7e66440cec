#pragma once

#include <cstddef>
#include <cstdint>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/result.h"
#include "wire/reader.h"

namespace odradek::proto {

// What the arena of a message of `input_bytes` may grow to: enough for any honest message, and a
// bound on what a hostile one costs.
constexpr size_t decode_budget_bytes(size_t input_bytes) { return 32 * input_bytes + 16 * 1024; }

// Decodes `body`, whole, into `out`, which views `body` and `arena`. Errors: kMalformed, which
// names the offset; also when bytes are left over or `version` does not exist.
template <class T>
Result<void> decode_all(Bytes body, int16_t version, Arena& arena, T& out) {
  wire::Reader reader(body, arena);
  decode(reader, version, out);
  return reader.finish();
}

}  // namespace odradek::proto
