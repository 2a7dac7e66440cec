// Encoding and decoding of the messages that matter most. Times are CPU time per message.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "proto/array_of.h"
#include "proto/decode_message.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "proto/messages/metadata_response.h"
#include "proto/messages/produce_request.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace odradek::proto {
namespace {

// One topic of 1,000 partitions with three replicas each, 42 KB encoded.
struct BigMetadata {
  static constexpr size_t kBufferBytes = 48 * 1024;
  std::vector<int32_t> replicas{1, 2, 3};
  std::vector<MetadataResponse::MetadataResponsePartition> partitions{1000};
  std::vector<MetadataResponse::MetadataResponseTopic> topics{1};
  std::vector<MetadataResponse::MetadataResponseBroker> brokers{3};
  MetadataResponse message;

  BigMetadata() {
    for (int32_t index = 0; auto& partition : partitions) {
      partition.partition_index = index++;
      partition.leader_id = 1;
      partition.leader_epoch = 5;
      partition.replica_nodes = array_of(replicas);
      partition.isr_nodes = array_of(replicas);
      partition.offline_replicas = empty_array<int32_t>();
    }
    topics[0].name = "orders";
    topics[0].partitions = array_of(partitions);
    for (int32_t id = 1; auto& broker : brokers) {
      broker.node_id = id++;
      broker.host = "broker.example.org";
      broker.port = 9092;
    }
    message.brokers = array_of(brokers);
    message.topics = array_of(topics);
    message.cluster_id = "abcdefghijklmnopqrstuv";
    message.controller_id = 1;
  }
};

struct FetchOfManyPartitions {
  static constexpr size_t kBufferBytes = 4096;
  std::vector<FetchRequest::FetchPartition> partitions{100};
  std::vector<FetchRequest::FetchTopic> topics{1};
  FetchRequest message;

  FetchOfManyPartitions() {
    for (int32_t index = 0; auto& partition : partitions) {
      partition.partition = index++;
      partition.current_leader_epoch = 5;
      partition.fetch_offset = 1234567;
      partition.partition_max_bytes = 1 << 20;
    }
    topics[0].topic_id.bytes.fill(7);
    topics[0].partitions = array_of(partitions);
    message.topics = array_of(topics);
  }
};

struct FetchedPartitions {
  static constexpr size_t kBufferBytes = 4096;
  std::vector<FetchResponse::PartitionData> partitions{100};
  std::vector<FetchResponse::FetchableTopicResponse> topics{1};
  FetchResponse message;

  FetchedPartitions() {
    for (int32_t index = 0; auto& partition : partitions) {
      partition.partition_index = index++;
      partition.high_watermark = 1234567;
      partition.aborted_transactions = {};
      partition.records.bytes = empty_bytes();
    }
    topics[0].topic_id.bytes.fill(7);
    topics[0].partitions = array_of(partitions);
    message.responses = array_of(topics);
  }
};

struct ProducedBatch {
  static constexpr size_t kBufferBytes = 256;
  std::vector<Slice> batch{Slice::copy_of(std::string(16384, 'x'))};
  std::vector<ProduceRequest::PartitionProduceData> partitions{1};
  std::vector<ProduceRequest::TopicProduceData> topics{1};
  ProduceRequest message;

  ProducedBatch() {
    partitions[0].records.slices = batch;
    topics[0].name = "orders";
    topics[0].partition_data = array_of(partitions);
    message.acks = -1;
    message.timeout_ms = 30000;
    message.topic_data = array_of(topics);
  }
};

template <class Data, int16_t kVersion>
void encode_message(benchmark::State& state) {
  const Data data;
  size_t bytes = 0;
  for (auto _ : state) {
    wire::Writer writer(Data::kBufferBytes);
    encode(writer, kVersion, data.message);
    bytes = writer.size();
    benchmark::DoNotOptimize(writer.take());
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

template <class Data, int16_t kVersion>
void decode_message(benchmark::State& state) {
  const Data data;
  wire::Writer writer;
  encode(writer, kVersion, data.message);
  const Slice body = writer.take().flatten();
  Arena arena;
  for (auto _ : state) {
    arena.reset();
    decltype(data.message) decoded;
    if (!decode_all(body.bytes(), kVersion, arena, decoded)) state.SkipWithError("malformed");
    benchmark::DoNotOptimize(decoded);
  }
  state.counters["bytes"] = static_cast<double>(body.size());
}

BENCHMARK(encode_message<BigMetadata, 12>)->Name("proto/metadata_v12_1000_partitions/encode");
BENCHMARK(decode_message<BigMetadata, 12>)->Name("proto/metadata_v12_1000_partitions/decode");
BENCHMARK(encode_message<FetchOfManyPartitions, 13>)->Name("proto/fetch_v13_100_partitions/encode");
BENCHMARK(decode_message<FetchOfManyPartitions, 13>)->Name("proto/fetch_v13_100_partitions/decode");
BENCHMARK(encode_message<FetchedPartitions, 13>)->Name("proto/fetched_v13_100_partitions/encode");
BENCHMARK(decode_message<FetchedPartitions, 13>)->Name("proto/fetched_v13_100_partitions/decode");
BENCHMARK(encode_message<ProducedBatch, 9>)->Name("proto/produce_v9_16_kib/encode");
BENCHMARK(decode_message<ProducedBatch, 9>)->Name("proto/produce_v9_16_kib/decode");

}  // namespace
}  // namespace odradek::proto
