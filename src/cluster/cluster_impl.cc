#include "cluster/cluster_impl.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"
#include "cluster/metadata_builder.h"
#include "io/canonical_hosts.h"
#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/metadata_request.h"

namespace odradek::cluster {
namespace {

uint64_t seed_of(const void* object) { return reinterpret_cast<uintptr_t>(object) >> 4U; }

// Trying another broker does not help against these.
bool is_final(const Error& error) {
  return error.code() == Errc::kAuthentication || error.code() == Errc::kTls ||
         error.code() == Errc::kCancelled;
}

io::HostPort address_of(const Broker& broker) { return {broker.host, broker.port}; }

bool contains(const std::vector<io::HostPort>& places, const io::HostPort& place) {
  return std::ranges::find(places, place) != places.end();
}

Error broker_unknown(int32_t broker_id) {
  return {Errc::kNotFound, "broker " + std::to_string(broker_id) + " is not in the metadata"};
}

}  // namespace

Cluster::Impl::Impl(io::Loop& loop, const ClusterOptions& options)
    : loop_(&loop),
      options_(&options),
      cache_(options.metadata_max_age),
      pool_(loop, options),
      backoff_(options.retry_backoff_min, options.retry_backoff_max, seed_of(this)),
      rounds_(loop),
      changed_(loop),
      stopping_(loop) {
  ODK_ASSERT(!options.bootstrap.empty());
  if (options.dns_lookup == DnsLookup::kAllIps) bootstrap_ = options.bootstrap;
}

Cluster::Impl::~Impl() { ODK_ASSERT(callers_ == 0, "stop() was not awaited"); }

io::Task<void> Cluster::Impl::stop() {
  is_stopped_ = true;
  stopping_.notify_all();
  changed_.notify_all();
  rounds_.cancel();
  if (options_->security.stop_sasl) options_->security.stop_sasl();
  co_await pool_.stop();
  co_await rounds_.join();
  changed_.notify_all();
  while (callers_ > 0) {
    const Result<void> woken = co_await changed_.wait();
    if (!woken) co_return;
  }
}

io::Task<Result<void>> Cluster::Impl::pause(int failures, MonotonicTime deadline, Error why) {
  const MonotonicTime until = loop_->now() + backoff_.after(failures);
  if (until >= deadline) co_return why;
  const Result<void> woken = co_await stopping_.wait(until);
  if (is_stopped_) co_return Errc::kClosed;
  if (!woken && woken.error().code() != Errc::kTimedOut) co_return woken.error();
  co_return Result<void>{};
}

// --- metadata

io::Task<Result<MetadataPtr>> Cluster::Impl::metadata(std::vector<std::string> topics,
                                                      MonotonicTime deadline) {
  cache_.use(topics, loop_->now());
  if (cache_.satisfies(topics, loop_->now())) co_return cache_.current();
  co_return co_await refresh(std::move(topics), false, deadline);
}

io::Task<Result<MetadataPtr>> Cluster::Impl::refresh(std::vector<std::string> topics, bool all,
                                                     MonotonicTime deadline) {
  const Caller caller(*this);
  cache_.use(topics, loop_->now());
  uint64_t wanted = rounds_started_ + 1;
  int failures = 0;
  while (true) {
    if (is_stopped_) co_return Error(Errc::kClosed, "metadata");
    if (rounds_ended_ >= wanted && (!all || last_round_had_all_ || !round_outcome_)) {
      if (round_outcome_ && MetadataCache::is_settled(*cache_.current(), topics)) {
        co_return cache_.current();
      }
      if (!round_outcome_ && is_final(round_outcome_.error())) co_return round_outcome_.error();
      Error why =
          round_outcome_ ? Error(Errc::kTimedOut, "no leader for a topic") : round_outcome_.error();
      const Result<void> paused = co_await pause(++failures, deadline, std::move(why));
      if (!paused) co_return paused.error().with_context("metadata");
      wanted = rounds_started_ + 1;
    }
    ensure_round(all);
    const Result<void> woken = co_await changed_.wait(deadline);
    if (!woken) co_return woken.error().with_context("metadata");
  }
}

void Cluster::Impl::ensure_round(bool all) {
  if (is_stopped_ || rounds_started_ != rounds_ended_) return;
  ++rounds_started_;
  rounds_.spawn(run_round(all));
}

io::Task<void> Cluster::Impl::run_round(bool all) {
  Result<void> outcome = co_await fetch_once(all);
  if (!outcome) {
    ODK_LOG(debug, "metadata request failed", kv("error", outcome.error().to_string()));
    if (!failing_since_) failing_since_ = loop_->now();
    if (loop_->now() - *failing_since_ >= options_->rebootstrap_after) {
      rebootstrap("no metadata came for too long");
    }
  } else {
    failing_since_.reset();
  }
  round_outcome_ = std::move(outcome);
  last_round_had_all_ = all;
  ++rounds_ended_;
  changed_.notify_all();
}

io::Task<Result<void>> Cluster::Impl::fetch_once(bool all) {
  const MonotonicTime deadline = loop_->now() + options_->request_timeout;
  const Result<void> has_bootstrap = co_await find_bootstrap(deadline);
  if (!has_bootstrap) co_return has_bootstrap.error();
  const io::HostPort address = pick_address();
  Result<Connection> connected = co_await pool_.get(address, kGeneralLane, deadline);
  if (!connected) {
    note_no_connection(address);
    co_return connected.error();
  }
  const Connection connection = *std::move(connected);
  const std::vector<std::string> names = cache_.topics_to_fetch(loop_->now());
  std::vector<proto::MetadataRequest::MetadataRequestTopic> topics(names.size());
  for (size_t i = 0; i < names.size(); ++i) topics[i].name = names[i];
  proto::MetadataRequest request;
  request.topics = {};  // null: all
  request.topics = all ? decltype(request.topics){} : proto::array_of(topics);  // null: all
  request.allow_auto_topic_creation = options_->allow_auto_topic_creation;

  ODK_CO_TRY(const int16_t version, connection->version_for(proto::MetadataRequest::kApiKey));
  auto response = co_await connection->call(request, version, deadline);
  if (!response) {
    avoided_ = address;
    co_return response.error();
  }
  if (const int16_t code = response->message.error_code; code != 0) {
    avoided_ = address;
    if (proto::error_code(code) == proto::ErrorCode::kRebootstrapRequired) {
      rebootstrap("a broker asked for it");
    }
    co_return Error::server(code, "metadata");
  }
  ODK_CO_TRY(MetadataPtr metadata,
             build_metadata(response->message, *cache_.current(), all, loop_->now()));
  cache_.apply(std::move(metadata));
  avoided_ = {};
  unreachable_.clear();
  co_return Result<void>{};
}

void Cluster::Impl::note_no_connection(const io::HostPort& address) {
  avoided_ = address;
  if (!pool_.is_unreachable(address)) return;
  if (!contains(unreachable_, address)) unreachable_.push_back(address);
  const std::vector<Broker>& brokers = cache_.current()->brokers;
  const bool is_nobody_left = std::ranges::all_of(brokers, [this](const Broker& broker) {
    const io::HostPort place = address_of(broker);
    return contains(unreachable_, place) && pool_.is_unreachable(place);
  });
  if (is_nobody_left && !brokers.empty()) rebootstrap("no known broker can be reached");
}

void Cluster::Impl::rebootstrap(std::string_view why) {
  if (!options_->rebootstraps) return;
  ODK_LOG(info, "beginning with the bootstrap servers again", kv("reason", why));
  cache_.forget_brokers();
  coordinators_.forget_all();
  pool_.close_all();
  unreachable_.clear();
  avoided_ = {};
  if (failing_since_) failing_since_ = loop_->now();
  if (options_->dns_lookup == DnsLookup::kCanonicalBootstrap) bootstrap_.clear();
}

io::Task<Result<void>> Cluster::Impl::find_bootstrap(MonotonicTime deadline) {
  if (!bootstrap_.empty()) co_return Result<void>{};
  Result<void> outcome;
  std::vector<io::HostPort> found;
  for (const io::HostPort& place : options_->bootstrap) {
    auto hosts = co_await io::canonical_hosts(*loop_, place, deadline);
    if (hosts) {
      std::ranges::move(*hosts, std::back_inserter(found));
    } else {
      outcome = hosts.error();
    }
  }
  if (found.empty()) co_return outcome;
  bootstrap_ = std::move(found);
  co_return Result<void>{};
}

io::HostPort Cluster::Impl::pick_address() const {
  std::vector<io::HostPort> candidates;
  for (const Broker& broker : cache_.current()->brokers) candidates.push_back(address_of(broker));
  if (candidates.empty()) candidates = bootstrap_;
  // An open connection, then what may be tried soonest; what failed last only if nothing else is.
  const auto rank = [this](const io::HostPort& address) {
    const bool is_open = pool_.find_open(address, kGeneralLane) != nullptr;
    const MonotonicTime rests_until = pool_.rests_until(address);
    return std::tuple(address == avoided_, !is_open,
                      rests_until <= loop_->now() ? MonotonicTime{} : rests_until);
  };
  return *std::ranges::min_element(candidates, {}, rank);
}

// --- connections

io::Task<Result<Cluster::Connection>> Cluster::Impl::connection(int32_t broker_id, Lane lane,
                                                                MonotonicTime deadline) {
  const Caller caller(*this);
  if (is_stopped_) co_return Errc::kClosed;
  const Broker* broker = cache_.current()->broker(broker_id);
  if (broker == nullptr) {
    Result<MetadataPtr> metadata = co_await refresh({}, false, deadline);
    if (!metadata) co_return metadata.error();
    broker = cache_.current()->broker(broker_id);
    if (broker == nullptr) co_return broker_unknown(broker_id);
  }
  const io::HostPort address = address_of(*broker);
  co_return co_await pool_.get(address, lane, deadline);
}

io::Task<Result<Cluster::Connection>> Cluster::Impl::any_connection(MonotonicTime deadline) {
  const Caller caller(*this);
  for (int failures = 1;; ++failures) {
    if (is_stopped_) co_return Errc::kClosed;
    Error why(Errc::kInternal);
    const Result<void> has_bootstrap = co_await find_bootstrap(deadline);
    if (has_bootstrap) {
      const io::HostPort address = pick_address();
      Result<Connection> connected = co_await pool_.get(address, kGeneralLane, deadline);
      if (connected || is_final(connected.error())) co_return connected;
      why = connected.error();
      note_no_connection(address);
    } else {
      why = has_bootstrap.error();
    }
    const Result<void> paused = co_await pause(failures, deadline, std::move(why));
    if (!paused) co_return paused.error();
  }
}

io::Task<Result<Cluster::Connection>> Cluster::Impl::controller(MonotonicTime deadline) {
  const Caller caller(*this);
  for (int failures = 1;; ++failures) {
    Result<MetadataPtr> metadata = co_await this->metadata({}, deadline);
    if (!metadata) co_return metadata.error();
    Error why(Errc::kTimedOut, "no controller");
    if ((*metadata)->controller_id >= 0) {
      Result<Connection> connected =
          co_await connection((*metadata)->controller_id, kGeneralLane, deadline);
      if (connected || is_final(connected.error())) co_return connected;
      why = connected.error();
    }
    cache_.expire();
    const Result<void> paused = co_await pause(failures, deadline, std::move(why));
    if (!paused) co_return paused.error();
  }
}

io::Task<Result<Cluster::Connection>> Cluster::Impl::leader(std::string topic, int32_t partition,
                                                            Lane lane, MonotonicTime deadline) {
  const Caller caller(*this);
  for (int failures = 1;; ++failures) {
    const std::vector<std::string> topics(1, topic);
    Result<MetadataPtr> metadata = co_await this->metadata(topics, deadline);
    if (!metadata) co_return metadata.error();
    const Topic* known = (*metadata)->topic(std::string_view(topic));
    const Partition* place = known == nullptr ? nullptr : known->partition(partition);
    const proto::ErrorCode code = place == nullptr ? proto::ErrorCode::kUnknownTopicOrPartition
                                                   : proto::ErrorCode::kLeaderNotAvailable;
    Error why = Error::server(static_cast<int16_t>(code),
                              "leader of " + topic + "-" + std::to_string(partition));
    if (place != nullptr && place->leader >= 0) {
      Result<Connection> connected = co_await connection(place->leader, lane, deadline);
      if (connected || is_final(connected.error())) co_return connected;
      why = connected.error();
    }
    cache_.expire();
    const Result<void> paused = co_await pause(failures, deadline, std::move(why));
    if (!paused) co_return paused.error();
  }
}

// --- coordinators

io::Task<Result<int32_t>> Cluster::Impl::coordinator_id(CoordinatorType type, std::string key,
                                                        MonotonicTime deadline) {
  const Caller caller(*this);
  for (int failures = 1;; ++failures) {
    if (is_stopped_) co_return Errc::kClosed;
    if (const auto cached = coordinators_.find(type, key)) co_return *cached;
    Result<int32_t> found = co_await ask_coordinator(type, key, deadline);
    if (found) {
      coordinators_.put(type, key, *found);
      co_return found;
    }
    const Error& error = found.error();
    const bool is_transient =
        error.code() == Errc::kServer
            ? proto::is_retriable(static_cast<proto::ErrorCode>(error.server_code()))
            : !is_final(error);
    if (!is_transient) co_return error.with_context("coordinator of " + key);
    const Result<void> paused = co_await pause(failures, deadline, error);
    if (!paused) co_return paused.error().with_context("coordinator of " + key);
  }
}

io::Task<Result<int32_t>> Cluster::Impl::ask_coordinator(CoordinatorType type, std::string key,
                                                         MonotonicTime deadline) {
  Result<Connection> connected = co_await any_connection(deadline);
  if (!connected) co_return connected.error();
  const Connection connection = *std::move(connected);
  ODK_CO_TRY(const int16_t version,
             connection->version_for(proto::FindCoordinatorRequest::kApiKey));
  proto::FindCoordinatorRequest request;
  std::string_view keys[] = {key};
  request.key_type = static_cast<int8_t>(type);
  if (version < kFirstBatchedFindCoordinator) {
    request.key = key;
  } else {
    request.coordinator_keys = proto::array_of(keys);
  }
  const MonotonicTime request_deadline =
      std::min(deadline, loop_->now() + options_->request_timeout);
  auto response = co_await connection->call(request, version, request_deadline);
  if (!response) co_return response.error();
  ODK_CO_TRY(const CoordinatorAnswer answer, coordinator_answer(response->message, version, key));
  if (answer.error != proto::ErrorCode::kNone) {
    co_return Error::server(static_cast<int16_t>(answer.error), std::string(answer.message));
  }
  if (answer.port <= 0 || answer.port > UINT16_MAX) {
    co_return Error(Errc::kMalformed, "port of a coordinator out of range");
  }
  if (cache_.current()->broker(answer.broker_id) == nullptr) {
    cache_.add_broker({.id = answer.broker_id,
                       .host = std::string(answer.host),
                       .port = static_cast<uint16_t>(answer.port),
                       .rack = std::nullopt});
  }
  co_return answer.broker_id;
}

io::Task<Result<Cluster::Connection>> Cluster::Impl::coordinator(CoordinatorType type,
                                                                 std::string key, Lane lane,
                                                                 MonotonicTime deadline) {
  const Caller caller(*this);
  for (int failures = 1;; ++failures) {
    Result<int32_t> broker = co_await coordinator_id(type, key, deadline);
    if (!broker) co_return broker.error();
    Result<Connection> connected = co_await connection(*broker, lane, deadline);
    if (connected || is_final(connected.error())) co_return connected;
    coordinators_.forget(type, key);
    const Result<void> paused = co_await pause(failures, deadline, connected.error());
    if (!paused) co_return paused.error();
  }
}

}  // namespace odradek::cluster
