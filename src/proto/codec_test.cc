#include "proto/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proto/array_of.h"
#include "proto/decode_message.h"
#include "proto/messages/api_versions_response.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "proto/messages/join_group_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/request_header.h"

namespace odradek::proto {
namespace {

using ByteList = std::vector<uint8_t>;

template <class T>
Result<Slice> encoded(const T& message, int16_t version) {
  wire::Writer writer;
  encode(writer, version, message);
  ODK_TRY(const SliceChain chain, writer.finish());
  return chain.flatten();
}

template <class T>
Result<void> decoded(const ByteList& bytes, int16_t version, Arena& arena, T& out) {
  return decode_all(Bytes(bytes), version, arena, out);
}

ByteList list(const Slice& slice) {
  const Bytes bytes = slice.bytes();
  return {bytes.begin(), bytes.end()};
}

TEST(TagReader, JoinsUnknownTagsAroundAKnownOne) {
  const ByteList bytes{0, 1, 0xA0, /* known */ 1, 1, 0xFF, 2, 2, 0xB0, 0xB1, 9, 0};
  Arena arena;
  wire::Reader reader(bytes, arena);
  TagReader tags(reader, 4);
  int known = 0;
  while (tags.next()) {
    if (tags.tag() == 1) {
      known = reader.i8() == -1 ? 1 : 0;
      tags.done();
    } else {
      tags.keep();
    }
  }
  ASSERT_TRUE(reader.finish().has_value());
  EXPECT_EQ(known, 1);
  EXPECT_EQ(tags.unknown().count, 3U);
  const Bytes raw = tags.unknown().raw();
  EXPECT_EQ(ByteList(raw.begin(), raw.end()), (ByteList{0, 1, 0xA0, 2, 2, 0xB0, 0xB1, 9, 0}));
}

TEST(TagWriter, PutsUnknownTagsBetweenKnownOnesInOrder) {
  const ByteList kept{0, 1, 0xA0, 2, 2, 0xB0, 0xB1, 9, 0};
  wire::Writer writer;
  TagWriter tags(writer, {kept.data(), static_cast<uint32_t>(kept.size()), 3}, 2);
  tags.begin(1);
  writer.i8(-1);
  tags.end();
  tags.begin(5);
  tags.end();
  tags.finish();
  EXPECT_EQ(list(writer.take().flatten()),
            (ByteList{5, 0, 1, 0xA0, 1, 1, 0xFF, 2, 2, 0xB0, 0xB1, 5, 0, 9, 0}));
}

TEST(TagWriter, CountsSlicesHeldByReferenceInTheSizeOfTheirField) {
  wire::Writer writer;
  TagWriter tags(writer, {}, 1);
  tags.begin(0);
  writer.append(Slice::copy_of(std::string(300, 'x')));
  writer.i8(7);
  tags.end();
  tags.finish();
  ByteList expected{1, 0, 0xAD, 0x02};  // 301 as a varint
  expected.insert(expected.end(), 300, 'x');
  expected.push_back(7);
  EXPECT_EQ(list(writer.take().flatten()), expected);
}

TEST(TagReader, RefusesTagsThatDoNotAscend) {
  for (const ByteList& bytes : {ByteList{7, 0, 7, 0}, ByteList{7, 0, 3, 0}}) {
    Arena arena;
    wire::Reader reader(bytes, arena);
    (void)read_unknown_tags_slow(reader, 2);
    EXPECT_EQ(reader.fault(), wire::ReadFault::kBadValue);
  }
}

TEST(TagReader, RefusesMoreTagsThanTheBytesCanHold) {
  const ByteList bytes{7, 0, 8, 0};
  Arena arena;
  wire::Reader reader(bytes, arena);
  (void)read_unknown_tags_slow(reader, 3);
  EXPECT_EQ(reader.fault(), wire::ReadFault::kCountTooLarge);
}

// ApiVersionsResponse 3 without APIs: error, empty array, throttle, tagged fields.
ByteList api_versions_with_tags(const ByteList& tags) {
  ByteList bytes{0, 0, 1, 0, 0, 0, 0};
  bytes.insert(bytes.end(), tags.begin(), tags.end());
  return bytes;
}

TEST(Messages, RefuseATaggedFieldThatDoesNotFillItsSize) {
  Arena arena;
  ApiVersionsResponse message;
  const ByteList right = api_versions_with_tags({1, 1, 8, 0, 0, 0, 0, 0, 0, 0, 42});
  ASSERT_TRUE(decoded(right, 3, arena, message).has_value());
  EXPECT_EQ(message.finalized_features_epoch, 42);
  const ByteList longer = api_versions_with_tags({1, 1, 9, 0, 0, 0, 0, 0, 0, 0, 42, 0});
  EXPECT_FALSE(decoded(longer, 3, arena, message).has_value());
  const ByteList shorter = api_versions_with_tags({1, 1, 7, 0, 0, 0, 0, 0, 0, 0, 42});
  EXPECT_FALSE(decoded(shorter, 3, arena, message).has_value());
}

TEST(Messages, KeepUnknownTagsThroughDecodeAndEncode) {
  const ByteList bytes =
      api_versions_with_tags({2, 1, 8, 0, 0, 0, 0, 0, 0, 0, 42, 0x80, 0x01, 2, 0xAB, 0xCD});
  Arena arena;
  ApiVersionsResponse message;
  ASSERT_TRUE(decoded(bytes, 3, arena, message).has_value());
  EXPECT_EQ(message.unknown_tags.count, 1U);
  EXPECT_EQ(list(*encoded(message, 3)), bytes);
}

TEST(Messages, RefuseAKnownTagInAVersionBeforeIt) {
  FetchRequest message;
  message.replica_state.replica_id = 3;
  const Slice bytes = *encoded(message, 15);
  Arena arena;
  FetchRequest again;
  EXPECT_TRUE(decode_all(bytes.bytes(), 15, arena, again).has_value());
  EXPECT_EQ(again.replica_state.replica_id, 3);
  // Version 14 has the replica id as a plain field of 4 bytes in front.
  ByteList older = list(bytes);
  older.insert(older.begin(), {0xFF, 0xFF, 0xFF, 0xFF});
  EXPECT_FALSE(decoded(older, 14, arena, again).has_value());
}

TEST(Messages, TellNullEmptyAndAbsentArraysApart) {
  MetadataRequest message;
  EXPECT_NE(message.topics.data(), nullptr);  // Kafka's default: no topics
  EXPECT_EQ(list(*encoded(message, 1)), (ByteList{0, 0, 0, 0}));
  message.topics = {};  // null: all topics
  EXPECT_EQ(list(*encoded(message, 1)), (ByteList{0xFF, 0xFF, 0xFF, 0xFF}));
  std::vector<MetadataRequest::MetadataRequestTopic> none;
  message.topics = array_of(none);
  EXPECT_EQ(list(*encoded(message, 1)), (ByteList{0, 0, 0, 0}));
}

TEST(Messages, RefuseToEncodeNullWhereTheVersionHasNone) {
  MetadataRequest message;
  message.topics = {};
  const Result<Slice> result = encoded(message, 0);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), Errc::kUnsupported);
  EXPECT_EQ(result.error().message(), "MetadataRequest version 0 cannot carry topics");
}

