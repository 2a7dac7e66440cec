// odk consume.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "commands.h"
#include "format.h"
#include "offset_text.h"

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

ok::Result<Range> range_of(const Settings& settings) {
  Range range;
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
  if (!settings.group.empty() && (!is_simple || range.until_ms)) {
    return wrong("members of a group begin at beginning, end or stored");
  }
  if (settings.group.empty() && range.start.kind == Kind::kStored) {
    return wrong("-o stored needs a group: -g");
  }
  return range;
}

ok::ConsumerOptions consumer_options(const Settings& settings, const Range& range) {
  ok::ConsumerOptions options = settings.options.consumer;
  if (!settings.group.empty()) options.group = settings.group;
  if (settings.consumer_protocol) options.protocol = ok::GroupProtocol::consumer;
  const bool is_at_end = range.start.kind == Kind::kEnd;
  options.start = is_at_end ? ok::Start::latest : ok::Start::earliest;
  if (settings.read_committed) options.isolation = ok::Isolation::read_committed;
  return options;
}

// The offsets at or after a time; the end where nothing is that late.
ok::Result<std::vector<int64_t>> offsets_at(ok::Admin& admin,
                                            const std::vector<ok::TopicPartition>& partitions,
                                            int64_t time_ms) {
  const auto found = ok::all(admin.list_offsets(partitions, time_ms).get());
  if (!found) return found.error();
  const auto last = ok::all(admin.list_offsets(partitions, ok::OffsetSpec::latest).get());
  if (!last) return last.error();
  std::vector<int64_t> offsets;
  for (size_t i = 0; i < partitions.size(); ++i) {
    offsets.push_back((*found)[i].offset >= 0 ? (*found)[i].offset : (*last)[i].offset);
  }
  return offsets;
}

// Where reading of each partition begins, when that is not the consumer's own business.
ok::Result<Ends> begins_of(ok::Admin& admin, const std::vector<ok::TopicPartition>& partitions,
                           const OffsetText& start) {
  Ends begins;
  if (start.kind == Kind::kAbsolute) {
    for (const ok::TopicPartition& id : partitions) begins[id] = start.value;
  } else if (start.kind == Kind::kSince) {
    const auto offsets = offsets_at(admin, partitions, start.value);
    if (!offsets) return offsets.error();
    for (size_t i = 0; i < partitions.size(); ++i) begins[partitions[i]] = (*offsets)[i];
  } else if (start.kind == Kind::kBeforeEnd) {
    const auto first = ok::all(admin.list_offsets(partitions, ok::OffsetSpec::earliest).get());
    if (!first) return first.error();
    const auto last = ok::all(admin.list_offsets(partitions, ok::OffsetSpec::latest).get());
    if (!last) return last.error();
    for (size_t i = 0; i < partitions.size(); ++i) {
      begins[partitions[i]] = std::max((*first)[i].offset, (*last)[i].offset - start.value);
    }
  }
  return begins;
}

// Where reading ends: at the present ends of partitions, or at a time; without those where there
// is nothing to read.
ok::Result<Ends> ends_of(ok::Admin& admin, const std::vector<ok::TopicPartition>& partitions,
                         const Range& range, const Ends& begins) {
  const auto first = ok::all(admin.list_offsets(partitions, ok::OffsetSpec::earliest).get());
  if (!first) return first.error();
  std::vector<int64_t> last;
  if (range.until_ms) {
    auto offsets = offsets_at(admin, partitions, *range.until_ms);
    if (!offsets) return offsets.error();
    last = *std::move(offsets);
  } else {
    const auto listed = ok::all(admin.list_offsets(partitions, ok::OffsetSpec::latest).get());
    if (!listed) return listed.error();
    for (const ok::ListedOffset& offset : *listed) last.push_back(offset.offset);
  }
  Ends ends;
  for (size_t i = 0; i < partitions.size(); ++i) {
    const auto begin = begins.find(partitions[i]);
    int64_t from = begin == begins.end() ? (*first)[i].offset : begin->second;
    if (begins.empty() && range.start.kind == Kind::kEnd) from = last[i];
    if (last[i] > from) ends[partitions[i]] = last[i];
  }
  return ends;
}

// Reads, prints, and knows when it is done.
class Reader {
 public:
  Reader(const Settings& settings, ok::Consumer& consumer, std::optional<Ends> ends)
      : settings_(&settings), consumer_(&consumer), ends_(std::move(ends)) {
    const std::string key = settings.key_delimiter.empty() ? "" : "%k" + settings.key_delimiter;
    const std::string plain = key + "%s" + settings.record_delimiter;
    format_ = unescape(settings.format.empty() ? plain : settings.format);
  }

  Outcome run() {
    while (stop_asked == 0 && count_ < settings_->count && !(ends_ && ends_->empty())) {
      auto batch = consumer_->next(milliseconds(500)).get();
      if (!batch) return batch.error();
      if (!print(*batch)) return ok::KafkaError(ok::ErrorKind::internal, "cannot write the output");
      if (ends_) forget_ended(*batch);
    }
    return {};
  }

 private:
  bool print(const ok::RecordBatch& batch) {
    out_.clear();
    int64_t end = INT64_MAX;
    if (ends_ && !batch.empty()) {
      const auto found = ends_->find({std::string(batch.topic()), batch.partition()});
      end = found == ends_->end() ? -1 : found->second;
    }
    for (const ok::RecordView& record : batch) {
      if (record.offset() >= end || count_ == settings_->count) break;
      if (settings_->json) append_json(batch, record, out_);
      if (!settings_->json) append_formatted(format_, batch, record, out_);
      ++count_;
    }
    if (std::fwrite(out_.data(), 1, out_.size(), stdout) != out_.size()) return false;
    return batch.empty() || std::fflush(stdout) == 0;
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
  std::string format_;
  std::string out_;
  uint64_t count_ = 0;
};

}  // namespace

Outcome consume(const ok::Client& client, const Settings& settings) {
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  const auto range = range_of(settings);
  if (!range) return range.error();
  const ok::ConsumerOptions options = consumer_options(settings, *range);
  ok::Consumer consumer(client, options);
  ok::Admin admin(client);
  std::optional<Ends> ends;
  const bool is_member = !options.group.empty() && settings.only_partitions.empty();
  Ends begins;
  if (!is_member || settings.exit_at_end || range->until_ms) {
    const auto partitions = partitions_of(client, settings, settings.topics);
    if (!partitions) return partitions.error();
    auto found = begins_of(admin, *partitions, range->start);
    if (!found) return found.error();
    begins = *std::move(found);
    if (!is_member) {
      if (const Outcome assigned = consumer.assign(*partitions); !assigned) return assigned;
    }
    for (const auto& [id, offset] : begins) {
      if (const Outcome sought = consumer.seek(id, offset); !sought) return sought;
    }
    if (settings.exit_at_end || range->until_ms) {
      auto until = ends_of(admin, *partitions, *range, begins);
      if (!until) return until.error();
      ends = *std::move(until);
    }
  }
  if (is_member) {
    if (const Outcome subscribed = consumer.subscribe(settings.topics); !subscribed) {
      return subscribed;
    }
  }
  const Outcome read = Reader(settings, consumer, std::move(ends)).run();
  const Outcome closed = consumer.close(seconds(10)).get();
  return read ? closed : read;
}

}  // namespace odk
