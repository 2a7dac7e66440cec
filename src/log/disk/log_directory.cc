#include "log/disk/log_directory.h"

#include <fmt/format.h>

#include <charconv>

#include "base/log.h"

namespace odradek::log {
namespace {

constexpr std::string_view kLock = ".lock";
constexpr std::string_view kClean = ".kafka_cleanshutdown";
constexpr std::string_view kProperties = "meta.properties";
constexpr std::string_view kRecoveryPoints = "recovery-point-offset-checkpoint";
constexpr std::string_view kStarts = "log-start-offset-checkpoint";
constexpr std::string_view kCompacted = "cleaner-offset-checkpoint";
constexpr std::string_view kPartitionMetadata = "partition.metadata";
constexpr std::string_view kDeleteSuffix = "-delete";
constexpr size_t kSmallFileBytesMax = size_t{1} << 16U;

bool is_missing(const Error& error) { return error.code() == Errc::kNotFound; }

int64_t offset_of(const PartitionOffsets& offsets, const LogName& name) {
  const auto found = offsets.find({name.topic, name.partition});
  return found == offsets.end() ? 0 : found->second;
}

}  // namespace

Result<std::unique_ptr<LogDirectory>> LogDirectory::open(FileSystem& files, std::string path,
                                                         size_t open_files_max) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  ODK_TRY_VOID(files.make_directory(path));
  std::unique_ptr<LogDirectory> directory(new LogDirectory(files, std::move(path), open_files_max));
  ODK_TRY(directory->lock_, files.lock(directory->file(kLock)));
  ODK_TRY_VOID(directory->load());
  return directory;
}

Result<void> LogDirectory::load() {
  ODK_TRY(const std::vector<std::string> names, files_.list(path_));
  for (const std::string& name : names) {
    if (name == kClean) was_clean_ = true;
    if (name.ends_with(kDeleteSuffix)) to_remove_.push_back(file(name));
  }
  ODK_TRY_VOID(load_properties());
  // A checkpoint that cannot be read costs time, as if it were not there.
  const auto load = [&](std::string_view name, PartitionOffsets& into) {
    Result<PartitionOffsets> offsets = load_offsets(files_, file(name));
    if (offsets) {
      into = *std::move(offsets);
    } else {
      was_clean_ = false;
      ODK_LOG(warn, "a checkpoint cannot be read", kv("reason", offsets.error().message()));
    }
  };
  load(kRecoveryPoints, checkpoints_.recovery_points);
  load(kStarts, checkpoints_.starts);
  load(kCompacted, checkpoints_.compacted);
  // From here on a crash is a crash.
  if (const Result<void> removed = files_.remove(file(kClean));
      !removed && !is_missing(removed.error())) {
    return removed;
  }
  return {};
}

Result<void> LogDirectory::load_properties() {
  const Result<std::string> text = read_whole(files_, file(kProperties), kSmallFileBytesMax);
  if (!text) return is_missing(text.error()) ? Result<void>() : Result<void>(text.error());
  MetaProperties properties;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (key == "cluster.id") properties.cluster_id = value;
    if (key == "directory.id") properties.directory_id = value;
    if (key == "node.id") {
      std::from_chars(value.data(), value.data() + value.size(), properties.node_id);
    }
  }
  if (properties.cluster_id.empty() || properties.node_id < 0) {
    return Error(Errc::kMalformed,
                 fmt::format("{} names no cluster and no node", file(kProperties)));
  }
  properties_ = std::move(properties);
  return {};
}

Result<void> LogDirectory::write_properties(const MetaProperties& properties) {
  const std::string text =
      fmt::format("cluster.id={}\ndirectory.id={}\nnode.id={}\nversion=1\n", properties.cluster_id,
                  properties.directory_id, properties.node_id);
  ODK_TRY_VOID(replace_file(files_, file(kProperties), text, true));
  properties_ = properties;
  return {};
}

