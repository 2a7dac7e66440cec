#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "io/loop.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"
#include "proxy/proxy.h"
#include "proxy/seed_for_tests.h"
#include "rpc/client_connection.h"
#include "wire/batch_builder.h"
#include "wire/record_iterator.h"

namespace odradek::proxy::testing {

// A record as a consumer sees it.
struct SeenRecord {
  int64_t offset = 0;
  std::string value;
  auto operator<=>(const SeenRecord&) const = default;
};

// One batch to produce.
struct NewBatch {
  int32_t partition = 0;
  std::vector<std::string> values;
  wire::BatchOptions options{};
  int64_t timestamp_ms = 1'700'000'000'000;
  std::string key = "key";
};

struct Stored {
  int16_t error = 0;
  int64_t base_offset = -1;
  bool operator==(const Stored&) const = default;
};

struct FetchAsk {
  int32_t partition = 0;
  int64_t offset = 0;
  int32_t bytes_max = 1 << 20;
};

struct Fetched {
  int16_t error = 0;
  int64_t high_watermark = -1;
  int64_t position = 0;  // behind what came, fillers too
  std::vector<SeenRecord> records;
};

struct FetchLimits {
  int32_t max_wait_ms = 0;
  int32_t min_bytes = 1;
  int32_t bytes_max = 50 << 20;
};

// A broker in memory, a proxy in front of it, and a client connection to the proxy, on one loop.
class ProxyTest : public ::testing::Test {
 protected:
  using Connection = std::unique_ptr<rpc::ClientConnection>;

  // Default: V = 12 over P = 3 for every topic, created when asked for.
  static ProxyOptions default_options() {
    ProxyOptions options;
    options.fallback = MappingSpec{.virtual_partitions = 12, .physical_partitions = 3};
    options.auto_create = true;
    return options;
  }

  void start(ProxyOptions options = default_options()) {
    broker::BrokerOptions broker_options;
    broker_options.loop = &loop_;
    broker_ = std::make_unique<broker::Broker>(std::move(broker_options));
    ASSERT_TRUE(broker_->start());
    add_proxy(std::move(options));
    client_ = connect(*proxies_.front());
  }

  // One more instance in front of the same broker.
  Proxy& add_proxy(ProxyOptions options) {
    options.kafka.bootstrap = {{"127.0.0.1", broker_->port()}};
    proxies_.push_back(std::make_unique<Proxy>(loop_, std::move(options)));
    const Result<void> started = loop_.block_on(proxies_.back()->start());
    EXPECT_TRUE(started) << started.error().to_string();
    return *proxies_.back();
  }

  void TearDown() override {
    client_.reset();
    for (const auto& proxy : proxies_) loop_.block_on(proxy->stop());
    proxies_.clear();
    if (broker_) loop_.block_on(broker_->stop_async());
  }

  MonotonicTime deadline() const { return loop_.now() + std::chrono::seconds(20); }

  Connection connect(const Proxy& proxy) { return connect_to(proxy.address()); }
  Connection connect_to_broker() { return connect_to(broker_->bootstrap()); }
  Connection connect_to(const std::string& address) {
    const io::HostPort to = *io::parse_host_port(address);
    rpc::ConnectOptions options;
    options.host = to.host;
    options.port = to.port;
    options.client_id = "test";
    options.deadline = deadline();
    auto made = loop_.block_on(rpc::ClientConnection::connect(loop_, std::move(options)));
    EXPECT_TRUE(made) << made.error().to_string();
    return made ? *std::move(made) : nullptr;
  }

  // One request and its answer; a failure ends the test.
  template <class Req>
  rpc::Decoded<proto::ResponseOf<Req>> call(rpc::ClientConnection& connection, const Req& request,
                                            int16_t version_max = INT16_MAX) {
    const Result<int16_t> version = connection.version_for(Req::kApiKey, version_max);
    EXPECT_TRUE(version) << version.error().to_string();
    auto answer = loop_.block_on(connection.call(request, *version, deadline()));
    EXPECT_TRUE(answer) << answer.error().to_string();
    return *std::move(answer);
  }
  template <class Req>
  rpc::Decoded<proto::ResponseOf<Req>> call(const Req& request, int16_t version_max = INT16_MAX) {
    return call(*client_, request, version_max);
  }