TEST(Messages, RefuseToDecodeNullWhereTheVersionHasNone) {
  Arena arena;
  MetadataRequest message;
  EXPECT_FALSE(decoded({0xFF, 0xFF, 0xFF, 0xFF}, 0, arena, message).has_value());
  EXPECT_TRUE(decoded({0xFF, 0xFF, 0xFF, 0xFF}, 1, arena, message).has_value());
}

TEST(Messages, RefuseAValueTheVersionCannotCarryUnlessIgnorable) {
  CreateTopicsRequest request;
  request.validate_only = true;  // since version 1, not ignorable
  static_assert(CreateTopicsRequest::kMinVersion >= 1);
  FetchResponse response;
  response.session_id = 7;  // since version 7, not ignorable
  const Result<Slice> refused = encoded(response, 4);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), Errc::kUnsupported);
  response.session_id = 0;
  response.error_code = 3;  // since version 7, ignorable
  EXPECT_TRUE(encoded(response, 4).has_value());
}

TEST(Messages, RefuseVersionsThatDoNotExist) {
  Arena arena;
  FetchRequest message;
  EXPECT_FALSE(decoded({0, 0, 0, 0}, FetchRequest::kMinVersion - 1, arena, message).has_value());
  EXPECT_FALSE(decoded({0, 0, 0, 0}, FetchRequest::kMaxVersion + 1, arena, message).has_value());
  EXPECT_EQ(encoded(message, FetchRequest::kMaxVersion + 1).error().code(), Errc::kUnsupported);
}

