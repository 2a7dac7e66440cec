#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "log/disk/file_system.h"
#include "log/leader_epochs.h"

// Kafka's small text files: a version line, a count, a line for each entry.
// Source: CheckpointFile, OffsetCheckpointFile, LeaderEpochCheckpointFile of Kafka 4.
namespace odradek::log {

// Offsets by topic and partition: recovery points, log starts.
using PartitionOffsets = std::map<std::pair<std::string, int32_t>, int64_t>;

std::string encode_offsets(const PartitionOffsets& offsets);
// kMalformed.
Result<PartitionOffsets> decode_offsets(std::string_view text);
// None when there is no such file. kMalformed, kIo.
Result<PartitionOffsets> load_offsets(FileSystem& files, const std::string& path);

std::string encode_epochs(const LeaderEpochs& epochs);
Result<LeaderEpochs> decode_epochs(std::string_view text);

}  // namespace odradek::log
