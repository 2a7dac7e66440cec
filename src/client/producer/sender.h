#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/client_core.h"
#include "client/producer/partition_sender.h"
#include "client/producer/sender_transaction.h"
#include "client/producer/shared_accumulator.h"
#include "cluster/cluster.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"

namespace odradek::client {

struct SenderOptions {
  kafka::Acks acks = kafka::Acks::all;
  bool idempotent = true;
  Duration delivery_timeout{};
  Duration request_timeout{};
  Duration unknown_topic_timeout{};
  size_t request_bytes_max = 0;
  size_t in_flight_max = 5;
  wire::BatchOptions batch;  // codec and level, for batches to be split
};

// The loop's half of a producer: takes batches from the accumulator, encodes them into requests to
// the leaders, and acts on the answers. Everything happens in pump(), which looks at what can be
// done now: called when records came, an answer arrived, a connection opened, a timer fired. The
// decisions about order and repetition are PartitionSender's. Belongs to the client's loop.
class Sender {
 public:
  Sender(kafka::ClientCore& core, SharedAccumulator& shared, const SenderOptions& options);
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void pump();

  // For a transactional producer, before the first pump(). `transaction` outlives the sender.
  void attach(SenderTransaction& transaction) { transaction_ = &transaction; }
  // The identity for the batches to come; another one only while nothing is outstanding.
  void set_identity(const ProducerIdentity& identity);
  // Reports `error` for everything that is not on its way, and for what comes back undelivered.
  void drop_unsent(const Error& error);
  // Ends drop_unsent(): what comes now is sent again. True when numbers of the sequence were given
  // up meanwhile.
  bool stop_dropping();
  bool has_flights() const { return flights_ > 0; }
  // Notified whenever an answer came, or did not in time.
  io::Event& landed() { return landed_; }

  // Counts of batches and records; the rest is the owner's.
  const kafka::ProducerMetrics& counts() const { return counts_; }

  // Reports `error` for everything not delivered yet and refuses what comes.
  void give_up(const Error& error);
  // Call after give_up(). Returns when nothing refers to this object any more.
  io::Task<void> stop();

 private:
  struct PartitionState {
    PartitionState(PartitionQueue& its_queue, const PartitionSenderOptions& options)
        : queue(&its_queue), sender(options) {}
    PartitionQueue* queue;
    PartitionSender sender;
    std::optional<Error> last_error;
  };
  struct BrokerState {
    cluster::Cluster::Connection connection;
    size_t in_flight = 0;
    bool is_connecting = false;
  };
  struct Item {  // one batch of a request
    PartitionState* state;
    SealedBatch* batch;
  };
  // A request on its way. `items` is in the order of the request.
  struct Flight {
    int32_t broker_id = -1;
    std::weak_ptr<rpc::ClientConnection> connection;  // which owns the flight
    int16_t version = 0;
    std::vector<Item> items;
  };
  using Candidates = std::map<int32_t, std::vector<PartitionState*>>;  // by leader

  // sender.cc: what can be sent now
  PartitionState& state_of(PartitionQueue& queue);
  Candidates find_candidates(MonotonicTime now);
  int32_t leader_of(const PartitionState& state) const;
  void send_to(int32_t broker_id, std::vector<PartitionState*>& candidates);
  bool take_batch(PartitionState& state, MonotonicTime now, std::vector<Item>& items);
  SealedBatch* seal(PartitionState& state, OpenBatchPtr open);
  void ensure_connection(int32_t broker_id);
  io::Task<void> connect(int32_t broker_id);
  void ensure_identity();
  io::Task<void> get_identity();
  io::Task<Result<ProducerIdentity>> ask_identity();
  void arm_timer(MonotonicTime now);
  void expire(MonotonicTime now);
  void expire_flushes(MonotonicTime now);

  // sender_metadata.cc: topics and leaders
  void need_metadata();
  io::Task<void> update_metadata();
  void apply_metadata(const cluster::Metadata& metadata);
  void fail_unknown_topics(const Result<cluster::MetadataPtr>& metadata);
  void fail_unrouted(std::vector<UnroutedRecord>& records, const Error& error);

  // sender_request.cc: requests and answers
  void send_request(int32_t broker_id, BrokerState& broker, std::vector<Item> items);
  Result<SliceChain> encode_request(const std::vector<Item>& items, int16_t version) const;
  void on_answer(Flight flight, Result<rpc::RawResponse> raw);
  void on_response(const Flight& flight, const proto::ProduceResponse& response);
  void on_partition(const Item& item,
                    const proto::ProduceResponse::PartitionProduceResponse& response);
  void retry(const Item& item, const Error& error);
  void drop(const Item& item);
  bool retry_in_halves(const Item& item);
  void retry_all(const Flight& flight, const Error& error);
  void deliver(PartitionState& state, SealedBatchPtr batch, int64_t base_offset,
               int64_t log_append_time_ms);
  void fail_batch(PartitionState& state, SealedBatchPtr batch, const Error& error);
  void fail_unsent(Accumulator::Expired unsent, const Error& error);
  void fail_queued(const Error& error);
  void after_flight(PartitionState& state);
  void release();

  kafka::ClientCore* core_;
  io::Loop* loop_;
  cluster::Cluster* cluster_;
  SharedAccumulator* shared_;
  SenderOptions options_;
  SenderTransaction* transaction_ = nullptr;
  std::optional<Error> dropping_;  // why
  bool has_dropped_numbered_ = false;
  cluster::Lane lane_;
  io::TaskGroup tasks_;
  io::Event landed_;  // a request in flight ended

  std::vector<std::unique_ptr<PartitionState>> states_;  // by PartitionQueue::index
  std::map<int32_t, BrokerState> brokers_;
  std::set<std::string> topics_;  // in use
  ProducerIdentity identity_;
  wire::Compressor compressor_;
  std::vector<PartitionQueue*> ready_;  // scratch
  std::vector<SharedAccumulator::Released> released_;  // to be released together
  std::optional<MonotonicTime> next_linger_;
  MonotonicTime next_expiry_check_{};
  MonotonicTime next_metadata_check_{};
  io::TimerId timer_ = 0;
  size_t rotation_ = 0;
  size_t flights_ = 0;
  kafka::ProducerMetrics counts_;
  bool is_getting_identity_ = false;
  bool is_updating_metadata_ = false;
  bool has_given_up_ = false;
};

}  // namespace odradek::client
