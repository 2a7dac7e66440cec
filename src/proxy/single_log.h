#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/slice.h"
#include "cluster/cluster.h"
#include "proto/messages/fetch_response.h"

namespace odradek::proxy {

// An error code of an answer as an Error; success for 0.
Result<void> check_code(int16_t code, std::string_view attempted);

// A topic of one partition that the proxy keeps for itself. Each call has as long as a request may
// take. One loop.
class SingleLog {
 public:
  // `cluster` outlives the object.
  SingleLog(cluster::Cluster& cluster, std::string topic)
      : cluster_(&cluster), topic_(std::move(topic)) {}

  const std::string& topic() const { return topic_; }

  // kAlreadyExists when it does. Other errors of all: kServer with the broker's code, kMalformed
  // for an answer about something else, and those of connections.
  io::Task<Result<void>> create(std::string cleanup_policy);
  io::Task<Result<void>> remove();

  // Stores one batch with acks of all replicas; gives its offset.
  io::Task<Result<int64_t>> append(std::vector<Slice> batch, std::string transactional_id = {});

  // The record batches from an offset on; waits a little for the first one.
  struct Chunk {
    Slice batches;  // the last may be cut
    int64_t high_watermark = -1;
  };
  io::Task<Result<Chunk>> read(int64_t offset, int32_t max_wait_ms);
  // The first offset there is.
  io::Task<Result<int64_t>> begin();

 private:
  template <class Request>
  io::Task<Result<rpc::Decoded<proto::ResponseOf<Request>>>> ask_leader(
      Request request, int16_t version_max = INT16_MAX);
  template <class Request>
  io::Task<Result<rpc::Decoded<proto::ResponseOf<Request>>>> ask_controller(
      Request request, int16_t version_max = INT16_MAX);
  io::Task<Result<int64_t>> append_once(std::vector<Slice> batch, std::string transactional_id);
  io::Task<Result<Chunk>> read_once(int64_t offset, int32_t max_wait_ms);
  io::Task<Result<int64_t>> begin_once();

  cluster::Cluster* cluster_;
  std::string topic_;
};

}  // namespace odradek::proxy
