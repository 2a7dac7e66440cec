#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/slice.h"
#include "proto/error_code.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"
#include "proxy/topic_resolver.h"
#include "proxy/txn/txn_table.h"
#include "wire/batch_rewrite.h"

namespace odradek::proxy {

// One client Produce request taken apart into upstream requests, and their answers put together
// again. A broker keeps only the last of two batches of one partition in a request and
// acknowledges both, so batches are sent in *waves*: the wave of a batch is its group index (the
// number of the virtual partition among those of its physical one), and a wave holds at most one
// batch per physical partition. Sans I/O; lives for one request.
//
// Transactional batches of mapped topics are held back: they get sequence numbers of the broker's
// from elsewhere (set_sequence) and can be sent then.
class ProducePlan {
 public:
  // A transactional batch of a mapped topic.
  struct Transactional {
    TxnKey key;
    TxnSequence::Batch batch;
    GroupIndex group{0};
    wire::BatchView view;
    wire::HeaderEdit edit;  // its mark
  };

  // One upstream request: the batches of one wave whose partitions one broker leads.
  struct Send {
    int32_t wave = 0;
    int32_t broker = -1;
    std::vector<size_t> entries;
  };

  // `frame` holds the decoded `request`; topics[i] is request.topic_data[i]. All outlive the plan.
  // Batches of mapped topics are marked; what may not be produced is answered by the plan itself.
  ProducePlan(const proto::ProduceRequest& request, const Slice& frame,
              std::span<const ResolvedTopic> topics);

  // The requests for what can be sent and has no answer yet, ascending by wave.
  std::vector<Send> sends() const;

  bool has_transactional() const { return has_transactional_; }
  // The transactional batches without an answer, in the client's order.
  std::vector<size_t> transactional_entries() const;
  const Transactional& transactional(size_t entry) const { return *entries_[entry].txn; }
  const ResolvedTopic& topic_of(size_t entry) const { return topics_[entries_[entry].topic]; }
  int32_t leader_of(size_t entry) const { return entries_[entry].leader; }
  // From now on the batch can be sent, with this number.
  void set_sequence(size_t entry, int32_t sequence);
  // Answers an entry without asking anybody.
  void refuse(size_t entry, proto::ErrorCode code, std::string message = {}) {
    refuse(entries_[entry], code, std::move(message));
  }
  // All that has no answer yet gets this one; kNone refuses nothing.
  void refuse_all(proto::ErrorCode code);
  // Valid once the entry has an answer.
  proto::ErrorCode code_of(size_t entry) const {
    return proto::error_code(entries_[entry].answer.error_code);
  }

  // The upstream request, for the version the client speaks. Its views live as long as `arena`
  // and the plan.
  proto::ProduceRequest request_of(const Send& send, Arena& arena) const;
  // The answer to a send; kept by reference until the response is written.
  void apply(const Send& send, const proto::ProduceResponse& response);
  // No answer came: all entries of the send get this code.
  void fail(const Send& send, proto::ErrorCode code);

  // Makes unanswered again, once, what a broker refused because it does not lead the partition
  // (any more). Call when the metadata was refreshed; `topics` replaces the first ones. True when
  // there is something to send.
  bool retry_moved(std::span<const ResolvedTopic> topics);
  bool has_moved() const;
  // True when something was refused or failed.
  bool has_errors() const;

  // In the client's order, with the client's partition numbers.
  proto::ProduceResponse response(Arena& arena) const;

  uint64_t remapped_batches() const { return remapped_batches_; }

 private:
  struct Entry {
    size_t topic = 0;
    size_t index = 0;  // in the topic's partition_data
    PartitionId physical{-1};
    GroupIndex group{0};
    int32_t wave = 0;
    int32_t leader = -1;
    bool is_answered = false;
    bool was_retried = false;
    bool is_held = false;  // until it has a sequence number
    std::optional<Transactional> txn;
    std::vector<Slice> records;
    proto::ProduceResponse::PartitionProduceResponse answer;
  };

  void add(size_t topic, size_t index);
  Result<void> mark(Entry& entry);
  void hold_back(Entry& entry, const wire::BatchView& batch, std::optional<wire::HeaderEdit> edit);
  void set_records(Entry& entry, const wire::BatchView& batch, const wire::HeaderEdit& edit);
  bool place_in_wave(Entry& entry);
  void refuse(Entry& entry, proto::ErrorCode code, std::string message = {});

  const proto::ProduceRequest* request_;
  Slice frame_;
  bool has_transactional_ = false;
  std::vector<ResolvedTopic> topics_;
  std::vector<Entry> entries_;
  // Batches of each client partition.
  std::map<std::pair<const cluster::Topic*, int32_t>, int32_t> named_;
  std::vector<std::string> messages_;  // texts of our own refusals
  int32_t throttle_ms_ = 0;
  uint64_t remapped_batches_ = 0;
};

}  // namespace odradek::proxy
