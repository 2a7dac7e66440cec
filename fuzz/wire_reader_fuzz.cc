// The reader of primitive types: the input is a script of reads (one byte each, low bits choose
// the type) and, behind a length byte, the bytes to read.
#include <cstdlib>

#include "base/arena.h"
#include "wire/reader.h"

namespace odradek::wire {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void touch(Bytes bytes) {
  size_t sum = 0;
  for (const uint8_t byte : bytes) sum += byte;
  require(sum <= 255 * bytes.size());
}

void read_one(Reader& reader, unsigned step) {
  const bool flexible = (step & 0x10U) != 0;
  const bool nullable = (step & 0x20U) != 0;
  switch (step & 0x0FU) {
    case 0: (void)reader.i8(); return;
    case 1: (void)reader.i16(); return;
    case 2: (void)reader.i32(); return;
    case 3: (void)reader.i64(); return;
    case 4: (void)reader.f64(); return;
    case 5: (void)reader.uuid(); return;
    case 6: (void)reader.uvarint(); return;
    case 7: (void)reader.varint(); return;
    case 8: (void)reader.varlong(); return;
    case 9: touch(as_bytes(reader.string(flexible, nullable))); return;
    case 10: touch(reader.bytes(flexible, nullable)); return;
    case 11: {
      const int32_t count = reader.array_count(flexible, nullable, 1 + (step >> 6U));
      require(count < 0 || static_cast<size_t>(count) <= reader.remaining());
      for (const int64_t element : reader.allocate<int64_t>(count)) require(element == 0);
      return;
    }
    case 12: touch(reader.take(step)); return;
    default: reader.skip(step & 0x30U); return;
  }
}

}  // namespace
}  // namespace odradek::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace odradek;
  using namespace odradek::wire;
  if (size == 0 || size - 1 < data[0]) return 0;
  const Bytes script(data + 1, data[0]);
  const Bytes input(data + 1 + script.size(), size - 1 - script.size());
  constexpr size_t kBudgetFactor = 32;
  Arena arena(kBudgetFactor * input.size() + 4096);
  Reader reader(input, arena);
  for (const uint8_t step : script) read_one(reader, step);
  require(reader.offset() <= input.size());
  require(reader.ok() == reader.status().has_value());
  (void)reader.finish();
  return 0;
}
