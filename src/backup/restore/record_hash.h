#pragma once

#include <xxhash.h>

#include <cstdint>
#include <memory>

#include "backup/format/segment_format.h"
#include "base/slice.h"
#include "wire/record_iterator.h"

namespace odradek::backup {

// An order-sensitive XXH3-128 over what a consumer sees of records: timestamp, key, value, headers.
// Two partitions with equal hashes and counts hold the same records. One thread at a time.
class RecordHash {
 public:
  RecordHash();

  // Adds every record of the batch with an offset of at least `from_offset`; control batches add
  // nothing.
  Result<void> add(const wire::BatchView& batch, int64_t from_offset);

  uint64_t record_count() const { return records_; }
  Xxh128 digest() const;

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };

  std::unique_ptr<XXH3_state_t, Free> state_;
  wire::Decompressor decompressor_;
  Buffer scratch_;
  uint64_t records_ = 0;
};

}  // namespace odradek::backup
