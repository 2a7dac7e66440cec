#include "cluster/cluster.h"

#include "cluster/cluster_impl.h"

namespace odradek::cluster {

Cluster::Cluster(io::Loop& loop, ClusterOptions options)
    : loop_(&loop), options_(std::move(options)), impl_(std::make_unique<Impl>(loop, options_)) {}

Cluster::~Cluster() = default;

io::Task<Result<MetadataPtr>> Cluster::metadata(std::vector<std::string> topics,
                                                MonotonicTime deadline) {
  return impl_->metadata(std::move(topics), deadline);
}

io::Task<Result<MetadataPtr>> Cluster::refresh(std::vector<std::string> topics,
                                               MonotonicTime deadline) {
  return impl_->refresh(std::move(topics), false, deadline);
}

io::Task<Result<MetadataPtr>> Cluster::refresh_all_topics(MonotonicTime deadline) {
  return impl_->refresh({}, true, deadline);
}

MetadataPtr Cluster::cached_metadata() const { return impl_->cache().current(); }

void Cluster::expire_metadata() { impl_->cache().expire(); }

io::Task<Result<Cluster::Connection>> Cluster::connection(int32_t broker_id, Lane lane,
                                                          MonotonicTime deadline) {
  return impl_->connection(broker_id, lane, deadline);
}

io::Task<Result<Cluster::Connection>> Cluster::any_connection(MonotonicTime deadline) {
  return impl_->any_connection(deadline);
}

io::Task<Result<Cluster::Connection>> Cluster::controller(MonotonicTime deadline) {
  return impl_->controller(deadline);
}

io::Task<Result<Cluster::Connection>> Cluster::leader(std::string topic, int32_t partition,
                                                      Lane lane, MonotonicTime deadline) {
  return impl_->leader(std::move(topic), partition, lane, deadline);
}

io::Task<Result<int32_t>> Cluster::coordinator_id(CoordinatorType type, std::string key,
                                                  MonotonicTime deadline) {
  return impl_->coordinator_id(type, std::move(key), deadline);
}

io::Task<Result<Cluster::Connection>> Cluster::coordinator(CoordinatorType type, std::string key,
                                                           Lane lane, MonotonicTime deadline) {
  return impl_->coordinator(type, std::move(key), lane, deadline);
}

void Cluster::forget_coordinator(CoordinatorType type, std::string_view key) {
  impl_->coordinators().forget(type, key);
}

size_t Cluster::open_connections() const { return impl_->pool().open_count(); }

void Cluster::close_lane(Lane lane) { impl_->pool().close_lane(lane); }

io::Task<void> Cluster::stop() { return impl_->stop(); }

}  // namespace odradek::cluster
