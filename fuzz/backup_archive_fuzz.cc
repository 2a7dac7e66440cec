#include <cstdint>

#include "backup/archive/archive.h"
#include "backup/archive/archive_json.h"
#include "backup/archive/seal.h"
#include "backup/format/zstd_frame.h"
#include "store/memory_store.h"

// Commits, manifests and group snapshots of arbitrary bytes are refused or read; what is read
// can be written again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace odradek;
  using namespace odradek::backup;
  const std::string_view text = as_text({data, size});
  if (const Result<std::string> content = unseal(text)) {
    if (!unseal(seal(*content))) __builtin_trap();
  }
  if (const Result<Commit> commit = parse_commit(text)) {
    ArchiveState state;
    (void)apply(state, *commit, sha256_of({data, size}));
    if (!parse_commit(to_json(*commit))) __builtin_trap();
  }
  if (const Result<ArchiveState> state = parse_manifest(text)) {
    if (!parse_manifest(to_json(*state, text))) __builtin_trap();
  }
  if (const Result<GroupsSnapshot> groups = parse_groups(text)) {
    if (!parse_groups(to_json(*groups))) __builtin_trap();
  }
  if (const Result<ClusterSnapshot> cluster = parse_cluster(text)) {
    if (!parse_cluster(to_json(*cluster))) __builtin_trap();
  }
  if (const Result<Slice> content = unpack_zstd({data, size}, 1U << 20U)) {
    if (content->size() > 1U << 20U) __builtin_trap();
  }
  return 0;
}
