#pragma once

#include <optional>

#include "base/result.h"
#include "base/slice.h"
#include "io/stream.h"

namespace odradek::rpc {

// Cuts a stream into frames ([size i32][payload]). Small frames are cut out of the loop's shared
// scratch memory, many by one copy; what is left over moves into memory of our own (keep_rest). A
// large frame is read straight into the memory it is handed out in, which grows as its bytes
// arrive: never more than twice what came, or as much as the peer has filled before. Without an
// unfinished frame nothing is owned. One loop. Source: Kafka protocol guide, "Network".
class FrameReader {
 public:
  // What may be allocated before it arrives, from peers that have sent such frames before.
  static constexpr uint32_t kTrustedBytes = 4 * 1024 * 1024;
  explicit FrameReader(uint32_t trusted_bytes_max = kTrustedBytes)
      : trusted_max_(trusted_bytes_max) {}

  // Reads once: how many bytes came, 0 when none are there. `scratch` is the loop's and is in use
  // until keep_rest(). Errors: those of the stream.
  Result<size_t> read(io::Stream& stream, MutableBytes scratch);

  // The payload of the next complete frame, a view until take(), read() or keep_rest(). Errors:
  // kMalformed for a size that is not positive or text of another protocol, kLimitExceeded above
  // `max_frame_bytes`; the stream cannot be read any further then.
  Result<std::optional<Bytes>> peek(size_t max_frame_bytes);
  // The frame peek() just gave, owned.
  Slice take();

  // Ends the use of the scratch memory: before every suspension.
  void keep_rest();

  // Whether read() may be called: not while so much waits to be taken.
  bool has_room() const {
    return large_size_ != 0 ? large_.size() < large_size_ : view_.size() < kMaxKeptBytes;
  }
  // The last read filled all the room there was: more may be waiting in the socket.
  bool may_have_more() const { return may_have_more_; }
  // Read but not taken.
  size_t held_bytes() const { return view_.size() + large_.size(); }

 private:
  static constexpr size_t kMaxKeptBytes = 32 * 1024;

  void start_large(size_t payload_bytes);
  void copy_small_run();

  Bytes view_;  // unread bytes, in the scratch memory or in rest_
  bool in_scratch_ = false;
  bool may_have_more_ = false;
  uint32_t peeked_ = 0;  // payload size of the frame peek() gave
  Buffer rest_;
  Slice run_;  // copy of several small frames in a row
  const uint8_t* run_source_ = nullptr;  // where they are in view_'s memory
  Buffer large_;  // the payload of a large unfinished frame
  uint32_t large_size_ = 0;  // its announced size; 0: no such frame
  uint32_t trusted_ = 0;  // a size this peer has filled before
  uint32_t trusted_max_;
};

}  // namespace odradek::rpc
