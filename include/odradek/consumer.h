#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "odradek/batch_range.h"
#include "odradek/client.h"
#include "odradek/op.h"
#include "odradek/record_batch.h"
#include "odradek/types.h"

namespace odradek::kafka {

// Where to begin in a partition that has no committed offset, or whose offset is gone.
class Start {
 public:
  static const Start earliest;
  static const Start latest;
  static const Start none;  // ErrorKind::no_offset, or log_truncated
  // At the first record that is not older than `age`, at the end when there is none (KIP-1106).
  static constexpr Start by_duration(std::chrono::milliseconds age) {
    return Start(Kind::kDuration, age);
  }

  // The age, of by_duration() only.
  constexpr std::optional<std::chrono::milliseconds> duration() const {
    if (kind_ != Kind::kDuration) return std::nullopt;
    return age_;
  }
  constexpr bool operator==(const Start&) const = default;

 private:
  enum class Kind : uint8_t { kEarliest, kLatest, kNone, kDuration };

  constexpr explicit Start(Kind kind, std::chrono::milliseconds age = {})
      : kind_(kind), age_(age) {}

  Kind kind_;
  std::chrono::milliseconds age_;
};
inline constexpr Start Start::earliest{Start::Kind::kEarliest};
inline constexpr Start Start::latest{Start::Kind::kLatest};
inline constexpr Start Start::none{Start::Kind::kNone};

enum class Isolation : int8_t { read_uncommitted = 0, read_committed = 1 };

// How a group of the classic protocol shares partitions out. With several, the group takes the
// first that all members know. Cooperative members keep what they have while others join.
enum class Assignor : uint8_t { range, round_robin, sticky, cooperative_sticky };

// How members and coordinator agree on who reads what. `consumer` is that of KIP-848 (Kafka 4.0):
// the coordinator shares out, and nobody stops reading what it keeps.
enum class GroupProtocol : uint8_t { classic, consumer };

struct ConsumerOptions {
  std::string group{};        // may be empty with assign(): then nothing can be committed
  std::string instance_id{};  // static membership (KIP-345)
  GroupProtocol protocol = GroupProtocol::classic;
  std::vector<Assignor> assignors{Assignor::range, Assignor::cooperative_sticky};  // classic
  std::string remote_assignor{};  // GroupProtocol::consumer: "uniform", "range"; empty: its default
  std::string rack{};  // where we are: replicas there are preferred (KIP-392, KIP-881)
  Start start = Start::latest;
  Isolation isolation = Isolation::read_uncommitted;
  bool auto_commit = true;  // what next() handed out before its latest call
  std::chrono::milliseconds auto_commit_interval{5'000};
  // Of classic groups; with GroupProtocol::consumer the coordinator says both.
  std::chrono::milliseconds session_timeout{45'000};
  std::chrono::milliseconds heartbeat_interval{3'000};
  // The longest time between two next() calls; who takes longer leaves the group.
  std::chrono::milliseconds max_poll_interval{300'000};
  int32_t fetch_bytes_min = 1;
  std::chrono::milliseconds fetch_wait_max{500};
  int32_t fetch_bytes_max = 50 << 20;
  int32_t partition_bytes_max = 1 << 20;
  size_t prefetch_bytes = size_t{16} << 20U;  // fetched and not yet handed out
  bool check_crc = true;
  std::shared_ptr<ConsumerInterceptor> interceptor{};
};

// What a program does about a rebalance. The callable takes the partitions and returns nothing,
// or an Op<void> that is waited for before the partitions go: `return consumer.commit();`
class RebalanceCallback {
 public:
  using Partitions = std::vector<TopicPartition>;

  RebalanceCallback() = default;
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, RebalanceCallback> &&
             std::is_invocable_v<F&, const Partitions&>)
  RebalanceCallback(F callable) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, const Partitions&>>) {
      call_ = [call = std::move(callable)](const Partitions& partitions) mutable {
        call(partitions);
        return Op<void>::ready(Result<void>{});
      };
    } else {
      call_ = std::move(callable);
    }
  }

  explicit operator bool() const { return static_cast<bool>(call_); }
  Op<void> operator()(const Partitions& partitions) const { return call_(partitions); }

 private:
  std::function<Op<void>(const Partitions&)> call_;
};

// Called inside next() and close(), by the thread that calls them. Commits and blocking calls are
// allowed where that thread allows them.
struct RebalanceHandler {
  RebalanceCallback on_assigned{};
  RebalanceCallback on_revoked{};  // still ours: offsets can be committed
  RebalanceCallback on_lost{};  // somebody else may have them already; not set: on_revoked
};

// Who we are in the group; for transactions.
struct GroupMetadata {
  std::string group{};
  int32_t generation = -1;  // with GroupProtocol::consumer the member epoch
  std::string member_id{};
  std::string instance_id{};
};

class ConsumerCore;

// Reads records, alone (assign) or as a member of a group (subscribe). One thread at a time, or
// one coroutine; wake() and stop from anywhere.
class Consumer {
 public:
  // Throws ConfigError.
  Consumer(const Client& client, ConsumerOptions options);
  static Result<Consumer> create(const Client& client, ConsumerOptions options);

