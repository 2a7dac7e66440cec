// A Fetch of any shape, answered by brokers with anything: the client's request and the broker's
// answers are the input. [version u8][request length u16][request][answer]...
#include <cstdlib>
#include <optional>
#include <vector>

#include "proxy/fetch_assembly.h"
#include "proxy/produce_plan.h"
#include "rpc/message.h"

namespace odradek::proxy {
namespace {

constexpr size_t kHeaderBytes = 3;
constexpr int kRoundsMax = 8;

// Topics "a" (mapped, 6 over 2) and "b" (not mapped, 2), led by brokers 0 and 1.
struct World {
  cluster::Metadata metadata;
  std::optional<MappingRegistry> registry;

  World() {
    for (const char* name : {"a", "b"}) {
      cluster::Topic& topic = metadata.topics.emplace_back();
      topic.name = name;
      topic.id.bytes[15] = static_cast<uint8_t>(name[0]);
      for (int32_t p = 0; p < 2; ++p) {
        cluster::Partition& partition = topic.partitions.emplace_back();
        partition.id = p;
        partition.leader = p;
      }
    }
    registry = *MappingRegistry::create(
        std::nullopt, {{"a", {.virtual_partitions = 6, .physical_partitions = 2}}});
  }

  ResolvedTopic resolve(std::string_view name, const Uuid& id) const {
    if (!name.empty()) return resolve_topic(metadata, *registry, name);
    const cluster::Topic* topic = metadata.topic(id);
    if (topic == nullptr) return {.error = proto::ErrorCode::kUnknownTopicId};
    return resolve_topic(metadata, *registry, topic->name);
  }
};

void answer_rounds(FetchAssembly& assembly, Slice answers, int16_t version) {
  for (int round = 0; round < kRoundsMax && !assembly.is_complete(); ++round) {
    for (const int32_t leader : assembly.leaders()) {
      const auto reads = assembly.wanted(leader);
      if (reads.empty()) continue;
      Arena arena;
      wire::Writer writer;
      encode(writer, version, assembly.request_of(reads, 100, arena));
      auto decoded = rpc::decode_body<proto::FetchResponse>(answers, answers.bytes(), version);
      if (!decoded) {
        for (const auto& read : reads) assembly.fail(read, proto::ErrorCode::kNotLeaderOrFollower);
        continue;
      }
      for (const auto& topic : decoded->message.responses) {
        for (const auto& data : topic.partitions) {
          const auto part = assembly.find_part(topic.topic, topic.topic_id, data.partition_index);
          if (part) assembly.apply({*part, reads.front().offset}, data, decoded->frame);
        }
      }
    }
  }
}

void fetch(const World& world, const Slice& request, const Slice& answers, int16_t version) {
  const auto decoded = rpc::decode_body<proto::FetchRequest>(request, request.bytes(), version);
  if (!decoded) return;
  std::vector<ResolvedTopic> topics;
  for (const auto& topic : decoded->message.topics) {
    topics.push_back(world.resolve(topic.topic, topic.topic_id));
  }
  FetchAssembly assembly(decoded->message, topics);
  answer_rounds(assembly, answers, version);
  Arena arena;
  wire::Writer writer;
  encode(writer, version, assembly.response(arena));
  (void)writer.finish();
}

void produce(const World& world, const Slice& request, const Slice& answers, int16_t version) {
  const auto decoded = rpc::decode_body<proto::ProduceRequest>(request, request.bytes(), version);
  if (!decoded) return;
  std::vector<ResolvedTopic> topics;
  for (const auto& topic : decoded->message.topic_data) {
    topics.push_back(world.resolve(topic.name, topic.topic_id));
  }
  ProducePlan plan(decoded->message, decoded->frame, topics);
  const auto answer = rpc::decode_body<proto::ProduceResponse>(answers, answers.bytes(), version);
  for (const ProducePlan::Send& send : plan.sends()) {
    Arena arena;
    wire::Writer writer;
    encode(writer, version, plan.request_of(send, arena));
    (void)writer.finish();
    if (answer) plan.apply(send, answer->message);
  }
  (void)plan.retry_moved(topics);
  Arena arena;
  wire::Writer writer;
  encode(writer, version, plan.response(arena));
  (void)writer.finish();
}

}  // namespace
}  // namespace odradek::proxy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace odradek;
  using namespace odradek::proxy;
  static const World world;
  if (size < kHeaderBytes) return 0;
  const size_t length = std::min<size_t>(size_t{data[1]} * 256 + data[2], size - kHeaderBytes);
  const Slice request = Slice::copy_of(Bytes(data + kHeaderBytes, length));
  const Slice answers =
      Slice::copy_of(Bytes(data + kHeaderBytes + length, size - kHeaderBytes - length));
  const auto version = static_cast<int16_t>(data[0] & 0x1FU);
  if ((data[0] & 0x80U) == 0) {
    if (version < 4 || version > 18) return 0;
    fetch(world, request, answers, version);
  } else {
    if (version < 3 || version > 13) return 0;
    produce(world, request, answers, version);
  }
  return 0;
}
