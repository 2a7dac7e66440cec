#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "base/clock.h"
#include "base/ids.h"

namespace odradek::proxy {

// What DescribeProducers tells of one producer on a physical partition.
struct ProducerTrace {
  int16_t epoch = -1;
  int32_t last_sequence = -1;  // -1: none since its last epoch
  bool is_open = false;  // inside a transaction
};

// The sequence numbers of one producer epoch on one physical partition. A broker keeps a single
// run of numbers there, while the client counts each virtual partition on its own: batches are
// numbered anew, in the order they are sent, one under way at a time. Sans I/O.
// Source: KIP-98; org.apache.kafka.storage.internals.log.ProducerAppendInfo (checkSequence) and
// ProducerStateEntry (a broker knows the last five batches again).
class TxnSequence {
 public:
  // A batch as the client numbered it.
  struct Batch {
    VirtualPartitionId partition{-1};
    int32_t base_sequence = 0;
    int32_t count = 0;  // of sequence numbers
    bool operator==(const Batch&) const = default;
  };

  enum class Verdict : uint8_t {
    kSend,
    kOutOfOrder,  // an earlier one of its virtual partition is missing
    kInDoubt  // nobody knows whether the one before it was stored; that one has to come first
  };
  struct Decision {
    Verdict verdict = Verdict::kSend;
    int32_t sequence = -1;
  };

  // Nothing can be sent before recover() says so.
  bool is_known() const { return is_known_ && is_checked_; }
  // From here on another connection sends, maybe after an instance beside us did: recover() first.
  void begin_connection();
  // Maybe an instance beside us sent since: recover() first.
  void check_again() { is_checked_ = false; }
  bool is_in_doubt() const { return pending_.has_value(); }
  bool is_pending(const Batch& batch) const { return pending_ && pending_->batch == batch; }
  // Since when the outcome of the pending batch is open.
  MonotonicTime in_doubt_since() const { return pending_->since; }

  // Takes in what the broker knows; nothing when it knows no such producer, or another epoch of
  // it. False inside a transaction whose numbers are lost: it has to be aborted.
  bool recover(const std::optional<ProducerTrace>& trace);

  // The number for a batch; one that was stored before keeps the one it had, so that the broker
  // recognizes it. is_known().
  Decision place(const Batch& batch) const;
  // It goes out with that number. Until one of the next two says how it went, it is in doubt.
  void sending(const Batch& batch, int32_t sequence, MonotonicTime now);
  void stored(const Batch& batch, int32_t sequence);
  // Surely not stored: its number is free again, and its virtual partition goes on with it.
  void refused(const Batch& batch);
  // Not even sent; the same holds, also before recover().
  void skipped(const Batch& batch);
  // The broker counts otherwise than we do: recover() before anything else.
  void forget();

 private:
  struct Sent {
    Batch batch;
    int32_t sequence = -1;
  };
  struct Pending {
    Batch batch;
    MonotonicTime since;
  };
  // One virtual partition's run.
  struct Run {
    std::optional<int32_t> next;  // unknown after a restart
    bool is_awaited = false;  // that one was refused: the client sends it again
    std::deque<Sent> last;
  };

  std::optional<int32_t> find_stored(const Batch& batch) const;
  bool recover_known(const ProducerTrace& trace);
  void start_at(int32_t next);

  bool is_known_ = false;
  bool is_checked_ = false;
  int32_t next_ = 0;
  std::optional<Pending> pending_;  // its number is next_
  std::map<VirtualPartitionId, Run> runs_;
};

}  // namespace odradek::proxy
