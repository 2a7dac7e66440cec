#include "backup/inspect/chain_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "backup/archive/archive_json.h"
#include "backup/archive/lease.h"
#include "backup/archive/manifest_parts.h"
#include "backup/archive/seal.h"
#include "backup/inspect/segment_check.h"

namespace odradek::backup {
namespace {

class ChainCheck {
 public:
  ChainCheck(store::ObjectStore& store, const ArchiveKeys& keys, const ArchiveState* state,
             const std::vector<store::ObjectInfo>& objects)
      : store_(store), keys_(keys), state_(state) {
    for (const store::ObjectInfo& object : objects) keys_there_.insert(object.key);
  }

  Result<std::vector<std::string>> run() {
    ODK_TRY_VOID(check_lease());
    ODK_TRY_VOID(check_manifest());
    ODK_TRY_VOID(check_parts());
    ODK_TRY_VOID(check_commits());
    if (state_ != nullptr) check_cover();
    return std::move(findings_);
  }

 private:
  bool is_there(const std::string& key) const { return keys_there_.contains(key); }
  void find(std::string finding) { findings_.push_back(std::move(finding)); }

  Result<void> check_lease() {
    const Result<LeaseContent> lease = read_lease(store_, keys_);
    if (lease) {
      is_released_ = lease->expires_at == 0;
      return {};
    }
    if (!is_damage(lease.error())) return lease.error();
    find(is_there(keys_.lease()) ? lease.error().to_string()
                                 : fmt::format("object {} is missing", keys_.lease()));
    return {};
  }

  Result<void> check_manifest() {
    if (!is_there(keys_.manifest())) {
      // A run writes it before it lets go of the lease; one that was killed may not have.
      if (is_released_) find(fmt::format("object {} is missing", keys_.manifest()));
      return {};
    }
    const Result<Slice> text = store_.get(keys_.manifest());
    if (!text) return text.error();
    const Result<std::string> content = unseal(text->text());
    if (!content) return {};  // said with the state
    const Result<std::string> joined = join_manifest(store_, *content);
    if (!joined) return {};
    const Result<ArchiveState> manifest = parse_manifest(*joined);
    if (manifest) manifest_ = *manifest;
    return {};
  }

  // Each has the hash of its content in its name.
  Result<void> check_parts() {
    for (const std::string& key : keys_there_) {
      if (!key.starts_with(keys_.manifest_parts_prefix())) continue;
      ODK_TRY(const Slice part, store_.get(key));
      if (key.find(to_hex(Bytes(sha256_of(part.bytes())))) == std::string::npos) {
        find(fmt::format("object {} is not what its name says", key));
      }
    }
    return {};
  }

  // The numbers that must be there: the last hundred before the manifest, all behind it.
  Result<void> check_commits() {
    std::map<uint64_t, std::string> there;
    for (const std::string& key : keys_there_) {
      if (!key.starts_with(keys_.commits_prefix())) continue;
      const uint64_t seq = std::strtoull(key.c_str() + keys_.commits_prefix().size(), nullptr, 10);
      there[seq] = key;
    }
    uint64_t first = there.empty() ? 1 : there.begin()->first;
    const uint64_t through = manifest_ ? manifest_->through_commit : 0;
    if (manifest_) {
      const uint64_t kept =
          through > CommitLog::kCommitsKept ? through - CommitLog::kCommitsKept : 0;
      first = std::min(first, kept + 1);
      if (manifest_->rebuilt_through != 0) first = manifest_->rebuilt_through + 1;
    }
    const uint64_t last = std::max(through, there.empty() ? 0 : there.rbegin()->first);
    std::optional<Sha256> before;
    for (uint64_t seq = first; seq <= last; ++seq) {
      ODK_TRY(before, check_commit(seq, there.contains(seq), before));
      if (manifest_ && seq == through && before && *before != manifest_->chain_sha256) {
        find(fmt::format("object {} is not the commit the manifest ends with", keys_.commit(seq)));
      }
    }
    return {};
  }

  // Gives the commit's hash, nothing when it is not there.
  Result<std::optional<Sha256>> check_commit(uint64_t seq, bool is_listed,
                                             const std::optional<Sha256>& before) {
    const std::string key = keys_.commit(seq);
    if (!is_listed) {
      find(fmt::format("object {} is missing", key));
      return std::optional<Sha256>{};
    }
    ODK_TRY(const Slice text, store_.get(key));
    const Result<std::string> content = unseal(text.text());
    const Result<Commit> commit =
        content ? parse_commit(*content) : Result<Commit>(content.error());
    if (!commit) {
      find(commit.error().with_context("object " + key).to_string());
    } else if (commit->seq != seq) {
      find(fmt::format("object {} holds commit {}", key, commit->seq));
    } else if (before && commit->prev_sha256 != *before) {
      find(fmt::format("object {} does not follow the commit before it: one of the two was changed",
                       key));
    }
    return std::optional<Sha256>(sha256_of(text.bytes()));
  }

  void check_cover() {
    for (const auto& [key, topic] : state_->topics) {
      for (const auto& [id, partition] : topic.partitions) check_cover_of(topic, partition);
    }
  }

  void check_cover_of(const TopicState& topic, const PartitionState& partition) {
    std::vector<OffsetRange> pieces;
    pieces.reserve(partition.segments.size() + partition.gaps.size());
    for (const SegmentRef& s : partition.segments) {
      pieces.emplace_back(s.covered_start, s.covered_end);
    }
    for (const Gap& gap : partition.gaps) pieces.emplace_back(gap.start, gap.end);
    std::ranges::sort(pieces);
    int64_t next = 0;
    for (const auto& [start, end] : pieces) {
      if (start != next) {
        find(fmt::format("object {}: {}-{} (incarnation {}) says nothing of offsets {}..{}",
                         keys_.manifest(), topic.facts.name, partition.id, topic.facts.incarnation,
                         std::min(next, start), std::max(next, start) - 1));
      }
      next = std::max(next, end + 1);
    }
    if (next != partition.covered_through + 1) {
      find(fmt::format("object {}: {}-{} is covered through {}, not {}", keys_.manifest(),
                       topic.facts.name, partition.id, next - 1, partition.covered_through));
    }
  }

  store::ObjectStore& store_;
  const ArchiveKeys& keys_;
  const ArchiveState* state_;
  std::set<std::string> keys_there_;
  std::optional<ArchiveState> manifest_;
  bool is_released_ = false;
  std::vector<std::string> findings_;
};

}  // namespace

Result<std::vector<std::string>> check_chain(store::ObjectStore& store, const ArchiveKeys& keys,
                                             const ArchiveState* state,
                                             const std::vector<store::ObjectInfo>& objects) {
  return ChainCheck(store, keys, state, objects).run();
}

}  // namespace odradek::backup
