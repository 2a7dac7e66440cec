// UpdateFeatures: the levels of this broker are fixed; asking for what is there succeeds. Source:
// KIP-584; FeatureControlManager of Kafka 4.

#include <fmt/format.h>

#include <algorithm>

#include "broker/dispatcher.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/update_features_request.h"
#include "proto/messages/update_features_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::UpdateFeaturesRequest;
using Response = proto::UpdateFeaturesResponse;

constexpr int16_t kOneResultFrom = 2;
constexpr int8_t kUpgradeTypeMax = 3;

ApiError refuse(const Request::FeatureUpdateKey& asked, std::string_view why) {
  return {
      ErrorCode::kInvalidUpdateVersion,
      fmt::format("The update failed for all features since the following feature had an error: "
                  "Invalid update version {} for feature {}. {}",
                  asked.max_version_level, asked.feature, why)};
}

ApiError check(int32_t node, const rpc::Features& features,
               const Request::FeatureUpdateKey& asked) {
  if (asked.upgrade_type < 1 || asked.upgrade_type > kUpgradeTypeMax) {
    return refuse(asked, "The controller does not support the given upgrade type.");
  }
  if (asked.max_version_level < 0) {
    return refuse(asked, "A feature version cannot be less than 0.");
  }
  const auto supported =
      std::ranges::find(features.supported, asked.feature, &rpc::Features::Supported::name);
  if (supported == features.supported.end()) {
    return refuse(asked, fmt::format("Local controller {} does not support this feature.", node));
  }
  if (asked.max_version_level < supported->min_version ||
      asked.max_version_level > supported->max_version) {
    return refuse(asked, fmt::format("Local controller {} only supports versions {}-{}", node,
                                     supported->min_version, supported->max_version));
  }
  const auto finalized =
      std::ranges::find(features.finalized, asked.feature, &rpc::Features::Finalized::name);
  const int16_t level = finalized == features.finalized.end() ? 0 : finalized->max_version_level;
  if (asked.max_version_level == level) return {};
  return refuse(asked, fmt::format("This broker's level is {} and cannot be changed.", level));
}

void update_features(const Call<Request>& call, Response& response) {
  response.error_message = {};
  response.results = proto::empty_array<Response::UpdatableFeatureResult>();
  if (!may_cluster(call, AclOperation::kAlter)) {
    response.error_code = proto::to_number(ErrorCode::kClusterAuthorizationFailed);
    response.error_message = kNotForYou;
    return;
  }
  const rpc::Features features = server_options(call.node.settings()).features;
  const auto& asked = call.message.feature_updates;
  ApiError error;
  for (const auto& update : asked) {
    if (error.ok()) error = check(call.node.id(), features, update);
  }
  // One that cannot be done means that none is.
  const std::string_view message = error.ok() ? std::string_view() : call.arena.copy(error.message);
  response.error_code = proto::to_number(error.code);
  response.error_message = message;
  if (call.version() >= kOneResultFrom) return;
  response.results = call.arena.array<Response::UpdatableFeatureResult>(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    response.results[i].feature = asked[i].feature;
    response.results[i].error_code = proto::to_number(error.code);
    response.results[i].error_message = message;
  }
}

}  // namespace

constinit const HandlerInfo kUpdateFeaturesApi{proto::ApiKey::kUpdateFeatures, 0, 2,
                                               answer<Request, update_features>};

}  // namespace odradek::broker
