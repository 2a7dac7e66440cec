// Messages: searched from either end, by offset or by time, and one as a whole.

#include <fmt/format.h>

#include <algorithm>

#include "broker/dashboard/message_scan.h"
#include "broker/dashboard/operations.h"
#include "broker/dashboard/partition_choice.h"
#include "broker/dashboard/topic_json.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"

namespace odradek::broker::dashboard {
namespace {

using Direction = MessageScan::Direction;

constexpr MonotonicTime::duration kScanTime = std::chrono::seconds(2);
constexpr int64_t kMessagesMax = 500;
constexpr int64_t kScannedMax = 2'000'000;

struct Search {
  Direction direction = Direction::kBackward;
  std::vector<ScanPosition> positions;
  MessageFilter filter;
  ScanLimits limits;
};

ScanPosition whole(const Partition& partition) {
  const log::PartitionLog& log = partition.log;
  ScanPosition position{partition.index, log.start_offset(), log.high_watermark()};
  const int64_t offsets = std::max(position.high - position.low, int64_t{1});
  position.bytes_per_offset =
      std::max(static_cast<int64_t>(log.size_bytes()) / offsets, int64_t{1});
  return position;
}

// The first offsets at or behind a time; the end where there is none.
io::Task<Result<void>> begin_at_time(InsideClient& client, std::string topic_name,
                                     int64_t timestamp_ms, std::vector<ScanPosition>& positions) {
  std::vector<proto::ListOffsetsRequest::ListOffsetsPartition> partitions;
  for (const ScanPosition& position : positions) {
    auto& each = partitions.emplace_back();
    each.partition_index = position.partition;
    each.timestamp = timestamp_ms;
  }
  proto::ListOffsetsRequest::ListOffsetsTopic topic;
  topic.name = topic_name;
  topic.partitions = proto::array_of(partitions);
  proto::ListOffsetsRequest request;
  request.replica_id = -1;
  request.topics = {&topic, 1};
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  for (const auto& found : answer.message.topics[0].partitions) {
    ODK_CO_TRY_VOID(check_answer(found.error_code, "", topic_name));
    const auto at = std::ranges::find(positions, found.partition_index, &ScanPosition::partition);
    if (at != positions.end()) at->low = found.offset < 0 ? at->high : found.offset;
  }
  co_return Result<void>();
}

// "f;0:17:90,1:3:40": direction, then partition and range of what is left.
std::string cursor_text(const Search& search) {
  std::string text;
  for (const ScanPosition& position : search.positions) {
    if (position.low >= position.high) continue;
    text += fmt::format("{}{}:{}:{}", text.empty() ? "" : ",", position.partition, position.low,
                        position.high);
  }
  if (text.empty()) return text;
  return fmt::format("{};{}", search.direction == Direction::kForward ? "f" : "b", text);
}

Error bad_cursor() { return {Errc::kInvalidArgument, "cursor: not one of ours"}; }

Result<ScanPosition> cursor_position(const Topic& topic, std::string_view item) {
  const size_t first = item.find(':');
  const size_t second = item.find(':', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return bad_cursor();
  const NumberRange offsets{0, INT64_MAX};
  ODK_TRY(const int64_t number, parse_number(item.substr(0, first), "cursor", {0, INT32_MAX}));
  ODK_TRY(const int64_t low,
          parse_number(item.substr(first + 1, second - first - 1), "cursor", offsets));
  ODK_TRY(const int64_t high, parse_number(item.substr(second + 1), "cursor", offsets));
  const Partition* partition = topic.partition(static_cast<int32_t>(number));
  if (partition == nullptr) return bad_cursor();
  // The log may have lost its beginning meanwhile.
  ScanPosition position = whole(*partition);
  position.low = std::max(position.low, low);
  position.high = std::min(position.high, high);
  return position;
}

Result<void> go_on_at(std::string_view cursor, const Topic& topic, Search& search) {
  if (!cursor.starts_with("f;") && !cursor.starts_with("b;")) return bad_cursor();
  search.direction = cursor.starts_with("f;") ? Direction::kForward : Direction::kBackward;
  search.positions.clear();
  std::string_view rest = cursor.substr(2);
  while (!rest.empty() && search.positions.size() <= topic.partitions.size()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    ODK_TRY(const ScanPosition position, cursor_position(topic, rest.substr(0, comma)));
    search.positions.push_back(position);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return {};
}

Result<Search> read_search(const ApiContext& context, const ApiCall& call) {
  Search search;
  ODK_TRY(const Topic* topic, find_topic(context.node, call.name(0)));
  ODK_TRY(const auto chosen, choose_partitions(*topic, call.query("partition")));
  for (const Partition* partition : chosen) search.positions.push_back(whole(*partition));
  ODK_TRY(const int64_t limit, call.query_number("limit", {1, kMessagesMax}, 50));
  ODK_TRY(const int64_t scanned, call.query_number("scan_max", {1, kScannedMax}, 200'000));
  search.limits.matches = static_cast<size_t>(limit);
  search.limits.records = static_cast<uint64_t>(scanned);
  search.limits.deadline = context.loop.now() + kScanTime;
  ODK_TRY(search.filter, read_filter(call));
  const std::string from = call.query("from");
  if (from == "oldest" || from == "time" || from == "offset") {
    search.direction = Direction::kForward;
  } else if (!from.empty() && from != "newest") {
    return Error(Errc::kInvalidArgument, "from: newest, oldest, offset or time");
  }
  if (from == "offset") {
    ODK_TRY(const int64_t offset, call.query_number("offset", {}, 0));
    for (ScanPosition& position : search.positions) {
      position.low = std::max(position.low, offset);
    }
  }
  const std::string cursor = call.query("cursor");
  if (!cursor.empty()) ODK_TRY_VOID(go_on_at(cursor, *topic, search));
  return search;
}

}  // namespace

io::Task<Result<Json>> search_messages(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(Search search, read_search(context, call));
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  if (call.query("from") == "time" && call.query("cursor").empty()) {
    ODK_CO_TRY(const int64_t time_ms, call.query_number("time", {}, 0));
    ODK_CO_TRY_VOID(co_await begin_at_time(client, call.name(0), time_ms, search.positions));
  }
  RecordReader reader(client, call.name(0));
  MessageScan scan(context.loop, reader, search.filter, search.limits);
  ODK_CO_TRY_VOID(co_await scan.run(search.positions, search.direction));
  Json json{{"messages", scan.take_messages()},
            {"scanned", scan.records()},
            {"cut_short", scan.is_cut_short()}};
  const std::string cursor = cursor_text(search);
  json["cursor"] = cursor.empty() ? Json(nullptr) : Json(cursor);
  co_return json;
}

io::Task<Result<Json>> get_message(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(const int64_t number, parse_number(call.name(1), "partition", {0, INT32_MAX}));
  ODK_CO_TRY(const int64_t offset, parse_number(call.name(2), "offset", {0, INT64_MAX - 1}));
  ODK_CO_TRY_VOID(find_topic(context.node, call.name(0)));
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  RecordReader reader(client, call.name(0));
  Json json;
  const RecordReader::Visit visit = [&json](const SeenRecord& seen) {
    json = message_json(seen, kWholeBytes);
  };
  const RecordReader::Range range{static_cast<int32_t>(number), offset, offset + 1};
  ODK_CO_TRY_VOID(co_await reader.read(range, visit));
  if (json.is_null()) {
    co_return Error(Errc::kNotFound, fmt::format("there is no message at offset {} of {}-{}",
                                                 offset, call.name(0), number));
  }
  co_return json;
}

}  // namespace odradek::broker::dashboard
