#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Names of the files of a partition's directory.
// Source: LogFileUtils of Kafka 4.
namespace odradek::log {

inline constexpr std::string_view kLogSuffix = ".log";
inline constexpr std::string_view kIndexSuffix = ".index";
inline constexpr std::string_view kTimeIndexSuffix = ".timeindex";
inline constexpr std::string_view kTxnIndexSuffix = ".txnindex";
inline constexpr std::string_view kSnapshotSuffix = ".snapshot";
inline constexpr std::string_view kDeletedSuffix = ".deleted";  // to be removed
inline constexpr std::string_view kCleanedSuffix = ".cleaned";  // compaction writes it
inline constexpr std::string_view kSwapSuffix = ".swap";        // it is whole, takes over

// "DIRECTORY/00000000000000000042.log"
std::string segment_path(std::string_view directory, int64_t base_offset, std::string_view suffix);

// The offset in a file's name, if it is one with this suffix.
std::optional<int64_t> offset_in_name(std::string_view name, std::string_view suffix);

}  // namespace odradek::log
