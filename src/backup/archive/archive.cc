#include "backup/archive/archive.h"

#include <fmt/format.h>

#include <algorithm>

#include "backup/archive/archive_json.h"
#include "backup/archive/failpoint.h"
#include "backup/archive/manifest_parts.h"
#include "backup/archive/seal.h"

namespace odradek::backup {
namespace {

struct CommitObject {
  Commit commit;
  Sha256 sha256;
};

Result<CommitObject> read_commit(store::ObjectStore& store, const std::string& key) {
  ODK_TRY(const Slice text, store.get(key));
  Result<std::string> content = unseal(text.text());
  if (!content) return content.error().with_context(fmt::format("object {}", key));
  Result<Commit> commit = parse_commit(*content);
  if (!commit) return commit.error().with_context(fmt::format("object {}", key));
  return CommitObject{*std::move(commit), sha256_of(text.bytes())};
}

bool is_missing(const Error& error) { return error.code() == Errc::kNotFound; }

// As put_once(), in a store that may replace what is there and must not be given the chance.
Result<bool> put_and_look(store::ObjectStore& store, const std::string& key,
                          std::string_view text) {
  Result<Slice> there = store.get(key);
  if (!there && is_missing(there.error())) {
    ODK_TRY(const bool is_ours, store::put_once(store, key, as_bytes(text)));
    if (!is_ours) return false;
    there = store.get(key);
  }
  if (!there) return there.error();
  return there->text() == text;
}

Result<ArchiveState> read_manifest(store::ObjectStore& store, const ArchiveKeys& keys) {
  // A part may go between the reading of an old manifest and its own: then there is a newer one.
  constexpr int kTries = 3;
  Result<std::string> text = std::string();
  for (int i = 0; i < kTries; ++i) {
    const Result<Slice> stored = store.get(keys.manifest());
    if (!stored && is_missing(stored.error())) {
      ArchiveState empty;
      empty.backup_id = keys.backup_id();
      return empty;
    }
    if (!stored) return stored.error();
    text = unseal(stored->text());
    if (text) text = join_manifest(store, *std::move(text));
    if (text || !is_missing(text.error())) break;
  }
  if (!text && is_missing(text.error())) {
    return Error(Errc::kMalformed, fmt::format("object {} names a part that is missing: {}",
                                               keys.manifest(), text.error().message()));
  }
  if (!text) return text.error().with_context(fmt::format("object {}", keys.manifest()));
  Result<ArchiveState> state = parse_manifest(*text);
  if (!state) return state.error().with_context(fmt::format("object {}", keys.manifest()));
  return state;
}

// A chain that has later commits but lacks the next one was damaged, not merely finished.
Result<void> check_nothing_follows(store::ObjectStore& store, const ArchiveKeys& keys,
                                   uint64_t through) {
  ODK_TRY(const std::vector<store::ObjectInfo> commits, store.list(keys.commits_prefix()));
  if (commits.empty() || commits.back().key < keys.commit(through + 1)) return {};
  return Error(Errc::kMalformed, fmt::format("object {} is missing, but {} is there",
                                             keys.commit(through + 1), commits.back().key));
}

}  // namespace

std::string ArchiveKeys::commit(uint64_t seq) const {
  return fmt::format("{}{:020}.json", commits_prefix(), seq);
}

std::string ArchiveKeys::segment(const SegmentName& name) const {
  // One writer may copy a topic twice, when it is created again while it runs.
  const std::string which = name.incarnation == 1 && name.attempt == 0
                                ? ""
                                : fmt::format("-{}.{}", name.incarnation, name.attempt);
  return fmt::format("{}/topics/{}/partition={}/segment-{:020}-{:08x}{}.zst", root_, name.topic,
                     name.partition, name.first_offset, name.writer_epoch, which);
}

std::string ArchiveKeys::manifest_part(std::string_view sha256_hex) const {
  return fmt::format("{}{}.json.zst", manifest_parts_prefix(), sha256_hex);
}

std::string ArchiveKeys::groups(uint64_t seq, const Sha256& content) const {
  return fmt::format("{}{:020}-{}.json.zst", groups_prefix(), seq, to_hex(Bytes(content)));
}

std::string ArchiveKeys::cluster(uint64_t seq, const Sha256& content) const {
  return fmt::format("{}{:020}-{}.json.zst", cluster_prefix(), seq, to_hex(Bytes(content)));
}

std::string ArchiveKeys::restore(std::string_view restore_id, std::string_view name) const {
  return fmt::format("{}/restores/{}/{}", root_, restore_id, name);
}

Result<ArchiveState> read_archive(store::ObjectStore& store, const ArchiveKeys& keys) {
  ODK_TRY(ArchiveState state, read_manifest(store, keys));
  while (true) {
    const std::string key = keys.commit(state.through_commit + 1);
    Result<CommitObject> next = read_commit(store, key);
    if (!next && is_missing(next.error())) break;
    if (!next) return next.error();
    Result<void> applied = apply(state, next->commit, next->sha256);
    if (!applied) return applied.error().with_context(fmt::format("object {}", key));
  }
  ODK_TRY_VOID(check_nothing_follows(store, keys, state.through_commit));
  return state;
}

Result<ArchiveState> read_existing_archive(store::ObjectStore& store, const ArchiveKeys& keys) {
  ODK_TRY(ArchiveState archive, read_archive(store, keys));
  if (archive.through_commit == 0) return no_backup(store, keys);
  return archive;
}

Error no_backup(const store::ObjectStore& store, const ArchiveKeys& keys) {
  return {Errc::kNotFound, fmt::format("{} has no backup {}", store.describe(), keys.backup_id())};
}

Result<std::unique_ptr<CommitLog>> CommitLog::open(store::ObjectStore& store, ArchiveKeys keys,
                                                   uint32_t writer_epoch) {
  std::unique_ptr<CommitLog> log(new CommitLog(store, std::move(keys), writer_epoch));
  ODK_TRY(log->state_, read_archive(store, log->keys_));
  if (log->state_.backup_set.is_zero()) log->state_.backup_set = Uuid::random();
  log->manifest_through_ = log->state_.through_commit;
  return log;
}

Result<void> CommitLog::append(Commit commit) {
  commit.seq = state_.through_commit + 1;
  commit.prev_sha256 = state_.chain_sha256;
  commit.backup_set = state_.backup_set;
  commit.writer_epoch = writer_epoch_;
  commit.fencing = fencing_;
  if (state_.created_at == 0) state_.created_at = commit.at;
  const std::string text = seal(to_json(commit));

  // A commit that does not follow from the state must never become durable.
  ArchiveState next = state_;
  ODK_TRY_VOID(apply(next, commit, sha256_of(as_bytes(text))));
  failpoint("commit.before_put");
  ODK_TRY_VOID(put_commit(keys_.commit(commit.seq), text));
  failpoint("commit.after_put");
  state_ = std::move(next);
  return {};
}

Result<void> CommitLog::write_manifest_if_due() {
  if (state_.through_commit - manifest_through_ < kCommitsPerManifest) return {};
  return write_manifest();
}

Result<void> CommitLog::put_commit(const std::string& key, const std::string& text) {
  const bool is_weak = fencing_ == Fencing::kWeak;
  ODK_TRY(const bool is_ours, is_weak ? put_and_look(*store_, key, text)
                                      : store::put_once(*store_, key, as_bytes(text)));
  if (is_ours) return {};
  return Error(Errc::kFenced, fmt::format("object {} was written by another backup", key));
}

Result<void> CommitLog::write_manifest() {
  std::string etag;
  std::string previous;
  const Result<store::ObjectInfo> there = store_->head(keys_.manifest());
  if (!there && !is_missing(there.error())) return there.error();
  if (there) {
    etag = there->etag;
    ODK_TRY(const Slice stored, store_->get(keys_.manifest()));
    previous = stored.text();
  }
  std::string joined;
  if (!previous.empty()) {
    ODK_TRY(std::string content, unseal(previous));
    ODK_TRY(joined, join_manifest(*store_, std::move(content)));
  }
  ODK_TRY(SplitManifest split, split_manifest(to_json(state_, joined), keys_, manifest_bytes_max_));
  split.text = seal(std::move(split.text));
  for (const ManifestPart& part : split.parts) {
    const Result<store::ObjectInfo> stored = store_->put_if_absent(part.key, part.content.bytes());
    // Named by its content: what is there already is the same.
    if (!stored && stored.error().code() != Errc::kAlreadyExists) return stored.error();
  }
  failpoint("manifest.before_put");
  ODK_TRY_VOID(put_manifest(etag, split.text));
  failpoint("manifest.after_put");
  manifest_through_ = state_.through_commit;
  ODK_TRY_VOID(delete_old_parts(part_keys(previous), part_keys(split.text)));
  return delete_old_commits();
}

Result<void> CommitLog::put_manifest(const std::string& etag, const std::string& text) {
  const Result<store::ObjectInfo> put =
      store_->put_if_match(keys_.manifest(), as_bytes(text), etag);
  const bool is_taken = !put && (put.error().code() == Errc::kPrecondition ||
                                 put.error().code() == Errc::kAlreadyExists);
  if (!put && !is_taken) return put.error();
  ODK_TRY(const Slice stored, store_->get(keys_.manifest()));
  if (stored.text() == text) return {};
  if (is_taken) {
    return Error(Errc::kFenced, fmt::format("object {} was written by another", keys_.manifest()));
  }
  return Error(Errc::kChecksum, fmt::format("object {} reads back differently", keys_.manifest()));
}

// Parts of the manifest before stay for whoever just reads it.
Result<void> CommitLog::delete_old_parts(const std::vector<std::string>& before,
                                         const std::vector<std::string>& now) {
  if (before.empty() && now.empty()) return {};
  ODK_TRY(const std::vector<store::ObjectInfo> parts, store_->list(keys_.manifest_parts_prefix()));
  for (const store::ObjectInfo& part : parts) {
    const bool is_named = std::ranges::find(before, part.key) != before.end() ||
                          std::ranges::find(now, part.key) != now.end();
    if (!is_named) ODK_TRY_VOID(store_->remove(part.key));
  }
  return {};
}

Result<void> CommitLog::delete_old_commits() {
  if (state_.through_commit <= kCommitsKept) return {};
  const std::string first_kept = keys_.commit(state_.through_commit - kCommitsKept + 1);
  ODK_TRY(const std::vector<store::ObjectInfo> commits, store_->list(keys_.commits_prefix()));
  for (const store::ObjectInfo& commit : commits) {
    if (commit.key >= first_kept) break;
    ODK_TRY_VOID(store_->remove(commit.key));
  }
  return {};
}

}  // namespace odradek::backup
