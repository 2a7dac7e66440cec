// odk consume.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "commands.h"
#include "format.h"
#include "offset_lookup.h"
#include "offset_text.h"
#include "output.h"

namespace odk {

namespace ok = odradek::kafka;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Kind = OffsetText::Kind;
using Ends = std::map<ok::TopicPartition, int64_t>;

volatile std::sig_atomic_t stop_asked = 0;

void ask_to_stop(int /*signal*/) { stop_asked = 1; }

// Where to begin and, with e@, where to end.
struct Range {
  OffsetText start{};
  bool is_start_given = false;
  std::optional<int64_t> until_ms{};
};

ok::Result<Range> range_of(const Settings& settings, const std::string& group) {
  Range range;
  // Without -o, auto.offset.reset says where.
  const bool is_at_end = settings.options.consumer.start == ok::Start::latest;
  range.start.kind = is_at_end ? Kind::kEnd : Kind::kBeginning;
  for (const std::string& text : settings.offsets) {
    const auto offset = parse_offset(text);
    if (!offset) return offset.error();
    if (offset->kind == Kind::kUntil) {
      range.until_ms = offset->value;
      continue;
    }
    range.start = *offset;
    range.is_start_given = true;
  }
  const bool is_simple = range.start.kind == Kind::kBeginning || range.start.kind == Kind::kEnd ||
                         range.start.kind == Kind::kStored;
  if (!group.empty() && (!is_simple || range.until_ms)) {
    return wrong("members of a group begin at beginning, end or stored");
  }
  if (group.empty() && range.start.kind == Kind::kStored) {
    return wrong("-o stored needs a group: -g");
  }
  return range;
}

ok::ConsumerOptions consumer_options(const Settings& settings) {
  ok::ConsumerOptions options = settings.options.consumer;
  if (!settings.group.empty()) options.group = settings.group;
  if (settings.consumer_protocol) options.protocol = ok::GroupProtocol::consumer;
  if (settings.read_committed) options.isolation = ok::Isolation::read_committed;
  return options;
}

// Where reading of each partition begins, when that is not the consumer's own business.
ok::Result<Ends> begins_of(const OffsetLookup& lookup, const OffsetText& start) {
  const bool is_ours =
      start.kind == Kind::kAbsolute || start.kind == Kind::kSince || start.kind == Kind::kBeforeEnd;
  Ends begins;
  if (!is_ours) return begins;
  const auto offsets = offsets_of(lookup, start);
  if (!offsets) return offsets.error();
  for (size_t i = 0; i < offsets->size(); ++i) begins[lookup.partitions[i]] = (*offsets)[i];
  return begins;
}

// Where reading ends: at the present ends of partitions, or at a time; without those where there
// is nothing to read. A member of a group may begin anywhere.
ok::Result<Ends> ends_of(const OffsetLookup& lookup, const Range& range, const Ends& begins,
                         bool is_member) {
  const auto first = first_offsets(lookup);
  if (!first) return first.error();
  const OffsetText until{.kind = range.until_ms ? Kind::kUntil : Kind::kEnd,
                         .value = range.until_ms.value_or(0)};
  const auto last = offsets_of(lookup, until);
  if (!last) return last.error();
  Ends ends;
  for (size_t i = 0; i < lookup.partitions.size(); ++i) {
    const auto begin = begins.find(lookup.partitions[i]);
    int64_t from = begin == begins.end() ? (*first)[i] : begin->second;
    if (begins.empty() && range.start.kind == Kind::kEnd && !is_member) from = (*last)[i];
    if ((*last)[i] > from) ends[lookup.partitions[i]] = (*last)[i];
  }
  return ends;
}

// Reads, prints, and knows when it is done. What was not printed is not read: the position of its
// partition goes back, so that a group's next reader begins there.
class Reader {
 public:
  Reader(const Settings& settings, ok::Consumer& consumer)
      : settings_(&settings), consumer_(&consumer) {
    const std::string key = settings.key_delimiter.empty() ? "" : "%k" + settings.key_delimiter;
    const std::string plain = key + "%s" + settings.record_delimiter;
    format_ = unescape(settings.format.empty() ? plain : settings.format);
  }

  void end_at(Ends ends) { ends_ = std::move(ends); }

  // Joins the group. Of partitions that have an end those count that we get.
  Outcome subscribe(ok::GroupProtocol protocol) {
    is_settled_ = false;
    ok::RebalanceHandler handler;
    handler.on_assigned = [this](const Partitions&) { is_settled_ = true; };
    handler.on_revoked = [this, protocol](const Partitions& partitions) {
      // A classic member that gives up all of it gets others, or the same again.
      const bool is_all = partitions.size() == consumer_->assignment().size();
      if (is_all && protocol == ok::GroupProtocol::classic) is_settled_ = false;
    };
    handler.on_lost = [this](const Partitions&) { is_settled_ = false; };
    return consumer_->subscribe(settings_->topics, std::move(handler));
  }

