#include "log/disk/checkpoint_file.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace odradek::log {
namespace {

constexpr size_t kCheckpointBytesMax = size_t{64} << 20U;

template <class Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// Lines, and words of a line, with single characters between.
std::string_view next_part(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// Calls `visit(line)` for each entry; false from it, or a wrong number of them, is a fault.
template <class Visit>
Result<void> for_each_entry(std::string_view text, Visit&& visit) {
  const Error malformed(Errc::kMalformed, "a checkpoint file that cannot be read");
  int64_t count = -1;
  if (next_part(text, '\n') != "0") return malformed;
  if (!parse(next_part(text, '\n'), count) || count < 0) return malformed;
  for (; count > 0; --count) {
    if (text.empty() || !visit(next_part(text, '\n'))) return malformed;
  }
  return text.empty() ? Result<void>() : Result<void>(malformed);
}

}  // namespace

std::string encode_offsets(const PartitionOffsets& offsets) {
  std::string text = fmt::format("0\n{}\n", offsets.size());
  for (const auto& [partition, offset] : offsets) {
    text += fmt::format("{} {} {}\n", partition.first, partition.second, offset);
  }
  return text;
}

Result<PartitionOffsets> decode_offsets(std::string_view text) {
  PartitionOffsets offsets;
  ODK_TRY_VOID(for_each_entry(text, [&](std::string_view line) {
    const std::string_view topic = next_part(line, ' ');
    int32_t partition = -1;
    int64_t offset = -1;
    if (!parse(next_part(line, ' '), partition) || !parse(line, offset)) return false;
    offsets[{std::string(topic), partition}] = offset;
    return true;
  }));
  return offsets;
}

Result<PartitionOffsets> load_offsets(FileSystem& files, const std::string& path) {
  const Result<std::string> text = read_whole(files, path, kCheckpointBytesMax);
  if (!text) {
    if (text.error().code() == Errc::kNotFound) return PartitionOffsets();
    return text.error();
  }
  Result<PartitionOffsets> offsets = decode_offsets(*text);
  if (!offsets) return offsets.error().with_context(path);
  return offsets;
}

std::string encode_epochs(const LeaderEpochs& epochs) {
  std::string text = fmt::format("0\n{}\n", epochs.entries().size());
  for (const LeaderEpochs::Entry& entry : epochs.entries()) {
    text += fmt::format("{} {}\n", entry.epoch, entry.start_offset);
  }
  return text;
}

Result<LeaderEpochs> decode_epochs(std::string_view text) {
  LeaderEpochs epochs;
  ODK_TRY_VOID(for_each_entry(text, [&](std::string_view line) {
    LeaderEpochs::Entry entry;
    if (!parse(next_part(line, ' '), entry.epoch) || !parse(line, entry.start_offset)) return false;
    return epochs.begin(entry.epoch, entry.start_offset);
  }));
  return epochs;
}

}  // namespace odradek::log