  int16_t create_topic(std::string_view name, int32_t partitions) {
    proto::CreateTopicsRequest::CreatableTopic topic;
    topic.name = name;
    topic.num_partitions = partitions;
    topic.replication_factor = -1;
    proto::CreateTopicsRequest request;
    request.topics = {&topic, 1};
    const auto answer = call(request);
    return answer->topics[0].error_code;
  }

  Slice make_batch(const NewBatch& batch) {
    wire::BatchBuilder builder(batch.options);
    for (const std::string& value : batch.values) {
      const wire::NewRecord record = {.timestamp_ms = batch.timestamp_ms,
                                      .key = as_bytes(batch.key),
                                      .value = as_bytes(value),
                                      .headers = {}};
      EXPECT_TRUE(builder.append(record));
    }
    return *builder.finish(compressor_);
  }

  // One Produce with all batches; the answers in their order. Without a transactional id: null.
  std::vector<Stored> produce(rpc::ClientConnection& connection, std::string_view topic,
                              const std::vector<NewBatch>& batches,
                              std::string_view transactional_id = {},
                              int16_t version = kLastVersionByName) {
    std::vector<Slice> made;
    for (const NewBatch& batch : batches) made.push_back(make_batch(batch));
    std::vector<proto::ProduceRequest::PartitionProduceData> partitions(batches.size());
    for (size_t i = 0; i < batches.size(); ++i) {
      partitions[i].index = batches[i].partition;
      partitions[i].records.slices = {&made[i], 1};
    }
    proto::ProduceRequest::TopicProduceData data;
    data.name = topic;
    data.partition_data = partitions;
    proto::ProduceRequest request;
    request.transactional_id = transactional_id;
    request.acks = -1;
    request.timeout_ms = 10'000;
    request.topic_data = {&data, 1};
    const auto answer = call(connection, request, version);
    std::vector<Stored> stored;
    for (const auto& partition : answer->responses[0].partition_responses) {
      stored.push_back({partition.error_code, partition.base_offset});
    }
    return stored;
  }
  Stored produce(std::string_view topic, const NewBatch& batch) {
    return produce(*client_, topic, std::vector<NewBatch>(1, batch))[0];
  }

  // One Produce of one batch, for connections that do not wait for the answer.
  SliceChain produce_body(std::string_view topic, const NewBatch& batch, int16_t acks = -1) {
    const Slice made = make_batch(batch);
    proto::ProduceRequest::PartitionProduceData data;
    data.index = batch.partition;
    data.records.slices = {&made, 1};
    proto::ProduceRequest::TopicProduceData topic_data;
    topic_data.name = topic;
    topic_data.partition_data = {&data, 1};
    proto::ProduceRequest request;
    request.transactional_id = {};
    request.acks = acks;
    request.timeout_ms = 10'000;
    request.topic_data = {&topic_data, 1};
    wire::Writer writer(512);
    encode(writer, kLastVersionByName, request);
    return *writer.finish();
  }

  std::map<int32_t, Fetched> fetch(rpc::ClientConnection& connection, std::string_view topic,
                                   const std::vector<FetchAsk>& asks,
                                   const FetchLimits& limits = {}) {
    std::vector<proto::FetchRequest::FetchPartition> partitions(asks.size());
    for (size_t i = 0; i < asks.size(); ++i) {
      partitions[i].partition = asks[i].partition;
      partitions[i].fetch_offset = asks[i].offset;
      partitions[i].partition_max_bytes = asks[i].bytes_max;
    }
    proto::FetchRequest::FetchTopic asked;
    asked.topic = topic;
    asked.partitions = partitions;
    proto::FetchRequest request;
    request.max_wait_ms = limits.max_wait_ms;
    request.min_bytes = limits.min_bytes;
    request.max_bytes = limits.bytes_max;
    request.topics = {&asked, 1};
    const auto answer = call(connection, request, kLastVersionByName);
    EXPECT_EQ(answer->error_code, 0);
    EXPECT_EQ(answer->session_id, 0);
    std::map<int32_t, Fetched> found;
    for (const auto& data : answer->responses[0].partitions) {
      const auto ask = std::ranges::find(asks, data.partition_index, &FetchAsk::partition);
      Fetched& fetched = found[data.partition_index];
      fetched.error = data.error_code;
      fetched.high_watermark = data.high_watermark;
      fetched.position = read_records(data.records.bytes, ask->offset, fetched.records);
    }
    return found;
  }

