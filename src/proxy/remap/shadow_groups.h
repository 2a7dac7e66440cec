#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proxy/remap/partition_remapper.h"

namespace odradek::proxy {

inline constexpr std::string_view kDefaultShadowSuffix = "~vp";

// A broker refuses commits for partitions it does not have, so the offsets of virtual partitions
// with group index g >= 1 live in the *shadow group* "<group>~vp<g>", at the physical partition.
class ShadowGroups {
 public:
  explicit ShadowGroups(std::string suffix = std::string(kDefaultShadowSuffix))
      : suffix_(std::move(suffix)) {}

  // The group that holds the offsets of index `index`: `group` itself for index 0.
  std::string name(std::string_view group, GroupIndex index) const;

  // The group a shadow's name belongs to; nothing when it is no such name.
  std::optional<std::string_view> main_of(std::string_view name) const;

  // Clients may not use such names (INVALID_GROUP_ID), as they would mix with ours.
  bool is_reserved(std::string_view group) const {
    return group.find(suffix_) != std::string_view::npos;
  }

 private:
  std::string suffix_;
};

// What a shadow commit keeps: OffsetCommit v4, the last version with a retention time, has no
// leader epoch, so an epoch goes before the client's metadata: "\x01" epoch ";" metadata.
// -1 is no epoch. Metadata that begins with \x01 is wrapped too, so that both directions agree.
struct CommitNote {
  int32_t leader_epoch = -1;
  std::string_view metadata;  // null stays null where there is no epoch
};
// `scratch` holds the text when it is not the metadata itself; the view lives as long as both.
std::string_view pack_commit_note(const CommitNote& note, std::string& scratch);
// The metadata is a view of `packed`. What was not packed by us is metadata without an epoch.
CommitNote unpack_commit_note(std::string_view packed);

// A shadow commit's retention, in ms: 100 years. Version 4 overrides the broker's expiry, which
// would else remove the offsets of a group that never has members; Int64 max overflows there and
// expires at once.
inline constexpr int64_t kShadowRetentionMs = 3'153'600'000'000;

}  // namespace odradek::proxy