  Outcome run() {
    while (stop_asked == 0 && count_ < settings_->count && !has_reached_ends()) {
      auto batch = consumer_->next(milliseconds(500)).get();
      if (!batch) return batch.error();
      if (!print(*batch)) break;  // which is told when the program ends
      if (ends_) forget_ended(*batch);
    }
    return {};
  }

 private:
  using Partitions = std::vector<ok::TopicPartition>;

  bool has_reached_ends() const {
    if (!ends_ || !is_settled_) return false;
    if (ends_->empty()) return true;
    return std::ranges::none_of(consumer_->assignment(), [this](const ok::TopicPartition& id) {
      return ends_->contains(id);
    });
  }

  // False when the output cannot be written.
  bool print(const ok::RecordBatch& batch) {
    if (batch.empty()) return true;
    out_.clear();
    const ok::TopicPartition id{std::string(batch.topic()), batch.partition()};
    int64_t end = INT64_MAX;
    if (ends_) {
      const auto found = ends_->find(id);
      end = found == ends_->end() ? -1 : found->second;
    }
    std::optional<int64_t> first_printed;
    for (const ok::RecordView& record : batch) {
      if (record.offset() >= end || count_ == settings_->count) {
        leave_off(id, record.offset());
        break;
      }
      if (!first_printed) first_printed = record.offset();
      if (settings_->json) append_json(batch, record, out_);
      if (!settings_->json) append_formatted(format_, batch, record, out_);
      ++count_;
    }
    write_text(out_);
    if (is_written()) return true;
    if (first_printed) leave_off(id, *first_printed);
    return false;
  }

  // Nothing more of the partition is printed. Fails only for one that is not ours any more.
  void leave_off(const ok::TopicPartition& id, int64_t offset) {
    (void)consumer_->seek(id, offset);
    (void)consumer_->pause({id});
  }

  void forget_ended(const ok::RecordBatch& batch) {
    if (!batch.empty()) {
      const auto end = ends_->find({std::string(batch.topic()), batch.partition()});
      if (end != ends_->end() && batch.next_offset() >= end->second) ends_->erase(end);
    }
    // Control records at the end are not handed out: the position tells that they were passed.
    for (auto end = ends_->begin(); end != ends_->end();) {
      const auto lag = consumer_->lag(end->first);
      end = lag && *lag == 0 ? ends_->erase(end) : std::next(end);
    }
  }

  const Settings* settings_;
  ok::Consumer* consumer_;
  std::optional<Ends> ends_;
  bool is_settled_ = true;  // what is assigned to us
  std::string format_;
  std::string out_;
  uint64_t count_ = 0;
};

}  // namespace

Outcome consume(const ok::Client& client, const Settings& settings) {
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  ok::ConsumerOptions options = consumer_options(settings);
  const auto range = range_of(settings, options.group);
  if (!range) return range.error();
  if (range->is_start_given) {
    const bool is_at_end = range->start.kind == Kind::kEnd;
    options.start = is_at_end ? ok::Start::latest : ok::Start::earliest;
  }
  ok::Consumer consumer(client, options);
  Reader reader(settings, consumer);
  const bool is_member = !options.group.empty() && settings.only_partitions.empty();
  const bool has_end = settings.exit_at_end || range->until_ms;
  if (!is_member || has_end) {
    auto partitions = partitions_of(client, settings, settings.topics);
    if (!partitions) return partitions.error();
    ok::Admin admin(client);
    const OffsetLookup lookup{.admin = &admin,
                              .partitions = *std::move(partitions),
                              .isolation = options.isolation,
                              .wait = wait_of(settings)};
    const auto begins = begins_of(lookup, range->start);
    if (!begins) return begins.error();
    if (!is_member) {
      if (const Outcome assigned = consumer.assign(lookup.partitions); !assigned) return assigned;
    }
    for (const auto& [id, offset] : *begins) {
      if (const Outcome sought = consumer.seek(id, offset); !sought) return sought;
    }
    if (has_end) {
      auto ends = ends_of(lookup, *range, *begins, !options.group.empty());
      if (!ends) return ends.error();
      reader.end_at(*std::move(ends));
    }
  }
  if (is_member) {
    if (const Outcome subscribed = reader.subscribe(options.protocol); !subscribed)
      return subscribed;
  }
  const Outcome read = reader.run();
  const Outcome closed = consumer.close(seconds(10)).get();
  return read ? closed : read;
}

}  // namespace odk
