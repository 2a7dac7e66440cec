#include "proxy/remap/batch_mark.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "proxy/seed_for_tests.h"
#include "wire/batch_builder.h"

namespace odradek::proxy {
namespace {

Slice make_batch(const wire::BatchOptions& options, int32_t records, std::mt19937_64& random) {
  wire::BatchBuilder builder(options);
  for (int32_t i = 0; i < records; ++i) {
    const std::string value(random() % 300, static_cast<char>('a' + random() % 26));
    const wire::NewRecord record = {.timestamp_ms = 1'700'000'000'000 + i,
                                    .key = as_bytes("k"),
                                    .value = as_bytes(value),
                                    .headers = {}};
    EXPECT_TRUE(builder.append(record));
  }
  wire::Compressor compressor;
  return *builder.finish(compressor);
}

// What a client may produce: plain, idempotent, transactional, with any codec.
wire::BatchOptions random_options(std::mt19937_64& random) {
  wire::BatchOptions options;
  options.codec = static_cast<wire::Codec>(random() % 5);
  if (random() % 3 != 0) {
    options.producer_id = static_cast<int64_t>(random() % static_cast<uint64_t>(kProducerIdMax));
    options.producer_epoch = static_cast<int16_t>(random() % 32768);
    options.base_sequence = static_cast<int32_t>(random() % 0x7FFFFFFF);
    options.transactional = random() % 2 == 0;
  }
  return options;
}

Slice apply(const wire::BatchView& batch, const wire::HeaderEdit& edit) {
  Buffer bytes;
  const wire::HeaderBytes header = wire::edited_header(batch, edit);
  bytes.append(Bytes(header));
  bytes.append(batch.stored_records());
  return bytes.freeze();
}

// Invariant 1 of the design: decode(mark(b, v), v % P) == v, restore(mark(b, v)) == b, CRC valid.
TEST(BatchMark, IsReadBackAndTakenOffWithoutATrace) {
  std::mt19937_64 random(seed_of_test());
  for (int round = 0; round < 400; ++round) {
    const auto physical = static_cast<int32_t>(1 + random() % 16);
    const auto groups = static_cast<int32_t>(1 + random() % 256);
    const MappingSpec spec = {.virtual_partitions = physical * groups,
                              .physical_partitions = physical};
    const PartitionRemapper remapper = *PartitionRemapper::create(spec);
    const VirtualPartitionId v(
        static_cast<int32_t>(random() % static_cast<uint64_t>(physical * groups)));
    const Slice produced = make_batch(random_options(random), 1 + round % 40, random);
    const wire::BatchView batch = *wire::BatchView::parse(produced.bytes());

    const auto edit = mark_edit(batch, remapper, v);
    ASSERT_TRUE(edit);
    EXPECT_EQ(edit->has_value(), remapper.group_of(v).value() != 0);
    const Slice stored = *edit ? apply(batch, **edit) : produced;
    const wire::BatchView found = *wire::BatchView::parse(stored.bytes());
    EXPECT_TRUE(found.verify_crc());
    EXPECT_EQ(owner_of(found, remapper, remapper.physical_of(v)),
              (BatchOwner{BatchOwner::Kind::kOne, v}));

    const auto restore = restore_edit(found);
    EXPECT_EQ(restore.has_value(), edit->has_value());
    const Slice restored = restore ? apply(found, *restore) : stored;
    EXPECT_EQ(restored.text(), produced.text());
    EXPECT_TRUE(wire::BatchView::parse(restored.bytes())->verify_crc());
  }
}

TEST(BatchMark, KeepsADamagedBatchDamaged) {
  std::mt19937_64 random(7);
  const Slice good =
      make_batch({.producer_id = 12, .producer_epoch = 0, .base_sequence = 5}, 20, random);
  Buffer damaged;
  damaged.append(good.bytes());
  damaged.mutable_bytes().back() ^= 1U;
  const PartitionRemapper remapper =
      *PartitionRemapper::create({.virtual_partitions = 12, .physical_partitions = 3});
  const wire::BatchView batch = *wire::BatchView::parse(damaged.bytes());
  const auto edit = mark_edit(batch, remapper, VirtualPartitionId(11));
  ASSERT_TRUE(edit && *edit);
  const Slice stored = apply(batch, **edit);
  EXPECT_FALSE(wire::BatchView::parse(stored.bytes())->verify_crc());
}

class MarkRules : public testing::Test {
 protected:
  Slice batch(const wire::BatchOptions& options) { return make_batch(options, 3, random_); }
  Slice edited(const wire::BatchOptions& options, const wire::HeaderEdit& edit) {
    const Slice made = batch(options);
    return apply(*wire::BatchView::parse(made.bytes()), edit);
  }
  bool accepts(const Slice& produced, int32_t v) {
    const wire::BatchView view = *wire::BatchView::parse(produced.bytes());
    return mark_edit(view, remapper_, VirtualPartitionId(v)).has_value();
  }
  BatchOwner owner(const Slice& stored, int32_t p) {
    return owner_of(*wire::BatchView::parse(stored.bytes()), remapper_, PartitionId(p));
  }

