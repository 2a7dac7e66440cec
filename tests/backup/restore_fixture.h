#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backup/engine/backup_job.h"
#include "backup/positions/position_executor.h"
#include "backup/positions/position_planner.h"
#include "backup/restore/restore_job.h"
#include "backup/restore/verify_restore.h"
#include "broker/broker.h"
#include "odradek/kafka.h"
#include "store/memory_store.h"

namespace odradek::backup {

// A record as a consumer sees it.
struct SeenRecord {
  int64_t offset = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  int64_t timestamp_ms = 0;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;

  bool operator==(const SeenRecord&) const = default;
};

inline std::string value_of(const SeenRecord& record) { return record.value.value_or("(null)"); }

// Two clusters and an archive in memory between them.
class RestoreFixture : public testing::Test {
 protected:
  static constexpr int64_t kTime = 1'700'000'000'000;

  void SetUp() override {
    start(source_);
    start(target_);
  }

  static void start(broker::Broker& broker) {
    const Result<void> started = broker.start();
    ASSERT_TRUE(started) << started.error().to_string();
  }

  static void create_topic(broker::Broker& broker, const std::string& name, int partitions,
                           const std::map<std::string, std::string>& configs = {}) {
    broker::TopicSpec spec{.name = name, .partitions = partitions, .configs = {}};
    for (const auto& [key, value] : configs) spec.configs.emplace_back(key, value);
    ASSERT_TRUE(broker.create_topic(spec));
  }

  struct Produced {
    int32_t partition = 0;
    std::string value;
    int64_t timestamp_ms = kTime;
    std::optional<std::string> key{};
  };
  // In this order, each batch with at most `batch_bytes`.
  static void produce(broker::Broker& broker, const std::string& topic,
                      const std::vector<Produced>& records, size_t batch_bytes = 1000) {
    const kafka::Client client({.bootstrap = broker.bootstrap()});
    kafka::Producer producer(client, {.batch_bytes = batch_bytes});
    for (const Produced& given : records) {
      kafka::Record record{.topic = topic};
      record.partition = given.partition;
      record.timestamp_ms = given.timestamp_ms;
      if (given.key) record.key = *given.key;
      record.value = given.value;
      ASSERT_TRUE(producer.send(record, [](const auto& report) { ASSERT_TRUE(report); }));
    }
    ASSERT_TRUE(producer.flush(std::chrono::seconds(30)).get());
  }
  // `count` records on each partition, values "TAG partition number".
  static void produce_many(broker::Broker& broker, const std::string& topic, int partitions,
                           int count, const std::string& tag) {
    std::vector<Produced> records;
    for (int i = 0; i < count; ++i) {
      for (int32_t p = 0; p < partitions; ++p) {
        const std::string name = tag + " " + std::to_string(p) + " " + std::to_string(i);
        records.push_back({p, name, kTime + i, name});
      }
    }
    produce(broker, topic, records);
  }

  static std::vector<SeenRecord> read(broker::Broker& broker, const std::string& topic,
                                      int32_t partition) {
    const kafka::Client client({.bootstrap = broker.bootstrap()});
    kafka::Admin admin(client);
    kafka::Consumer consumer(client, {.start = kafka::Start::earliest, .auto_commit = false});
    const kafka::TopicPartition which{topic, partition};
    const int64_t end =
        admin.list_offsets({which}, kafka::OffsetSpec::latest).get().value().at(0).result->offset;
    EXPECT_TRUE(consumer.assign({which}));
    std::vector<SeenRecord> seen;
    while (consumer.position(which).get().value() < end) {
      const kafka::RecordBatch batch = consumer.next(std::chrono::seconds(5)).get().value();
      for (const kafka::RecordView& record : batch) {
        SeenRecord copy;
        copy.offset = record.offset();
        if (record.has_key()) copy.key = std::string(record.key());
        if (!record.is_tombstone()) copy.value = std::string(record.value());
        copy.timestamp_ms = record.timestamp_ms();
        for (const kafka::Header& header : record.headers()) {
          copy.headers.emplace_back(header.key, header.value);
        }
        seen.push_back(std::move(copy));
      }
    }
    return seen;
  }
  static std::vector<std::string> values(broker::Broker& broker, const std::string& topic,
                                         int32_t partition) {
    std::vector<std::string> all;
    for (const SeenRecord& record : read(broker, topic, partition)) all.push_back(value_of(record));
    return all;
  }

  static std::map<std::string, std::string> own_configs(broker::Broker& broker,
                                                        const std::string& topic) {
    const kafka::Client client({.bootstrap = broker.bootstrap()});
    std::map<std::string, std::string> configs;
    for (const auto& entry : kafka::Admin(client).describe_configs({.name = topic}).get().value()) {
      if (!entry.is_default) configs[entry.name] = entry.value.value_or("");
    }
    return configs;
  }

