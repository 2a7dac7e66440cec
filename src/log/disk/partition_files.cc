#include "log/disk/partition_files.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "log/disk/checkpoint_file.h"
#include "log/disk/producer_snapshot.h"
#include "log/disk/segment_files.h"
#include "wire/endian.h"

namespace odradek::log {
namespace {

constexpr size_t kSideFileBytesMax = size_t{256} << 20U;
constexpr size_t kSnapshotsMax = 3;
constexpr std::string_view kEpochsFile = "/leader-epoch-checkpoint";

using AbortedBytes = std::array<uint8_t, 34>;

AbortedBytes encode(const AbortedTxn& aborted) {
  AbortedBytes bytes{};
  wire::store_be(bytes.data() + 2, aborted.producer_id);
  wire::store_be(bytes.data() + 10, aborted.first_offset);
  wire::store_be(bytes.data() + 18, aborted.last_offset);
  wire::store_be(bytes.data() + 26, aborted.last_stable_offset);
  return bytes;
}

AbortedTxn decode_aborted(const uint8_t* bytes) {
  return {wire::load_be<int64_t>(bytes + 2), wire::load_be<int64_t>(bytes + 10),
          wire::load_be<int64_t>(bytes + 18), wire::load_be<int64_t>(bytes + 26)};
}

void warn(std::string_view directory, const Error& error) {
  ODK_LOG(warn, "a file beside a log cannot be used, the log's batches say the same",
          kv("directory", directory), kv("reason", error.message()));
}

}  // namespace

Result<PartitionLog::Kept> PartitionFiles::load(int64_t log_end, bool clean) {
  PartitionLog::Kept kept;
  ODK_TRY(const std::vector<std::string> names, files_.list(directory_));
  for (const std::string& name : names) {
    if (const auto offset = offset_in_name(name, kSnapshotSuffix)) snapshots_.push_back(*offset);
    if (const auto base = offset_in_name(name, kTxnIndexSuffix)) txn_indexes_.push_back(*base);
  }
  std::ranges::sort(snapshots_);
  std::ranges::sort(txn_indexes_);
  load_producers(log_end, clean, kept);
  load_aborted(txn_indexes_, kept);
  const std::string path = directory_ + std::string(kEpochsFile);
  const Result<std::string> text = read_whole(files_, path, kSideFileBytesMax);
  if (text) {
    Result<LeaderEpochs> epochs = decode_epochs(*text);
    if (epochs) {
      kept.epochs = *std::move(epochs);
    } else {
      warn(directory_, epochs.error());
    }
  } else if (text.error().code() != Errc::kNotFound) {
    warn(directory_, text.error());
  }
  return kept;
}

// The latest snapshot that can be read. A producer may send its last five batches again after a
// crash, of which a snapshot has one: then an older snapshot is taken, and more batches are read.
void PartitionFiles::load_producers(int64_t log_end, bool clean, PartitionLog::Kept& kept) {
  while (!snapshots_.empty() && snapshots_.back() > log_end) {
    remove(snapshots_.back(), kSnapshotSuffix);
    snapshots_.pop_back();
  }
  std::vector<int64_t> candidates = snapshots_;
  if (!clean && candidates.size() > 1) candidates.pop_back();
  for (; !candidates.empty(); candidates.pop_back()) {
    const std::string path = segment_path(directory_, candidates.back(), kSnapshotSuffix);
    const Result<std::string> content = read_whole(files_, path, kSideFileBytesMax);
    Result<ProducerStates> producers =
        content ? decode_producers(as_bytes(*content)) : Result<ProducerStates>(content.error());
    if (producers) {
      kept.producers = *std::move(producers);
      kept.known_before = candidates.back();
      return;
    }
    warn(directory_, producers.error());
    std::erase(snapshots_, candidates.back());
    remove(candidates.back(), kSnapshotSuffix);
  }
}

Result<std::vector<AbortedTxn>> PartitionFiles::read_aborted(int64_t base) {
  const std::string path = segment_path(directory_, base, kTxnIndexSuffix);
  ODK_TRY(const std::string content, read_whole(files_, path, kSideFileBytesMax));
  std::vector<AbortedTxn> all;
  const Bytes bytes = as_bytes(content);
  for (size_t at = 0; at + sizeof(AbortedBytes) <= bytes.size(); at += sizeof(AbortedBytes)) {
    if (wire::load_be<int16_t>(bytes.data() + at) != 0) break;
    all.push_back(decode_aborted(bytes.data() + at));
  }
  return all;
}

// What is known from the snapshot on is found again in the batches, and written again.
void PartitionFiles::load_aborted(const std::vector<int64_t>& bases, PartitionLog::Kept& kept) {
  int64_t last = -1;
  for (const int64_t base : bases) {
    const Result<std::vector<AbortedTxn>> all = read_aborted(base);
    if (!all) {
      warn(directory_, all.error());
      continue;
    }
    std::string known;
    for (const AbortedTxn& aborted : *all) {
      if (aborted.last_offset >= kept.known_before || aborted.last_offset <= last) continue;
      last = aborted.last_offset;
      kept.aborted.add(aborted);
      const AbortedBytes bytes = encode(aborted);
      known.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    if (known.size() == all->size() * sizeof(AbortedBytes)) continue;
    const std::string path = segment_path(directory_, base, kTxnIndexSuffix);
    if (const Result<void> kept_file = replace_file(files_, path, known, false); !kept_file) {
      warn(directory_, kept_file.error());
    }
  }
}

void PartitionFiles::save_producers(int64_t offset, const ProducerStates& producers) {
  const std::string path = segment_path(directory_, offset, kSnapshotSuffix);
  const Result<void> saved = replace_file(files_, path, encode_producers(producers), false);
  if (!saved) return warn(directory_, saved.error());
  if (snapshots_.empty() || snapshots_.back() < offset) snapshots_.push_back(offset);
  while (snapshots_.size() > kSnapshotsMax) {
    remove(snapshots_.front(), kSnapshotSuffix);
    snapshots_.erase(snapshots_.begin());
  }
}

void PartitionFiles::save_aborted(int64_t segment_base, const AbortedTxn& aborted) {
  const std::string path = segment_path(directory_, segment_base, kTxnIndexSuffix);
  const auto append = [&]() -> Result<void> {
    ODK_TRY(const std::unique_ptr<File> file, files_.open(path, OpenMode::kCreate));
    ODK_TRY(const uint64_t size, file->size());
    const AbortedBytes bytes = encode(aborted);
    return file->write_at(size - size % sizeof(AbortedBytes), Bytes(bytes));
  };
  if (const Result<void> appended = append(); !appended) warn(directory_, appended.error());
  if (txn_indexes_.empty() || txn_indexes_.back() < segment_base) {
    txn_indexes_.push_back(segment_base);
  }
}

void PartitionFiles::save_epochs(const LeaderEpochs& epochs) {
  const std::string path = directory_ + std::string(kEpochsFile);
  const Result<void> saved = replace_file(files_, path, encode_epochs(epochs), false);
  if (!saved) warn(directory_, saved.error());
}

void PartitionFiles::drop_before(int64_t offset) {
  const auto drop = [&](std::vector<int64_t>& all, std::string_view suffix) {
    while (!all.empty() && all.front() < offset) {
      remove(all.front(), suffix);
      all.erase(all.begin());
    }
  };
  drop(snapshots_, kSnapshotSuffix);
  drop(txn_indexes_, kTxnIndexSuffix);
}

void PartitionFiles::compacted(int64_t first_base, int64_t next_offset) {
  std::erase_if(txn_indexes_, [&](int64_t base) {
    if (base < first_base || base >= next_offset) return false;
    remove(base, kTxnIndexSuffix);
    return true;
  });
}

void PartitionFiles::remove(int64_t offset, std::string_view suffix) {
  const Result<void> removed = files_.remove(segment_path(directory_, offset, suffix));
  if (!removed && removed.error().code() != Errc::kNotFound) warn(directory_, removed.error());
}

Result<PartitionLog> open_partition(FileCache& cache, const std::string& directory,
                                    const LogConfig& config, const DiskState& state,
                                    int32_t leader_epoch, int64_t now_ms, DiskRecovery& recovery) {
  DiskOptions options;
  options.directory = directory;
  ODK_TRY(std::unique_ptr<DiskStore> store,
          DiskStore::open(cache, std::move(options), state, now_ms, recovery));
  store->configure(config);
  auto files = std::make_unique<PartitionFiles>(cache.files(), directory);
  ODK_TRY(PartitionLog::Kept kept, files->load(store->end_offset(), state.clean));
  kept.start_offset = state.start_offset;
  kept.sidecar = std::move(files);
  return PartitionLog::restore(std::move(store), config, leader_epoch, std::move(kept));
}

}  // namespace odradek::log
