#pragma once

#include <cstdint>

#include "log/aborted_txns.h"
#include "log/leader_epochs.h"
#include "log/producer_state.h"

namespace odradek::log {

// What a log keeps on the disk beside its batches, to find its state again without reading all of
// them. Nothing of it is needed: a failure to write is logged, and costs time at the next start.
class LogSidecar {
 public:
  LogSidecar() = default;
  LogSidecar(const LogSidecar&) = delete;
  LogSidecar& operator=(const LogSidecar&) = delete;
  virtual ~LogSidecar() = default;

  // The state of the producers before `offset`.
  virtual void save_producers(int64_t offset, const ProducerStates& producers) = 0;
  virtual void save_aborted(int64_t segment_base, const AbortedTxn& aborted) = 0;
  virtual void save_epochs(const LeaderEpochs& epochs) = 0;
  // Segments before `offset` are gone.
  virtual void drop_before(int64_t offset) = 0;
  // Segments in [first_base, next_offset) have nothing of aborted transactions any more.
  virtual void compacted(int64_t first_base, int64_t next_offset) = 0;
};

}  // namespace odradek::log
