#include "broker/storage.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/log.h"
#include "log/memory_store.h"

namespace odradek::broker {
namespace {

constexpr int64_t kCheckpointIntervalMs = 60'000;
// Of the descriptors the process may have; the others are for connections.
constexpr size_t kOpenFilesShare = 4;
constexpr size_t kOpenFilesMin = 64;
constexpr size_t kOpenFilesMax = 4096;

size_t open_files_max() {
  struct rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kOpenFilesMin;
  return std::clamp(static_cast<size_t>(limit.rlim_cur) / kOpenFilesShare, kOpenFilesMin,
                    kOpenFilesMax);
}

// What Uuid::to_string() made; all zero when it is something else.
Uuid parse_id(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr size_t kCharacters = 22;
  Uuid id;
  if (text.size() != kCharacters) return {};
  uint32_t pending = 0;
  unsigned bits = 0;
  size_t next = 0;
  for (const char c : text) {
    const size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return {};
    pending = (pending << 6U) | static_cast<uint32_t>(value);
    bits += 6;
    if (bits < 8 || next == id.bytes.size()) continue;
    bits -= 8;
    id.bytes[next++] = static_cast<uint8_t>(pending >> bits);
  }
  return id;
}

log::LogName name_of(const Topic& topic, int32_t partition) {
  return {topic.name, topic.id, partition};
}

// Everything in one log becomes safe from a crash of the machine.
Result<void> flush(log::PartitionLog& log) {
  ODK_TRY(const log::BatchStore::Flush flush, log.begin_flush());
  ODK_TRY_VOID(flush.run());
  log.flushed(flush.end_offset);
  return {};
}

}  // namespace

Result<std::unique_ptr<Storage>> Storage::open(const StorageOptions& options, int32_t node_id,
                                               std::string& cluster_id) {
  std::shared_ptr<log::FileSystem> files = options.files;
  if (files == nullptr) files = log::posix_file_system();
  std::unique_ptr<Storage> storage(new Storage(std::move(files), options.flush));
  ODK_TRY(storage->directory_,
          log::LogDirectory::open(*storage->files_, options.directory, open_files_max()));
  ODK_TRY_VOID(storage->identify(node_id, cluster_id));
  return storage;
}

Result<void> Storage::identify(int32_t node_id, std::string& cluster_id) {
  const std::optional<log::MetaProperties>& known = directory_->properties();
  if (known) {
    if (known->node_id != node_id) {
      return Error(Errc::kConfig, fmt::format("{} belongs to node {}, this is node {}",
                                              directory_->path(), known->node_id, node_id));
    }
    if (!cluster_id.empty() && known->cluster_id != cluster_id) {
      return Error(Errc::kConfig, fmt::format("{} belongs to cluster {}, not to {}",
                                              directory_->path(), known->cluster_id, cluster_id));
    }
    cluster_id = known->cluster_id;
    directory_id_ = parse_id(known->directory_id);
    return {};
  }
  if (cluster_id.empty()) cluster_id = Uuid::random().to_string();
  directory_id_ = Uuid::random();
  return directory_->write_properties({cluster_id, directory_id_.to_string(), node_id});
}

Result<void> Storage::open_metadata(MetadataLog& metadata, int64_t now_ms) {
  metadata.set_sync_each(flush_.when == FlushPolicy::When::kCommit);
  const std::string path = directory_->path() + "/_odradek";
  ODK_TRY_VOID(metadata.open(directory_->cache(), path, directory_->was_clean(), now_ms));
  reserve_.emplace(*files_, path + "/reserve");
  reserve_->fill();
  metadata.set_last_resort([this] { return reserve_->release(); });
  return {};
}

log::PartitionLog Storage::open_log(const Topic& topic, int32_t partition,
                                    const log::LogConfig& config, int32_t leader_epoch,
                                    int64_t now_ms) {
  log::DiskRecovery recovery;
  Result<log::PartitionLog> log = fault_ ? Result<log::PartitionLog>(*fault_)
                                         : directory_->open_log(name_of(topic, partition), config,
                                                                leader_epoch, now_ms, recovery);
  if (log) {
    log->hold_until_flushed(flush_.when == FlushPolicy::When::kCommit);
    return *std::move(log);
  }
  ODK_LOG(error, "a partition is offline, its log cannot be opened", kv("topic", topic.name),
          kv("partition", partition), kv("reason", log.error().message()));
  log::PartitionLog offline(std::make_unique<log::MemoryStore>(log::ChunkPool::create()), config,
                            leader_epoch);
  offline.take_offline(std::move(log).error());
  return offline;
}

void Storage::remove_log(const Topic& topic, int32_t partition) {
  const Result<void> removed = directory_->delete_log(name_of(topic, partition));
  if (removed) return;
  ODK_LOG(warn, "the log of a deleted topic stays", kv("topic", topic.name),
          kv("partition", partition), kv("reason", removed.error().message()));
}

void Storage::tidy(const Topics& topics, int64_t now_ms) {
  directory_->tidy();
  for (const auto& [name, topic] : topics.all()) {
    for (const auto& partition : topic->partitions) partition->log.tidy(now_ms);
  }
  if (now_ms - checkpoints_written_ms_ < kCheckpointIntervalMs) return;
  checkpoints_written_ms_ = now_ms;
  reserve_->fill();
  if (const Result<void> written = write_checkpoints(topics); !written) {
    ODK_LOG(warn, "checkpoints cannot be written", kv("reason", written.error().message()));
  }
}

Result<void> Storage::write_checkpoints(const Topics& topics) {
  log::LogDirectory::Checkpoints checkpoints;
  for (const auto& [name, topic] : topics.all()) {
    for (const auto& partition : topic->partitions) {
      const log::PartitionLog& log = partition->log;
      const std::pair key(name, partition->index);
      if (log.fault()) {
        // What was known of it when it could be read stays known.
        directory_->keep_checkpoints(key, checkpoints);
        continue;
      }
      checkpoints.recovery_points[key] = log.flushed_offset();
      if (log.start_offset() > 0) checkpoints.starts[key] = log.start_offset();
      if (log.compacted_until() > 0) checkpoints.compacted[key] = log.compacted_until();
    }
  }
  return directory_->write_checkpoints(std::move(checkpoints));
}

void Storage::close(const Topics& topics, MetadataLog& metadata) {
  Result<void> result = metadata.flush();
  const auto keep = [&result](Result<void> next) {
    if (!next && result) result = std::move(next);
  };
  for (const auto& [name, topic] : topics.all()) {
    for (const auto& partition : topic->partitions) {
      if (partition->log.fault()) {
        keep(*partition->log.fault());
        continue;
      }
      partition->log.save_state();
      keep(flush(partition->log));
    }
  }
  keep(write_checkpoints(topics));
  directory_->tidy();
  if (result) result = directory_->mark_clean();
  if (!result) {
    ODK_LOG(warn, "the next start looks at the logs again", kv("reason", result.error().message()));
  }
}

}  // namespace odradek::broker
