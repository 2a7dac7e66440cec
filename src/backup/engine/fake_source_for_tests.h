#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backup/engine/source.h"
#include "proto/error_code.h"
#include "wire/batch_builder.h"

namespace odradek::backup {

// A partition in memory whose answers a test spoils: damaged batches, errors, throttling.
class FakeSource final : public BatchSource {
 public:
  explicit FakeSource(io::Loop& loop) : loop_(&loop) {}

  // Adds a batch of one-letter records with these timestamps; gives its base offset.
  int64_t append(const std::vector<TimestampMs>& timestamps, wire::BatchOptions options = {}) {
    options.base_offset = log_end;
    wire::BatchBuilder builder(options);
    for (const TimestampMs timestamp : timestamps) {
      EXPECT_TRUE(builder.append({.timestamp_ms = timestamp, .value = as_bytes("v")}));
    }
    wire::Compressor compressor;
    return append_bytes(std::string(builder.finish(compressor)->text()),
                        static_cast<int64_t>(timestamps.size()));
  }
  int64_t append_bytes(std::string bytes, int64_t offsets) {
    const int64_t base = log_end;
    batches.push_back({base, std::move(bytes)});
    log_end += offsets;
    return base;
  }
  // Flips a byte of the records of the batch at `base`, as that replica (-1: every) has it.
  void damage(int64_t base, int32_t replica = -1) { damaged[base] = replica; }

  io::Task<Result<int64_t>> offset_at(TopicPartition /*partition*/, SpecialOffset special,
                                      IsolationLevel /*isolation*/) override {
    co_return special == SpecialOffset::kEarliest ? log_start : log_end;
  }

  io::Task<Result<FetchedBatches>> fetch(TopicPartition /*partition*/, int64_t offset,
                                         FetchOptions options, cluster::Lane /*lane*/) override {
    asked.push_back({offset, options.replica});
    if (!answers.empty()) {
      Result<FetchedBatches> answer = std::move(answers.front());
      answers.pop_front();
      co_return answer;
    }
    if (on_fetch) on_fetch(offset);
    if (offset < log_start || offset > log_end) {
      co_return proto::to_error(proto::ErrorCode::kOffsetOutOfRange, "fetch");
    }
    FetchedBatches fetched;
    fetched.high_watermark = log_end;
    fetched.last_stable_offset = log_end;
    fetched.log_start_offset = log_start;
    Buffer bytes;
    int count = 0;
    for (size_t i = 0; i < batches.size() && count < batches_per_fetch; ++i) {
      const int64_t end = i + 1 < batches.size() ? batches[i + 1].base : log_end;
      if (end <= offset) continue;
      std::string text = batches[i].bytes;
      const auto spoiled = damaged.find(batches[i].base);
      const int32_t reader = options.replica < 0 ? replica_ids.front() : options.replica;
      if (spoiled != damaged.end() && (spoiled->second < 0 || spoiled->second == reader)) {
        text.back() = static_cast<char>(text.back() ^ 1);
      }
      bytes.append(as_bytes(text));
      ++count;
    }
    fetched.memory = bytes.freeze();
    fetched.records = fetched.memory.bytes();
    fetched.aborted = aborted;
    co_return fetched;
  }

  std::vector<int32_t> replicas(const TopicPartition& /*partition*/) const override {
    return replica_ids;
  }
  io::Loop& loop() override { return *loop_; }

  struct Batch {
    int64_t base;
    std::string bytes;
  };
  struct Asked {
    int64_t offset;
    int32_t replica;
  };
  std::vector<Batch> batches;
  std::map<int64_t, int32_t> damaged;
  std::vector<AbortedTransaction> aborted;
  std::vector<int32_t> replica_ids = {1};
  std::deque<Result<FetchedBatches>> answers;  // given before the log's own
  std::function<void(int64_t)> on_fetch;
  std::vector<Asked> asked;
  int64_t log_start = 0;
  int64_t log_end = 0;
  int batches_per_fetch = 2;

 private:
  io::Loop* loop_;
};

}  // namespace odradek::backup