  Consumer(Consumer&& other) noexcept;
  Consumer& operator=(Consumer&& other) noexcept;
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  // Stops; commits nothing, and the group notices by the session timeout. close() first.
  ~Consumer();

  // Joins the group with the next call of next(). Replaces an earlier subscription.
  Result<void> subscribe(std::vector<std::string> topics, RebalanceHandler handler = {});
  // Topics whose whole name matches an expression in RE2's syntax, also those created later; not
  // the internal ones. With GroupProtocol::consumer the coordinator does the matching (KIP-848,
  // brokers since 4.1), otherwise this client does, each ClientOptions::metadata_max_age.
  Result<void> subscribe_pattern(std::string expression, RebalanceHandler handler = {});
  // Reads these partitions, without membership. Replaces an earlier assignment; where to begin:
  // committed offset, else ConsumerOptions::start, or seek().
  Result<void> assign(std::vector<TopicPartition> partitions);
  void unsubscribe();

  // The next records, of one partition. Ends with an empty batch after `wait`, or earlier when a
  // rebalance needs the next call. Take the result of each Op: records that came and were dropped
  // are not handed out again. Errors: authentication, server (authorisation), no_offset,
  // log_truncated (seek() to go on), protocol (with topic, partition and offset: the position
  // stays before the bad batch), closed.
  Op<RecordBatch> next(std::chrono::milliseconds wait);
  // next(), waited for.
  Result<RecordBatch> poll(std::chrono::milliseconds wait) { return next(wait).get(); }
  // Blocks for one batch after the other: for (const RecordBatch& batch : consumer.batches(1s)).
  // Ends when none came for `idle`, by wake(), and by an error, which BatchRange::status() tells.
  BatchRange batches(std::chrono::milliseconds idle);
  // Ends a next() that waits, or the one to come, with an empty batch. Any thread.
  void wake();

  // Commits the positions of everything handed out so far; of one batch; or any offsets.
  Op<void> commit();
  Op<void> commit(const RecordBatch& batch);
  Op<void> commit(std::vector<CommittedOffset> offsets);
  Op<std::vector<CommittedOffset>> committed(std::vector<TopicPartition> partitions);
  // Behind everything handed out so far: what commit() commits, for Transaction::send_offsets().
  std::vector<CommittedOffset> positions() const;

  std::vector<TopicPartition> assignment() const;
  std::vector<std::string> subscription() const;
  // As of the latest call of next(), for Transaction::send_offsets(): a member that lost its
  // partitions since cannot commit their positions.
  GroupMetadata group_metadata() const;

  // The offset of the next record next() will hand out. Resolved when not known yet.
  Op<int64_t> position(TopicPartition partition);
  Result<void> seek(const TopicPartition& partition, int64_t offset);
  // With the leader epoch of the record before it, by which is found out whether the log still
  // has that record (KIP-320).
  Result<void> seek(const TopicPartition& partition, const OffsetAndMetadata& offset);
  Result<void> seek_to_beginning(const std::vector<TopicPartition>& partitions);
  Result<void> seek_to_end(const std::vector<TopicPartition>& partitions);
  Result<void> pause(const std::vector<TopicPartition>& partitions);
  Result<void> resume(const std::vector<TopicPartition>& partitions);
  std::vector<TopicPartition> paused() const;

  // The first offset at or after the time (-1: none), the first and the last + 1.
  Op<std::vector<PartitionOffset>> offsets_for_times(std::vector<TopicPartition> partitions,
                                                     int64_t timestamp_ms);
  Op<std::vector<PartitionOffset>> beginning_offsets(std::vector<TopicPartition> partitions);
  Op<std::vector<PartitionOffset>> end_offsets(std::vector<TopicPartition> partitions);
  // Records not handed out yet, as of the latest fetch; none before the first.
  std::optional<int64_t> lag(const TopicPartition& partition) const;

  // Gives the partitions back (on_revoked), commits when auto_commit is on, leaves the group
  // (static members stay) and ends, at the latest after `wait`.
  Op<void> close(std::chrono::milliseconds wait);

 private:
  explicit Consumer(std::shared_ptr<ConsumerCore> core);

  std::shared_ptr<ConsumerCore> core_;
};

}  // namespace odradek::kafka
