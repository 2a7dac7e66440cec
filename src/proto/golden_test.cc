// Every message in every version against bytes written by Kafka's own Java code.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "proto/all_messages.h"
#include "proto/decode_message.h"
#include "proto/golden_fill.h"
#include "proto/message_info.h"

namespace odradek::proto {
namespace {

using testing::Filler;
using testing::FillKind;

constexpr int kFillKinds = 5;

struct Sample {
  std::string message;
  int16_t version = 0;
  FillKind kind{};
  Bytes bytes;

  std::string name() const {
    return fmt::format("{} v{} fill {}", message, version, static_cast<int>(kind));
  }
};

// The golden file, unpacked; samples view `content`.
struct GoldenFile {
  std::vector<uint8_t> content;
  std::vector<Sample> samples;
};

std::vector<uint8_t> unpack(const std::string& path) {
  std::vector<uint8_t> content;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return content;
  uint8_t part[65536];
  for (int got = gzread(file, part, sizeof part); got > 0; got = gzread(file, part, sizeof part)) {
    content.insert(content.end(), part, part + got);
  }
  gzclose(file);
  return content;
}

GoldenFile load_golden() {
  GoldenFile golden;
  golden.content = unpack(ODK_SOURCE_DIR "/tests/golden/messages-4.4.0.bin.gz");
  Arena arena;
  wire::Reader reader(golden.content, arena);
  EXPECT_EQ(as_text(reader.take(8)), "ODKGOLD1");
  while (reader.ok() && reader.remaining() > 0) {
    Sample sample;
    sample.message = as_text(reader.take(static_cast<size_t>(reader.i8())));
    sample.version = reader.i16();
    sample.kind = static_cast<FillKind>(reader.i8());
    sample.bytes = reader.take(static_cast<size_t>(reader.i32()));
    golden.samples.push_back(std::move(sample));
  }
  EXPECT_TRUE(reader.ok());
  return golden;
}

const MessageInfo* find_message(std::string_view name) {
  const auto* found = std::ranges::find(kAllMessages, name, &MessageInfo::name);
  return found == std::end(kAllMessages) ? nullptr : found;
}

std::string hex(Bytes bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

using FillAndEncode = Result<SliceChain> (*)(FillKind, int16_t);

template <class Message>
Result<SliceChain> fill_and_encode(FillKind kind, int16_t version) {
  Arena arena;
  Message message;
  if constexpr (std::is_same_v<Message, ConsumerGroupMemberMetadataValue>) {
    // The one nullable struct whose default in Java is an empty struct; a pointer defaults to null.
    message.classic_member_metadata =
        arena.create<ConsumerGroupMemberMetadataValue::ClassicMemberMetadata>();
  }
  Filler filler(kind, version, arena);
  if (kind != FillKind::kDefaults) visit(filler, message);
  wire::Writer writer;
  encode(writer, version, message);
  return writer.finish();
}

std::map<std::string_view, FillAndEncode> all_fillers() {
  std::map<std::string_view, FillAndEncode> fillers;
  testing::for_each_message(
      [&fillers]<class Message>() { fillers[Message::kName] = &fill_and_encode<Message>; });
  return fillers;
}

TEST(GoldenMessages, CoverEveryMessageVersionAndFill) {
  const GoldenFile golden = load_golden();
  std::map<std::string, int> found;
  for (const Sample& sample : golden.samples) ++found[sample.name()];
  size_t expected = 0;
  for (const MessageInfo& info : kAllMessages) {
    for (int16_t version = info.min_version; version <= info.max_version; ++version) {
      for (int kind = 0; kind < kFillKinds; ++kind) {
        const Sample wanted{std::string(info.name), version, static_cast<FillKind>(kind), {}};
        EXPECT_EQ(found[wanted.name()], 1) << wanted.name();
        ++expected;
      }
    }
  }
  EXPECT_EQ(golden.samples.size(), expected);
  EXPECT_GT(expected, 3000U);
}

TEST(GoldenMessages, DecodeAndEncodeGiveTheSameBytes) {
  const GoldenFile golden = load_golden();
  for (const Sample& sample : golden.samples) {
    const MessageInfo* info = find_message(sample.message);
    ASSERT_NE(info, nullptr) << sample.message;
    Arena arena;
    const Result<SliceChain> again = info->reencode(sample.bytes, sample.version, arena);
    ASSERT_TRUE(again.has_value()) << sample.name() << ": " << again.error().to_string() << "\n"
                                   << hex(sample.bytes);
    ASSERT_EQ(hex(again->flatten().bytes()), hex(sample.bytes)) << sample.name();
  }
}

// A round trip cannot tell two fields of one type apart; equal values in equal places can.
TEST(GoldenMessages, OurOwnFieldsLandWhereJavaPutsThem) {
  const GoldenFile golden = load_golden();
  const auto fillers = all_fillers();
  for (const Sample& sample : golden.samples) {
    const auto filler = fillers.find(sample.message);
    ASSERT_NE(filler, fillers.end()) << sample.message;
    const Result<SliceChain> ours = filler->second(sample.kind, sample.version);
    ASSERT_TRUE(ours.has_value()) << sample.name() << ": " << ours.error().to_string();
    ASSERT_EQ(hex(ours->flatten().bytes()), hex(sample.bytes)) << sample.name();
  }
}

TEST(GoldenMessages, EveryPrefixIsRefusedWithoutHarm) {
  const GoldenFile golden = load_golden();
  for (const Sample& sample : golden.samples) {
    if (sample.bytes.size() > 400) continue;
    const MessageInfo* info = find_message(sample.message);
    ASSERT_NE(info, nullptr);
    for (size_t size = 0; size < sample.bytes.size(); ++size) {
      const std::vector<uint8_t> cut(sample.bytes.begin(),
                                     sample.bytes.begin() + static_cast<ptrdiff_t>(size));
      Arena arena(decode_budget_bytes(size));
      const Result<SliceChain> result = info->reencode(cut, sample.version, arena);
      ASSERT_FALSE(result.has_value()) << sample.name() << " cut to " << size;
    }
  }
}

TEST(GoldenMessages, FitTheDecodeBudget) {
  const GoldenFile golden = load_golden();
  for (const Sample& sample : golden.samples) {
    Arena arena(decode_budget_bytes(sample.bytes.size()));
    const Result<SliceChain> result =
        find_message(sample.message)->reencode(sample.bytes, sample.version, arena);
    EXPECT_TRUE(result.has_value()) << sample.name();
  }
}

}  // namespace
}  // namespace odradek::proto
