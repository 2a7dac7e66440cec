#include <cstdint>

#include "backup/positions/position_snapshot.h"
#include "backup/restore/offset_map.h"
#include "backup/restore/restore_state.h"
#include "backup/restore/time_window.h"

// Offset maps, restore states and position snapshots of arbitrary bytes are refused or read; what
// is read can be written again and is the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace odradek;
  using namespace odradek::backup;
  const Bytes bytes(data, size);
  const std::string_view text = as_text(bytes);
  if (const Result<MapChunk> chunk = decode_chunk(bytes)) {
    if (decode_chunk(encode_chunk(*chunk).bytes()).value() != *chunk) __builtin_trap();
  }
  if (const Result<RestoreState> state = parse_restore_state(text)) {
    if (parse_restore_state(to_json(*state)).value() != *state) __builtin_trap();
  }
  if (const Result<PositionSnapshot> snapshot = parse_position_snapshot(text)) {
    if (parse_position_snapshot(to_json(*snapshot)).value() != *snapshot) __builtin_trap();
  }
  (void)parse_time(text);
  return 0;
}
