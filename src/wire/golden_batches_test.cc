// Batches written by Apache Kafka's Java client: tests/golden-batches/README.md.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "wire/batch_builder.h"
#include "wire/batch_rewrite.h"
#include "wire/control_record.h"
#include "wire/murmur2.h"
#include "wire/record_iterator.h"

namespace odradek::wire {
namespace {

using Text = std::optional<std::string>;

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

Text field(const std::string& text) {
  if (text == "null") return std::nullopt;
  if (text.starts_with('x')) return from_hex(text.substr(1));
  const size_t star = text.find('*');
  std::string all;
  const std::string piece = from_hex(text.substr(star + 1));
  for (int left = std::stoi(text.substr(0, star)); left > 0; --left) all += piece;
  return all;
}

struct GoldenRecord {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  Text key;
  Text value;
  std::vector<std::pair<std::string, Text>> headers;

  bool operator==(const GoldenRecord&) const = default;
};

struct GoldenBatch {
  std::string name;
  std::string header;
  std::vector<GoldenRecord> records;
  std::string bytes;
};

GoldenRecord parse_record(std::istringstream& line) {
  GoldenRecord record;
  std::string key;
  std::string value;
  line >> record.offset >> record.timestamp_ms >> key >> value;
  record.key = field(key);
  record.value = field(value);
  for (std::string header; line >> header;) {
    const size_t equals = header.find('=');
    const std::string text = header.substr(equals + 1);
    record.headers.emplace_back(from_hex(header.substr(0, equals)),
                                text == "null" ? Text() : Text(from_hex(text)));
  }
  return record;
}

std::vector<GoldenBatch> load() {
  std::ifstream file(ODK_SOURCE_DIR "/tests/golden-batches/kafka-clients-4.4.0.txt");
  std::vector<GoldenBatch> batches;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string kind;
    line >> kind;
    if (kind == "batch") {
      line >> batches.emplace_back().name;
    } else if (kind == "header") {
      std::getline(line >> std::ws, batches.back().header);
    } else if (kind == "record") {
      batches.back().records.push_back(parse_record(line));
    } else if (kind == "bytes") {
      std::string hex;
      line >> hex;
      batches.back().bytes = from_hex(hex);
    }
  }
  return batches;
}

// The header line as the generator prints it.
std::string describe(const BatchView& batch) {
  std::ostringstream line;
  line << std::boolalpha << batch.base_offset() << ' ' << batch.last_offset() << ' '
       << batch.leader_epoch() << ' ' << codec_name(batch.codec()) << ' '
       << (batch.timestamp_type() == TimestampType::kCreateTime ? "CreateTime" : "LogAppendTime")
       << ' ' << batch.max_timestamp() << ' ' << batch.is_transactional() << ' '
       << batch.is_control() << ' ' << batch.producer_id() << ' ' << batch.producer_epoch() << ' '
       << batch.base_sequence() << ' ' << batch.last_sequence() << ' ' << batch.record_count()
       << ' ' << (batch.has_delete_horizon() ? batch.base_timestamp() : -1);
  return line.str();
}

Text owned(Bytes bytes) {
  return is_null(bytes) ? std::nullopt : Text(std::string(as_text(bytes)));
}
Bytes borrowed(const Text& text) { return text ? as_bytes(*text) : Bytes(); }

std::vector<GoldenRecord> read_all(const BatchView& batch) {
  Decompressor decompressor;
  Buffer scratch;
  const Result<Bytes> section = records_of(batch, decompressor, scratch);
  EXPECT_TRUE(section) << section.error().to_string();
  if (!section) return {};
  RecordCursor cursor(batch, *section);
  std::vector<GoldenRecord> records;
  while (const RecordView* record = cursor.next()) {
    GoldenRecord& one = records.emplace_back();
    one.offset = record->offset;
    one.timestamp_ms = record->timestamp_ms;
    one.key = owned(record->key);
    one.value = owned(record->value);
    for (const RecordHeader& header : record->headers) {
      one.headers.emplace_back(header.key, owned(header.value));
    }
  }
  EXPECT_TRUE(cursor.status());
  return records;
}

// A batch with the same content as `golden`, which reads as `view`, by our own builder.
Slice rebuild(const GoldenBatch& golden, const BatchView& view) {
  BatchBuilder builder({.base_offset = view.base_offset(),
                        .leader_epoch = view.leader_epoch(),
                        .transactional = view.is_transactional(),
                        .control = view.is_control(),
                        .producer_id = view.producer_id(),
                        .producer_epoch = view.producer_epoch(),
                        .base_sequence = view.base_sequence()});
  for (const GoldenRecord& record : golden.records) {
    std::vector<RecordHeader> headers;
    headers.reserve(record.headers.size());
    for (const auto& [key, value] : record.headers) headers.push_back({key, borrowed(value)});
    EXPECT_TRUE(builder.append_at(static_cast<int32_t>(record.offset - view.base_offset()),
                                  {.timestamp_ms = record.timestamp_ms,
                                   .key = borrowed(record.key),
                                   .value = borrowed(record.value),
                                   .headers = headers}));
  }
  builder.extend_to(view.last_offset_delta());
  Compressor compressor;
  return builder.finish(compressor).value();
}

TEST(GoldenBatches, ReadAsJavaReadsThem) {
  const std::vector<GoldenBatch> batches = load();
  ASSERT_EQ(batches.size(), 23U);
  for (const GoldenBatch& golden : batches) {
    SCOPED_TRACE(golden.name);
    const Result<BatchView> batch = BatchView::parse(as_bytes(golden.bytes));
    ASSERT_TRUE(batch) << batch.error().to_string();
    EXPECT_EQ(batch->size(), golden.bytes.size());
    EXPECT_TRUE(batch->verify_crc());
    EXPECT_EQ(describe(*batch), golden.header);
    EXPECT_TRUE(read_all(*batch) == golden.records);
  }
}

TEST(GoldenBatches, AreWrittenByteForByteWhenUncompressed) {
  int compared = 0;
  for (const GoldenBatch& golden : load()) {
    const BatchView batch = BatchView::parse(as_bytes(golden.bytes)).value();
    // LogAppendTime hides the records' own times, and a delete horizon their base.
    if (batch.codec() != Codec::kNone || batch.has_delete_horizon() ||
        batch.timestamp_type() == TimestampType::kLogAppendTime) {
      continue;
    }
    EXPECT_EQ(rebuild(golden, batch).text(), golden.bytes) << golden.name;
    ++compared;
  }
  EXPECT_EQ(compared, 8);
}

TEST(GoldenBatches, LogAppendTimeIsStampedAsJavaDoes) {
  std::map<std::string, GoldenBatch> by_name;
  for (GoldenBatch& golden : load()) by_name[golden.name] = golden;
  std::string bytes = by_name["mixed-none"].bytes;
  const MutableBytes batch(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  ASSERT_TRUE(stamp_log_append_time(batch, 1'700'000'012'345));
  set_base_offset(batch, 7, 9);
  EXPECT_EQ(bytes, by_name["log-append-time"].bytes);
}

TEST(GoldenBatches, ControlMarkersAreReadAndWrittenAsJavaDoes) {
  int compared = 0;
  for (const GoldenBatch& golden : load()) {
    if (!golden.name.starts_with("control-")) continue;
    ++compared;
    const BatchView batch = BatchView::parse(as_bytes(golden.bytes)).value();
    RecordCursor cursor(batch, batch.stored_records());
    const RecordView* record = cursor.next();
    ASSERT_NE(record, nullptr);
    const Result<EndTxnMarker> marker = end_txn_marker(*record);
    ASSERT_TRUE(marker);
    EXPECT_EQ(marker->committed, golden.name == "control-commit");
    EXPECT_EQ(marker->coordinator_epoch, 17);
    const Slice made = make_end_txn_batch({.marker = *marker,
                                           .producer_id = 4001,
                                           .producer_epoch = 2,
                                           .timestamp_ms = 1'700'000'000'000,
                                           .base_offset = 900,
                                           .leader_epoch = 3});
    EXPECT_EQ(made.text(), golden.bytes);
  }
  EXPECT_EQ(compared, 2);
}

// Every flipped bit behind the magic is caught by the CRC or, in front of it, by the parser or
// seen in the offset and epoch, which the CRC leaves out.
TEST(GoldenBatches, FlippedBitsAreCaughtByTheCrc) {
  for (const GoldenBatch& golden : load()) {
    if (golden.bytes.size() > 500) continue;
    for (size_t at = batch_layout::kCrc; at < golden.bytes.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        std::string damaged = golden.bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        const Result<BatchView> batch = BatchView::parse(as_bytes(damaged));
        ASSERT_FALSE(batch && batch->verify_crc()) << golden.name << " byte " << at;
      }
    }
  }
}

TEST(GoldenBatches, CutAtEveryByteTheyAreIncomplete) {
  for (const GoldenBatch& golden : load()) {
    for (size_t size = 0; size < golden.bytes.size(); ++size) {
      const Bytes cut = as_bytes(golden.bytes).first(size);
      ASSERT_FALSE(BatchView::parse(cut)) << golden.name << " cut to " << size;
      BatchCursor cursor(cut);
      const auto next = cursor.next();
      ASSERT_TRUE(next) << golden.name << " cut to " << size;
      ASSERT_FALSE(*next);
      ASSERT_EQ(cursor.rest().size(), size);
    }
  }
}

TEST(GoldenBatches, HashesAreThoseOfJava) {
  std::ifstream file(ODK_SOURCE_DIR "/tests/golden-batches/kafka-clients-4.4.0.txt");
  int compared = 0;
  for (std::string text; std::getline(file, text);) {
    if (!text.starts_with("murmur2 ")) continue;
    const size_t end = text.find(' ', 8);
    const std::string key = from_hex(text.substr(8, end - 8));
    std::istringstream rest(text.substr(end));
    int32_t hash = 0;
    int32_t partition = 0;
    rest >> hash >> partition;
    EXPECT_EQ(static_cast<int32_t>(murmur2(as_bytes(key))), hash);
    EXPECT_EQ(partition_for_key(as_bytes(key), 12), partition);
    ++compared;
  }
  EXPECT_EQ(compared, 11);
}

}  // namespace
}  // namespace odradek::wire