std::string LogDirectory::directory_of(const LogName& name) const {
  return fmt::format("{}/{}-{}", path_, name.topic, name.partition);
}

// The directory may be of a topic that was deleted before a crash.
Result<void> LogDirectory::check_topic_id(const LogName& name, const std::string& directory) {
  const std::string path = fmt::format("{}/{}", directory, kPartitionMetadata);
  const std::string wanted = fmt::format("version: 0\ntopic_id: {}\n", name.topic_id.to_string());
  const Result<std::string> text = read_whole(files_, path, kSmallFileBytesMax);
  if (text && text->starts_with(wanted.substr(0, wanted.size() - 1))) return {};
  if (text) {
    ODK_LOG(warn, "a log of a topic that is no more goes away", kv("directory", directory));
    ODK_TRY_VOID(delete_log(name));
  } else if (!is_missing(text.error())) {
    return text.error();
  }
  ODK_TRY_VOID(files_.make_directory(directory));
  return replace_file(files_, path, wanted, false);
}

Result<PartitionLog> LogDirectory::open_log(const LogName& name, const LogConfig& config,
                                            int32_t leader_epoch, int64_t now_ms,
                                            DiskRecovery& recovery) {
  const std::string directory = directory_of(name);
  ODK_TRY_VOID(check_topic_id(name, directory));
  DiskState state;
  state.clean = was_clean_;
  state.recovery_point = offset_of(checkpoints_.recovery_points, name);
  state.start_offset = offset_of(checkpoints_.starts, name);
  ODK_TRY(PartitionLog log,
          open_partition(cache_, directory, config, state, leader_epoch, now_ms, recovery));
  log.set_compacted_until(offset_of(checkpoints_.compacted, name));
  return log;
}

Result<void> LogDirectory::delete_log(const LogName& name) {
  std::string aside =
      fmt::format("{}.{}{}", directory_of(name), Uuid::random().to_string(), kDeleteSuffix);
  ODK_TRY_VOID(files_.rename(directory_of(name), aside));
  const PartitionOffsets::key_type partition(name.topic, name.partition);
  checkpoints_.recovery_points.erase(partition);
  checkpoints_.starts.erase(partition);
  checkpoints_.compacted.erase(partition);
  to_remove_.push_back(std::move(aside));
  return {};
}

void LogDirectory::tidy() {
  for (const std::string& directory : to_remove_) {
    if (const Result<void> removed = files_.remove_directory(directory); !removed) {
      ODK_LOG(warn, "a deleted log cannot be removed", kv("reason", removed.error().message()));
    }
  }
  to_remove_.clear();
}

Result<void> LogDirectory::write_checkpoints(Checkpoints checkpoints) {
  const auto write = [this](std::string_view name, PartitionOffsets& offsets,
                            PartitionOffsets& known) -> Result<void> {
    if (offsets == known) return {};
    ODK_TRY_VOID(replace_file(files_, file(name), encode_offsets(offsets), true));
    known = std::move(offsets);
    return {};
  };
  ODK_TRY_VOID(write(kRecoveryPoints, checkpoints.recovery_points, checkpoints_.recovery_points));
  ODK_TRY_VOID(write(kStarts, checkpoints.starts, checkpoints_.starts));
  return write(kCompacted, checkpoints.compacted, checkpoints_.compacted);
}

void LogDirectory::keep_checkpoints(const PartitionOffsets::key_type& partition,
                                    Checkpoints& into) const {
  const auto keep = [&](const PartitionOffsets& from, PartitionOffsets& to) {
    const auto known = from.find(partition);
    if (known != from.end()) to.insert(*known);
  };
  keep(checkpoints_.recovery_points, into.recovery_points);
  keep(checkpoints_.starts, into.starts);
  keep(checkpoints_.compacted, into.compacted);
}

Result<void> LogDirectory::mark_clean() {
  return replace_file(files_, file(kClean), R"({"version":0,"brokerEpoch":-1})", true);
}

}  // namespace odradek::log
