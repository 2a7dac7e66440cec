// Admin::describe_features and update_features (KIP-584).
#include "client/admin/admin_call.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/update_features_request.h"
#include "proto/messages/update_features_response.h"

namespace odradek::client {
namespace {

// A connection learned them from the broker when it was opened, so they may be older than the
// latest change; this one is opened for the question, and closed again.
io::Task<Result<kafka::Features>> describe_features(Cluster& cluster, cluster::Lane lane,
                                                    MonotonicTime deadline) {
  auto metadata = co_await cluster.refresh({}, deadline);
  if (!metadata) co_return metadata.error().with_context("describe features");
  if ((*metadata)->brokers.empty()) co_return Error(Errc::kMalformed, "a cluster without brokers");
  const int32_t broker = (*metadata)->brokers.front().id;
  auto connection = co_await cluster.connection(broker, lane, deadline);
  if (!connection) {
    cluster.close_lane(lane);
    co_return connection.error().with_context("describe features");
  }
  const rpc::Features& told = (*connection)->peer_features();
  kafka::Features features;
  features.epoch = told.finalized_epoch;
  for (const auto& item : told.supported) {
    features.supported[item.name] = {.min = item.min_version, .max = item.max_version};
  }
  for (const auto& item : told.finalized) {
    features.finalized[item.name] = {.min = item.min_version_level, .max = item.max_version_level};
  }
  cluster.close_lane(lane);
  co_return features;
}

using Outcomes = std::vector<kafka::Outcome>;

io::Task<Result<Outcomes>> update_features(Cluster& cluster,
                                           std::vector<kafka::FeatureUpdate> updates,
                                           bool validate_only, MonotonicTime deadline) {
  using Request = proto::UpdateFeaturesRequest;
  std::vector<Request::FeatureUpdateKey> items(updates.size());
  for (size_t i = 0; i < updates.size(); ++i) {
    items[i].feature = updates[i].feature;
    items[i].max_version_level = updates[i].level;
    items[i].upgrade_type = static_cast<int8_t>(updates[i].kind);
  }
  Request request;
  request.feature_updates = proto::array_of(items);
  request.timeout_ms = milliseconds_left(cluster, deadline);
  request.validate_only = validate_only;
  auto answer = co_await admin_call(cluster, kController, request, "update features", deadline);
  if (!answer) co_return answer.error();
  Outcomes outcomes;
  for (const auto& result : answer->message.results) {
    const std::string name(result.feature);
    outcomes.push_back(
        {name, public_outcome(result.error_code, result.error_message, "update feature " + name)});
  }
  // Since version 2 all are updated or none, and the answer names none.
  if (outcomes.empty()) {
    for (const kafka::FeatureUpdate& update : updates) outcomes.push_back({update.feature, {}});
  }
  co_return outcomes;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<Features> Admin::describe_features(Wait wait) {
  ClientCore* const client = core_.get();
  const MonotonicTime deadline = client->loop().now() + wait;
  return client->run<Features>([client, deadline] {
    return client::describe_features(client->cluster(), client->new_lane(), deadline);
  });
}

Op<std::vector<Outcome>> Admin::update_features(std::vector<FeatureUpdate> updates, Mode mode,
                                                Wait wait) {
  return client::start<std::vector<Outcome>>(core_, wait, client::update_features,
                                             std::move(updates), mode == Mode::validate_only);
}

}  // namespace odradek::kafka
