#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/client_core.h"
#include "client/consumer/consumer_state.h"
#include "client/consumer/fetcher.h"
#include "client/consumer/group_member.h"
#include "client/offsets.h"
#include "odradek/consumer.h"

namespace odradek::kafka {

// What a Consumer owns: the state its program's thread and the loop share, and on the loop the
// fetcher and the group membership. Public functions are called by the program, one at a time;
// those that end in _on_loop by the loop.
class ConsumerCore final : public client::Service,
                           public std::enable_shared_from_this<ConsumerCore> {
 public:
  using Partitions = std::vector<TopicPartition>;

  ConsumerCore(std::shared_ptr<ClientCore> client, ConsumerOptions options);

  void start();
  Result<void> subscribe(std::vector<std::string> topics, RebalanceHandler handler);
  Result<void> subscribe_pattern(std::string expression, RebalanceHandler handler);
  Result<void> assign(Partitions partitions);
  void unsubscribe();
  Op<RecordBatch> next(std::chrono::milliseconds wait);
  void wake() { state_.wake(); }
  uint64_t wakes() { return state_.wakes(); }
  Op<void> commit(client::OffsetMap offsets);
  Op<void> commit_positions();
  std::vector<CommittedOffset> positions();
  Op<std::vector<CommittedOffset>> committed(Partitions partitions);
  Op<int64_t> position(TopicPartition partition);
  Op<std::vector<PartitionOffset>> list_offsets(const Partitions& partitions, int64_t timestamp_ms);
  // Applies `change` to each entry; ErrorKind::state when one is not assigned.
  template <class Change>
  Result<void> change(const Partitions& partitions, Change change);
  Op<void> close(std::chrono::milliseconds wait);
  void abandon();

  client::ConsumerState& state() { return state_; }
  io::Task<void> stop() override;
  void add_metrics(ClientMetrics& metrics) override;

 private:
  Result<void> subscribe_to(std::vector<std::string> topics, std::string pattern,
                            RebalanceHandler handler);
  // What next() has for the program now, if anything. Decodes on the calling thread.
  std::optional<Result<RecordBatch>> try_next(uint64_t& seen);
  void note_handed_out(const RecordBatch& batch, size_t bytes);
  void run_events();
  Op<void> call_handler(const client::RebalanceEvent& event);
  void finish_event(uint64_t id);
  void serve_on_loop();
  void watch_deadline_on_loop();
  void pump_soon();
  bool has_group() const { return !state_.options.group.empty(); }
  static io::Task<odradek::Result<int64_t>> wait_for_position(std::shared_ptr<ConsumerCore> self,
                                                              TopicPartition partition);
  static io::Task<odradek::Result<void>> close_on_loop(std::shared_ptr<ConsumerCore> self,
                                                       MonotonicTime deadline);
  static io::Task<odradek::Result<void>> commit_on_loop(std::shared_ptr<ConsumerCore> self,
                                                        client::OffsetMap offsets);
  std::shared_ptr<client::GroupMember> new_member();
  io::Task<void> retire(std::shared_ptr<client::GroupMember> group);

  std::shared_ptr<ClientCore> client_;
  client::ConsumerState state_;
  RebalanceHandler handler_;  // the program's thread
  bool is_subscribed_ = false;
  Mutex decode_mutex_;  // the program decodes, or the loop for a next() that waits
  client::ChunkDecoder decoder_ ODK_GUARDED_BY(decode_mutex_);

  // On the loop:
  std::unique_ptr<client::Fetcher> fetcher_;
  std::shared_ptr<client::GroupMember> group_;  // shared with commits under way
  std::unique_ptr<io::Event> changed_;
  std::unique_ptr<io::TaskGroup> retiring_;
  io::TimerId deadline_timer_ = 0;
};

template <class Change>
Result<void> ConsumerCore::change(const Partitions& partitions, Change change) {
  {
    const MutexLock lock(state_.mutex);
    for (const TopicPartition& id : partitions) {
      if (state_.table.find(id) == nullptr) {
        return KafkaError(ErrorKind::state, id.topic + "-" + std::to_string(id.partition) +
                                                " is not assigned to this consumer");
      }
    }
    for (const TopicPartition& id : partitions) change(*state_.table.find(id));
    state_.drop_void_chunks();
    ++state_.changes;
  }
  pump_soon();
  return {};
}

}  // namespace odradek::kafka