TEST(Messages, RefuseLeftOverBytes) {
  Arena arena;
  MetadataRequest message;
  EXPECT_FALSE(decoded({0, 0, 0, 0, 0}, 1, arena, message).has_value());
}

TEST(Messages, RefuseCountsTheBytesCannotHoldBeforeAllocating) {
  Arena arena;
  MetadataRequest message;
  EXPECT_FALSE(decoded({0x7F, 0xFF, 0xFF, 0xFF}, 1, arena, message).has_value());
  EXPECT_EQ(arena.allocated_bytes(), 0U);
}

TEST(Messages, StopAtTheArenasBudget) {
  wire::Writer writer;
  constexpr int kTopics = 100'000;
  writer.i32(kTopics);
  for (int i = 0; i < kTopics; ++i) writer.i16(0);
  const Slice bytes = writer.take().flatten();
  Arena arena(bytes.size());
  MetadataRequest message;
  EXPECT_FALSE(decode_all(bytes.bytes(), 1, arena, message).has_value());
  EXPECT_LE(arena.allocated_bytes(), 2 * bytes.size());
}

TEST(Messages, DecodingStartsFromDefaults) {
  Arena arena;
  FetchResponse message;
  message.session_id = 99;
  message.node_endpoints = empty_array<FetchResponse::NodeEndpoint>();
  ASSERT_TRUE(decoded({0, 0, 0, 0, 0, 0, 0, 0}, 4, arena, message).has_value());
  EXPECT_EQ(message.session_id, 0);
}

TEST(Messages, AppendRecordsByReference) {
  const std::vector<Slice> batches{Slice::copy_of(std::string(5000, 'x'))};
  std::vector<ProduceRequest::PartitionProduceData> partitions(1);
  partitions[0].records.slices = batches;
  std::vector<ProduceRequest::TopicProduceData> topics(1);
  topics[0].name = "t";
  topics[0].partition_data = array_of(partitions);
  ProduceRequest message;
  message.topic_data = array_of(topics);
  wire::Writer writer;
  encode(writer, 9, message);
  const SliceChain chain = *writer.finish();
  ASSERT_EQ(chain.slices().size(), 3U);
  EXPECT_EQ(chain.slices()[1].data(), batches[0].data());
}

TEST(Messages, WriteTheHeadersClientIdTheOldWayInFlexibleVersions) {
  RequestHeader header;
  header.request_api_key = 18;
  header.request_api_version = 3;
  header.correlation_id = 1;
  header.client_id = "me";
  EXPECT_EQ(list(*encoded(header, 2)), (ByteList{0, 18, 0, 3, 0, 0, 0, 1, 0, 2, 'm', 'e', 0}));
}

TEST(Messages, AllowNullOnlySinceTheVersionThatBroughtIt) {
  JoinGroupResponse message;
  message.protocol_name = {};
  EXPECT_TRUE(encoded(message, 7).has_value());
  EXPECT_FALSE(encoded(message, 6).has_value());
}

}  // namespace
}  // namespace odradek::proto
