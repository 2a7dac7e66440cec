#include "rpc/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "proto/array_of.h"
#include "proto/error_code.h"
#include "proto/messages/api_versions_request.h"
#include "proto/messages/api_versions_response.h"
#include "proto/messages/sasl_authenticate_request.h"
#include "proto/messages/sasl_authenticate_response.h"
#include "proto/messages/sasl_handshake_request.h"
#include "proto/messages/sasl_handshake_response.h"
#include "rpc/message.h"

namespace odradek::rpc {
namespace {

using proto::ErrorCode;

// A client that authenticates again and again is not re-authenticating but confused (Kafka 4.0,
// KafkaChannel.MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS).
constexpr Duration kMinReauthenticationInterval = std::chrono::seconds(1);

// Begins and ends with a letter or digit; between them also '-' and '.' (KIP-511).
bool is_software_name(std::string_view text) {
  const auto is_alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)); };
  if (text.empty() || !is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::ranges::all_of(text,
                             [&](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

template <class T>
Result<SessionStep> answer_with(const Request& request, int16_t version, const T& message) {
  SessionStep step;
  ODK_TRY(step.answer, encode_response(request.correlation_id, version, message));
  return step;
}

ApiRange own_range(const ServerOptions& options) {
  for (const ApiRange& range : options.apis) {
    if (range.key == proto::ApiKey::kApiVersions) return range;
  }
  return {proto::ApiKey::kApiVersions, 0, 0};
}

}  // namespace

Session::Session(const ServerOptions& options, const ListenerOptions& listener,
                 ConnectionInfo& info)
    : options_(options),
      listener_(listener),
      info_(info),
      state_(listener.sasl ? State::kHandshake : State::kReady) {}

Result<SessionStep> Session::on_api_versions(const Request& request) {
  if (state_ == State::kTokens) {
    return Error(Errc::kPrecondition, "ApiVersions in the middle of authentication");
  }
  const ApiRange range = own_range(options_);
  if (request.version < range.min_version || request.version > range.max_version) {
    return api_versions_error(request, 0, proto::to_number(ErrorCode::kUnsupportedVersion), true);
  }
  ODK_TRY(auto asked, decode_request<proto::ApiVersionsRequest>(request));
  if (request.version >= 3) {
    if (!is_software_name(asked->client_software_name) ||
        !is_software_name(asked->client_software_version)) {
      return api_versions_error(request, request.version,
                                proto::to_number(ErrorCode::kInvalidRequest), false);
    }
    info_.client_software_name = asked->client_software_name;
    info_.client_software_version = asked->client_software_version;
  }

  std::vector<proto::ApiVersionsResponse::ApiVersion> apis;
  apis.reserve(options_.apis.size());
  for (const ApiRange& api : options_.apis) {
    apis.push_back({static_cast<int16_t>(api.key), api.min_version, api.max_version, {}});
  }
  std::vector<proto::ApiVersionsResponse::SupportedFeatureKey> supported;
  for (const Features::Supported& feature : options_.features.supported) {
    // Older clients cannot read a minimum of 0 (KAFKA-17492).
    if (feature.min_version == 0 && request.version < 4) continue;
    supported.push_back({feature.name, feature.min_version, feature.max_version, {}});
  }
  std::vector<proto::ApiVersionsResponse::FinalizedFeatureKey> finalized;
  finalized.reserve(options_.features.finalized.size());
  for (const Features::Finalized& feature : options_.features.finalized) {
    finalized.push_back({feature.name, feature.max_version_level, feature.min_version_level, {}});
  }
  proto::ApiVersionsResponse answer;
  answer.api_keys = proto::array_of(apis);
  answer.supported_features = proto::array_of(supported);
  answer.finalized_features = proto::array_of(finalized);
  answer.finalized_features_epoch = options_.features.finalized_epoch;
  return answer_with(request, request.version, answer);
}

Result<SessionStep> Session::api_versions_error(const Request& request, int16_t version,
                                                int16_t code, bool with_own_range) {
  const ApiRange range = own_range(options_);
  std::vector<proto::ApiVersionsResponse::ApiVersion> apis;
  if (with_own_range) apis.push_back({18, range.min_version, range.max_version, {}});
  proto::ApiVersionsResponse answer;
  answer.error_code = code;
  answer.api_keys = proto::array_of(apis);
  return answer_with(request, version, answer);
}

bool Session::may_begin_again(const Clock& clock) {
  if (state_ != State::kReady || !authenticated_once_) return true;
  if (!expires_) return false;
  const MonotonicTime now = clock.now();
  if (began_again_at_ && now - *began_again_at_ < kMinReauthenticationInterval) return false;
  began_again_at_ = now;
  return true;
}

Result<SessionStep> Session::on_handshake(const Request& request, const Clock& clock) {
  ODK_TRY(auto asked, decode_request<proto::SaslHandshakeRequest>(request));
  proto::SaslHandshakeResponse answer;
  std::vector<std::string_view> mechanisms;
  if (listener_.sasl) {
    mechanisms.assign(listener_.sasl->mechanisms.begin(), listener_.sasl->mechanisms.end());
  }
  if (!listener_.sasl || !may_begin_again(clock)) {
    answer.error_code = proto::to_number(ErrorCode::kIllegalSaslState);
    answer.mechanisms = proto::empty_array<std::string_view>();
    return answer_with(request, request.version, answer);
  }
  if (state_ == State::kTokens) {
    return Error(Errc::kPrecondition, "SaslHandshake in the middle of authentication");
  }
  answer.mechanisms = proto::array_of(mechanisms);
  if (std::ranges::find(mechanisms, asked->mechanism) == mechanisms.end()) {
    answer.error_code = proto::to_number(ErrorCode::kUnsupportedSaslMechanism);
    ODK_TRY(SessionStep step, answer_with(request, request.version, answer));
    step.failed = true;
    step.failure_reason = fmt::format("SASL mechanism \"{}\" is not enabled", asked->mechanism);
    return step;
  }
  if (authenticated_once_ && asked->mechanism != mechanism_) {
    refusal_ = fmt::format("re-authentication with {}, but the connection began with {}",
                           asked->mechanism, mechanism_);
  } else {
    ODK_TRY(exchange_, listener_.sasl->start(asked->mechanism));
    mechanism_ = asked->mechanism;
  }
  state_ = request.version == 0 ? State::kRawTokens : State::kTokens;
  return answer_with(request, request.version, answer);
}

Result<SessionStep> Session::on_authenticate(const Request& request, const Clock& clock) {
  ODK_TRY(auto asked, decode_request<proto::SaslAuthenticateRequest>(request));
  proto::SaslAuthenticateResponse answer;
  if (state_ == State::kReady) {
    answer.error_code = proto::to_number(ErrorCode::kIllegalSaslState);
    answer.error_message = "SaslAuthenticate without SaslHandshake before it";
    answer.auth_bytes = proto::empty_bytes();
    return answer_with(request, request.version, answer);
  }
  if (state_ != State::kTokens) {
    return Error(Errc::kPrecondition, "SaslAuthenticate before SaslHandshake");
  }
  Result<auth::SaslStep> step = advance(asked->auth_bytes, clock);
  if (!step) {
    const std::string_view message = step.error().message();
    answer.error_code = proto::to_number(ErrorCode::kSaslAuthenticationFailed);
    answer.error_message = message.empty() ? "Authentication failed" : message;
    answer.auth_bytes = proto::empty_bytes();
    ODK_TRY(SessionStep failed, answer_with(request, request.version, answer));
    failed.failed = true;
    failed.failure_reason = step.error().to_string();
    return failed;
  }
  answer.auth_bytes = step->answer.empty() ? proto::empty_bytes() : as_bytes(step->answer);
  if (step->done) {
    answer.session_lifetime_ms = begin_lifetime(step->session_lifetime_ms, clock);
    state_ = State::kReady;
  }
  return answer_with(request, request.version, answer);
}

Result<SessionStep> Session::on_raw_token(Bytes token, const Clock& clock) {
  SessionStep step;
  Result<auth::SaslStep> advanced = advance(token, clock);
  if (!advanced) {
    step.failed = true;
    step.failure_reason = advanced.error().to_string();
    return step;
  }
  step.answer = SliceChain(Slice::copy_of(advanced->answer));
  if (advanced->done) {
    begin_lifetime(advanced->session_lifetime_ms, clock);
    state_ = State::kReady;
  }
  return step;
}

Result<auth::SaslStep> Session::advance(Bytes token, const Clock& clock) {
  if (!refusal_.empty()) return Error(Errc::kAuthentication, refusal_);
  ODK_ASSERT(exchange_ != nullptr);
  ODK_TRY(auth::SaslStep step, exchange_->on_message(token, clock.wall_ms()));
  if (!step.done) return step;
  exchange_.reset();
  if (authenticated_once_ && step.principal != info_.principal) {
    return Error(Errc::kAuthentication,
                 fmt::format("the principal may not change from {} to {} in re-authentication",
                             info_.principal, step.principal));
  }
  info_.principal = step.principal;
  authenticated_once_ = true;
  return step;
}

int64_t Session::begin_lifetime(int64_t credentials_ms, const Clock& clock) {
  int64_t lifetime_ms = listener_.sasl->max_session_ms;
  if (credentials_ms > 0) {
    lifetime_ms = lifetime_ms > 0 ? std::min(lifetime_ms, credentials_ms) : credentials_ms;
  }
  expires_.reset();
  if (lifetime_ms > 0) expires_ = clock.now() + std::chrono::milliseconds(lifetime_ms);
  return std::max<int64_t>(lifetime_ms, 0);
}

}  // namespace odradek::rpc
