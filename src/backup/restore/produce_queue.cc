#include "backup/restore/produce_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <list>
#include <set>
#include <vector>

#include "proto/error_code.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"

namespace odradek::backup {
namespace {

// Topics are named, not identified by id, up to here.
constexpr int16_t kProduceByNameVersion = 12;
constexpr int16_t kAllReplicas = -1;
constexpr int32_t kProduceTimeoutMs = 30'000;

struct Waiting {
  OutgoingBatch batch;
  ProduceQueue::Done done;

  uint64_t bytes() const { return batch.header.size() + batch.records.size(); }
};
// Sorted by topic.
using Request = std::vector<Waiting>;

Result<SliceChain> encode_request(const Request& batches, int16_t version) {
  std::vector<std::array<Slice, 2>> pieces;
  std::vector<proto::ProduceRequest::PartitionProduceData> partitions(batches.size());
  std::vector<proto::ProduceRequest::TopicProduceData> topics;
  pieces.reserve(batches.size());
  for (size_t i = 0; i < batches.size(); ++i) {
    const OutgoingBatch& batch = batches[i].batch;
    pieces.push_back({batch.header, batch.records});
    partitions[i].index = batch.partition;
    partitions[i].records.slices = pieces.back();
    if (i == 0 || batch.topic != batches[i - 1].batch.topic) {
      topics.emplace_back().name = batch.topic;
      topics.back().partition_data = {&partitions[i], 0};
    }
    std::span<proto::ProduceRequest::PartitionProduceData>& of_topic = topics.back().partition_data;
    of_topic = {of_topic.data(), of_topic.size() + 1};
  }
  proto::ProduceRequest request;
  request.transactional_id = {};
  request.acks = kAllReplicas;
  request.timeout_ms = kProduceTimeoutMs;
  request.topic_data = topics;
  wire::Writer writer(256 * batches.size());
  proto::encode(writer, version, request);
  return writer.finish();
}

Result<int64_t> base_offset_of(const OutgoingBatch& batch, const proto::ProduceResponse& answer) {
  for (const auto& topic : answer.responses) {
    if (topic.name != batch.topic) continue;
    for (const auto& partition : topic.partition_responses) {
      if (partition.index != batch.partition) continue;
      const proto::ErrorCode code = proto::error_code(partition.error_code);
      if (code == proto::ErrorCode::kNone) return partition.base_offset;
      if (code == proto::ErrorCode::kDuplicateSequenceNumber) return ProduceQueue::kSomewhere;
      return proto::to_error(code, fmt::format("produce to {}-{}", batch.topic, batch.partition),
                             partition.error_message);
    }
  }
  return Error(Errc::kMalformed,
               fmt::format("produce: {}-{} is not answered", batch.topic, batch.partition));
}

void report(Request& batches, Result<rpc::RawResponse> answer, int16_t version) {
  const auto decoded = [&]() -> Result<rpc::Decoded<proto::ProduceResponse>> {
    if (!answer) return answer.error();
    return rpc::decode_body<proto::ProduceResponse>(std::move(answer->frame), answer->body,
                                                    version);
  }();
  for (Waiting& sent : batches) {
    sent.done(decoded ? base_offset_of(sent.batch, decoded->message)
                      : Result<int64_t>(decoded.error()));
  }
}

}  // namespace

// What goes over one connection. Lives until its last request is answered.
class ProduceQueue::Leader : public std::enable_shared_from_this<Leader> {
 public:
  Leader(cluster::Cluster& cluster, cluster::Cluster::Connection connection)
      : cluster_(&cluster), connection_(std::move(connection)) {}

  void add(OutgoingBatch batch, Done done) {
    waiting_.push_back({std::move(batch), std::move(done)});
    schedule();
  }
  // The queue is gone.
  void forget() { waiting_.clear(); }
  bool is_of_use() const { return connection_->is_open() || unanswered_ > 0 || !waiting_.empty(); }

 private:
  void schedule() {
    if (is_scheduled_) return;
    is_scheduled_ = true;
    cluster_->loop().post([self = shared_from_this()] {
      self->is_scheduled_ = false;
      self->send_all();
    });
  }
  void send_all() {
    while (!waiting_.empty() && unanswered_ < kRequestsInFlightMax) send(take_request());
  }
  Request take_request() {
    Request taken;
    std::set<std::pair<std::string, int32_t>> partitions;
    uint64_t bytes = 0;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      const bool is_next_of_partition =
          partitions.emplace(at->batch.topic, at->batch.partition).second;
      bytes += is_next_of_partition ? at->bytes() : 0;
      if (!taken.empty() && bytes > kRequestBytesMax) break;
      if (!is_next_of_partition) {
        ++at;
        continue;
      }
      taken.push_back(std::move(*at));
      at = waiting_.erase(at);
    }
    std::ranges::sort(taken, {},
                      [](const Waiting& entry) -> const std::string& { return entry.batch.topic; });
    return taken;
  }
  void send(Request batches) {
    const Result<int16_t> version =
        connection_->version_for(proto::ProduceRequest::kApiKey, kProduceByNameVersion);
    Result<SliceChain> body =
        version ? encode_request(batches, *version) : Result<SliceChain>(version.error());
    if (!body) return report(batches, body.error(), 0);
    ++unanswered_;
    connection_->send(proto::ProduceRequest::kApiKey, *version, *std::move(body),
                      cluster_->request_deadline(),
                      [self = shared_from_this(), batches = std::move(batches),
                       version = *version](Result<rpc::RawResponse> answer) mutable {
                        --self->unanswered_;
                        report(batches, std::move(answer), version);
                        if (!self->waiting_.empty()) self->schedule();
                      });
  }

  cluster::Cluster* cluster_;
  cluster::Cluster::Connection connection_;
  std::list<Waiting> waiting_;
  size_t unanswered_ = 0;
  bool is_scheduled_ = false;
};

ProduceQueue::~ProduceQueue() {
  for (const auto& [connection, leader] : leaders_) leader->forget();
}

void ProduceQueue::add(const cluster::Cluster::Connection& leader, OutgoingBatch batch, Done done) {
  std::shared_ptr<Leader>& known = leaders_[leader.get()];
  if (known == nullptr) known = std::make_shared<Leader>(*cluster_, leader);
  known->add(std::move(batch), std::move(done));
  std::erase_if(leaders_, [](const auto& entry) { return !entry.second->is_of_use(); });
}

}  // namespace odradek::backup