  std::mt19937_64 random_{1};
  PartitionRemapper remapper_ =
      *PartitionRemapper::create({.virtual_partitions = 12, .physical_partitions = 3});
};

TEST_F(MarkRules, RefusesWhatWouldReadAsAMark) {
  for (const int32_t v : {0, 5}) {
    EXPECT_FALSE(accepts(edited({}, {.producer_epoch = kEpochMark, .base_sequence = 4}), v));
    EXPECT_FALSE(accepts(edited({}, {.producer_id = kProducerIdMark | 7}), v));
    EXPECT_FALSE(accepts(edited({}, {.producer_id = kProducerIdMax + 1}), v));
    EXPECT_FALSE(accepts(edited({}, {.producer_id = -2}), v));
    EXPECT_FALSE(accepts(edited({.transactional = true}, {.attributes = 0x0110}), v));
    EXPECT_FALSE(accepts(edited({.control = true}, {}), v));
    EXPECT_TRUE(accepts(edited({}, {.producer_id = kProducerIdMax}), v));
    // Some clients send epoch 0 and sequence 0 without a producer id.
    EXPECT_TRUE(accepts(edited({}, {.producer_epoch = 0, .base_sequence = 0}), v));
  }
}

TEST_F(MarkRules, GivesUnmarkedBatchesToGroupZero) {
  EXPECT_EQ(owner(batch({}), 2), (BatchOwner{BatchOwner::Kind::kOne, VirtualPartitionId(2)}));
  const wire::BatchOptions idempotent = {
      .producer_id = 9, .producer_epoch = kEpochMark, .base_sequence = 7};
  EXPECT_EQ(owner(batch(idempotent), 1),
            (BatchOwner{BatchOwner::Kind::kOne, VirtualPartitionId(1)}));
}

TEST_F(MarkRules, ShowsControlBatchesToEveryPartition) {
  EXPECT_EQ(owner(batch({.transactional = true, .control = true}), 0).kind,
            BatchOwner::Kind::kEvery);
  EXPECT_FALSE(restore_edit(*wire::BatchView::parse(
      batch({.transactional = true, .control = true, .producer_id = int64_t{1} << 61}).bytes())));
}

TEST_F(MarkRules, DropsMarksThatCannotBeHere) {
  using Edit = wire::HeaderEdit;
  const auto nobody = [&](const Slice& stored, int32_t p) {
    return owner(stored, p).kind == BatchOwner::Kind::kNobody;
  };
  EXPECT_TRUE(nobody(edited({}, Edit{.producer_epoch = kEpochMark, .base_sequence = 12}), 0));
  EXPECT_TRUE(nobody(edited({}, Edit{.producer_epoch = kEpochMark, .base_sequence = 4}), 0));
  const int64_t names_4 = kProducerIdMark | int64_t{4} << kProducerIdBits | 77;
  EXPECT_TRUE(nobody(edited({}, Edit{.producer_id = names_4}), 0));
  EXPECT_FALSE(nobody(edited({}, Edit{.producer_id = names_4}), 1));
  EXPECT_TRUE(nobody(edited({.transactional = true}, Edit{.attributes = 0x0410}), 0));
}

}  // namespace
}  // namespace odradek::proxy