  static void commit(broker::Broker& broker, const std::string& group, const std::string& topic,
                     const std::map<int32_t, int64_t>& offsets) {
    const kafka::Client client({.bootstrap = broker.bootstrap()});
    std::vector<kafka::CommittedOffset> positions;
    for (const auto& [partition, offset] : offsets) {
      positions.push_back({{topic, partition}, kafka::OffsetAndMetadata{offset, "note", -1}});
    }
    ASSERT_TRUE(
        kafka::all(kafka::Admin(client).alter_group_offsets(group, std::move(positions)).get()));
  }
  static std::map<int32_t, int64_t> committed(broker::Broker& broker, const std::string& group) {
    const kafka::Client client({.bootstrap = broker.bootstrap()});
    std::map<int32_t, int64_t> offsets;
    const auto answer = kafka::Admin(client).group_offsets(group).get();
    if (!answer) return offsets;
    for (const auto& offset : *answer) {
      if (offset.committed) offsets[offset.partition.partition] = offset.committed->offset;
    }
    return offsets;
  }

  // A loop and a cluster for one job.
  struct Session {
    SystemClock clock;
    io::Loop loop{clock};
    io::WorkerPool workers{loop, 2};
    cluster::Cluster cluster;

    explicit Session(broker::Broker& broker,
                     std::chrono::milliseconds patience = std::chrono::seconds(30))
        : cluster(loop, options_for(broker, patience)) {}
    ~Session() { loop.block_on(cluster.stop()); }

    static cluster::ClusterOptions options_for(broker::Broker& broker,
                                               std::chrono::milliseconds patience) {
      cluster::ClusterOptions options;
      options.request_timeout = patience;
      options.bootstrap = *io::parse_host_ports(broker.bootstrap());
      return options;
    }
  };

  Result<BackupReport> back_up(BackupOptions options = {}) {
    options.backup_id = "set";
    Session session(source_);
    BackupJob job(session.cluster, store_, session.workers, session.clock, std::move(options));
    return session.loop.block_on(job.run());
  }
  static RestoreOptions with_defaults(RestoreOptions options) {
    options.backup_id = "set";
    if (options.expired_data == ExpiredData::kRefuse) options.expired_data = ExpiredData::kKeep;
    if (options.coalesce == Coalesce::kAuto) options.coalesce = Coalesce::kNever;
    return options;
  }
  Result<RestoreReport> restore(RestoreOptions options = {}) {
    return restore_exactly(with_defaults(std::move(options)));
  }
  Result<RestoreReport> restore_exactly(RestoreOptions options) {
    options.backup_id = "set";
    Session session(target_);
    RestoreJob job(session.cluster, store_, session.workers, session.clock, std::move(options));
    return session.loop.block_on(job.run());
  }
  Result<RestorePlan> plan(RestoreOptions options = {}) {
    options.backup_id = "set";
    Session session(target_);
    RestoreJob job(session.cluster, store_, session.workers, session.clock, std::move(options));
    return session.loop.block_on(job.plan());
  }
  Result<std::vector<std::string>> abort() {
    Session session(target_);
    return session.loop.block_on(abort_restores(session.cluster, store_, session.workers,
                                                session.clock, ArchiveKeys("set"), ""));
  }
  Result<VerifyRestoreReport> verify(VerifyOptions options = {}) {
    Session session(target_);
    VerifyRestoreOptions wanted{.backup_id = "set", .restore_id = "", .verify = options};
    return session.loop.block_on(
        verify_restore(session.cluster, store_, session.workers, std::move(wanted)));
  }
  Result<PositionPlan> plan_positions(PositionOptions options = {}) {
    options.backup_id = "set";
    Session session(target_);
    PositionPlanner planner(session.cluster, store_, session.workers, std::move(options));
    return session.loop.block_on(planner.plan());
  }
  Result<ExecutionReport> execute(PositionPlan plan,
                                  std::chrono::milliseconds patience = std::chrono::seconds(30)) {
    Session session(target_, patience);
    PositionExecutor executor(session.cluster, store_, session.workers, session.clock,
                              ArchiveKeys("set"));
    return session.loop.block_on(executor.execute(std::move(plan)));
  }
  Result<ExecutionReport> roll_back(const std::string& snapshot_id) {
    Result<PositionSnapshot> snapshot = read_snapshot(store_, ArchiveKeys("set"), snapshot_id);
    if (!snapshot) return snapshot.error();
    Session session(target_);
    PositionExecutor executor(session.cluster, store_, session.workers, session.clock,
                              ArchiveKeys("set"));
    return session.loop.block_on(executor.roll_back(*std::move(snapshot)));
  }

  store::MemoryStore store_;
  broker::Broker source_;
  broker::Broker target_;
};

}  // namespace odradek::backup