  // One fetch of committed records, as a consumer takes them; gives the position behind it.
  int64_t read_committed(rpc::ClientConnection& connection, std::string_view topic,
                         const FetchAsk& ask, std::vector<SeenRecord>& seen) {
    proto::FetchRequest::FetchPartition partition;
    partition.partition = ask.partition;
    partition.fetch_offset = ask.offset;
    partition.partition_max_bytes = ask.bytes_max;
    proto::FetchRequest::FetchTopic asked;
    asked.topic = topic;
    asked.partitions = {&partition, 1};
    proto::FetchRequest request;
    request.max_bytes = 10 << 20;
    request.isolation_level = 1;
    request.topics = {&asked, 1};
    const auto answer = call(connection, request, kLastVersionByName);
    const auto& data = answer->responses[0].partitions[0];
    EXPECT_EQ(data.error_code, 0);
    std::multimap<int64_t, int64_t> aborted;  // producer by first offset
    for (const auto& one : data.aborted_transactions) {
      aborted.emplace(one.first_offset, one.producer_id);
    }
    return take_committed(data.records.bytes, ask.offset, std::move(aborted), seen);
  }

  int64_t take_committed(Bytes bytes, int64_t position, std::multimap<int64_t, int64_t> aborted,
                         std::vector<SeenRecord>& seen) {
    std::set<int64_t> dropped;  // producers
    const auto rest = wire::for_each_batch(bytes, [&](const wire::BatchView& batch) {
      while (!aborted.empty() && aborted.begin()->first <= batch.last_offset()) {
        dropped.insert(aborted.begin()->second);
        aborted.erase(aborted.begin());
      }
      if (batch.is_control()) dropped.erase(batch.producer_id());
      std::vector<SeenRecord> read;
      position = std::max(position, read_records(batch.bytes(), position, read));
      if (batch.is_transactional() && dropped.contains(batch.producer_id())) return;
      std::ranges::move(read, std::back_inserter(seen));
    });
    EXPECT_TRUE(rest && rest->empty());
    return position;
  }

  // The consumer's side of an answer; gives the position behind it.
  int64_t read_records(Bytes bytes, int64_t position, std::vector<SeenRecord>& into) {
    const auto rest = wire::for_each_batch(bytes, [&](const wire::BatchView& batch) {
      EXPECT_TRUE(batch.verify_crc());
      if (!batch.is_control()) {
        const Bytes records = *wire::records_of(batch, decompressor_, scratch_);
        wire::RecordCursor cursor(batch, records);
        while (const wire::RecordView* record = cursor.next()) {
          if (record->offset < position) continue;
          into.push_back({record->offset, std::string(as_text(record->value))});
        }
        EXPECT_TRUE(cursor.status());
      }
      position = std::max(position, batch.next_offset());
    });
    EXPECT_TRUE(rest && rest->empty());
    return position;
  }

  // Reads one partition to its end.
  std::vector<SeenRecord> read_all(rpc::ClientConnection& connection, std::string_view topic,
                                   int32_t partition) {
    std::vector<SeenRecord> records;
    int64_t position = 0;
    while (true) {
      auto found = fetch(connection, topic, {{.partition = partition, .offset = position}});
      Fetched& fetched = found[partition];
      EXPECT_EQ(fetched.error, 0);
      std::ranges::move(fetched.records, std::back_inserter(records));
      if (fetched.error != 0 || fetched.position == position) break;
      position = fetched.position;
      if (position >= fetched.high_watermark) break;
    }
    return records;
  }

  static constexpr int16_t kLastVersionByName = 12;

  io::Loop loop_;
  std::unique_ptr<broker::Broker> broker_;
  std::vector<std::unique_ptr<Proxy>> proxies_;
  Connection client_;
  wire::Compressor compressor_;
  wire::Decompressor decompressor_;
  Buffer scratch_;
};

}  // namespace odradek::proxy::testing
