#include <cstdint>

#include "backup/format/segment_reader.h"
#include "store/memory_store.h"

// A segment of arbitrary bytes is refused or read, never more.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace odradek;
  store::MemoryStore store;
  if (!store.put("segment", {data, size})) return 0;
  Result<std::unique_ptr<backup::SegmentReader>> opened =
      backup::SegmentReader::open(store, "segment");
  if (opened) (void)(*opened)->verify();
  (void)backup::decode_header({data, size});
  (void)backup::decode_index({data, size});
  return 0;
}
