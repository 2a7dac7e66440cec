// The live tail: messages as they come, by server-sent events.

#include <deque>

#include "base/log.h"
#include "broker/dashboard/operations.h"
#include "broker/dashboard/partition_choice.h"
#include "broker/dashboard/topic_json.h"

namespace odradek::broker::dashboard {
namespace {

constexpr size_t kTailsMax = 16;
// People do not read faster; what is beyond is counted and left out, the newest stay.
constexpr size_t kMessagesAtOnce = 100;
constexpr int32_t kWaitMs = 5'000;
// Who is further behind than this goes on at the end.
constexpr int64_t kBehindMax = 50'000;
constexpr MonotonicTime::duration kPause = std::chrono::milliseconds(250);

struct Tail {
  std::string topic;
  std::string partitions;  // as asked
  MessageFilter filter;
};

// Positions for partitions that have none yet: their ends.
Result<void> add_positions(const Node& node, const Tail& tail,
                           std::vector<RecordReader::Position>& positions) {
  ODK_TRY(const Topic* topic, find_topic(node, tail.topic));
  ODK_TRY(const auto chosen, choose_partitions(*topic, tail.partitions));
  for (size_t i = positions.size(); i < chosen.size(); ++i) {
    positions.push_back({chosen[i]->index, chosen[i]->log.high_watermark()});
  }
  return {};
}

// What one answer brought, as events.
class Events {
 public:
  explicit Events(const MessageFilter& filter) : filter_(filter) {}

  void add(const SeenRecord& seen) {
    if (!filter_.passes(seen)) return;
    if (messages_.size() == kMessagesAtOnce) {
      messages_.pop_front();
      ++skipped_;
    }
    messages_.push_back(message_json(seen, kPreviewBytes));
  }
  void skip(int64_t count) { skipped_ += static_cast<uint64_t>(count); }
  std::string take() {
    std::string text;
    if (skipped_ > 0) text += event_text("skipped", {{"count", skipped_}});
    for (const Json& message : messages_) text += event_text("message", message);
    messages_.clear();
    skipped_ = 0;
    // A comment keeps the connection in use, so that its end is noticed.
    return text.empty() ? ": waiting\n\n" : text;
  }

 private:
  const MessageFilter& filter_;
  std::deque<Json> messages_;
  uint64_t skipped_ = 0;
};

void catch_up(const Node& node, const Tail& tail, std::vector<RecordReader::Position>& positions,
              Events& events) {
  const Topic* topic = node.topics().find(tail.topic);
  for (RecordReader::Position& position : positions) {
    const Partition* partition = topic == nullptr ? nullptr : topic->partition(position.partition);
    if (partition == nullptr) continue;
    const int64_t behind = partition->log.high_watermark() - position.offset;
    if (behind <= kBehindMax) continue;
    events.skip(behind);
    position.offset += behind;
  }
}

io::Task<Result<void>> follow(ApiContext& context, const Tail& tail, http::BodyWriter& writer) {
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  RecordReader reader(client, tail.topic);
  std::vector<RecordReader::Position> positions;
  ODK_CO_TRY_VOID(add_positions(context.node, tail, positions));
  ODK_CO_TRY_VOID(co_await writer.write(event_text("ready", Json::object())));
  Events events(tail.filter);
  const RecordReader::Visit visit = [&events](const SeenRecord& seen) { events.add(seen); };
  while (true) {
    ODK_CO_TRY_VOID(co_await reader.follow(positions, kWaitMs, visit));
    ODK_CO_TRY_VOID(co_await writer.write(events.take()));
    // New partitions are followed, too; a deleted topic ends the tail.
    ODK_CO_TRY_VOID(add_positions(context.node, tail, positions));
    catch_up(context.node, tail, positions, events);
    ODK_CO_TRY_VOID(co_await io::sleep(context.loop, kPause));
  }
}

io::Task<void> run_tail(ApiContext& context, Tail tail, http::BodyWriter& writer) {
  ++context.live_tails;
  Result<void> ended = co_await follow(context, tail, writer);
  --context.live_tails;
  // When it was the browser that went, nobody reads this.
  Result<void> told =
      co_await writer.write(event_text("end", {{"reason", std::string(ended.error().message())}}));
  if (!told) ODK_LOG(debug, "tail ended", kv("topic", tail.topic));
}

}  // namespace

Result<http::BodySource> stream_tail(ApiContext& context, ApiCall call) {
  Tail tail;
  tail.topic = call.name(0);
  tail.partitions = call.query("partition");
  ODK_TRY(tail.filter, read_filter(call));
  std::vector<RecordReader::Position> checked;
  ODK_TRY_VOID(add_positions(context.node, tail, checked));
  if (context.live_tails >= kTailsMax) {
    return Error(Errc::kLimitExceeded, "too many live tails are open");
  }
  return [&context, tail](http::BodyWriter& writer) { return run_tail(context, tail, writer); };
}

}  // namespace odradek::broker::dashboard
