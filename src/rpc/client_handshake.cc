#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <random>
#include <utility>

#include "base/log.h"
#include "io/address.h"
#include "io/task_group.h"
#include "proto/array_of.h"
#include "proto/error_code.h"
#include "proto/messages/api_versions_request.h"
#include "proto/messages/api_versions_response.h"
#include "proto/messages/sasl_authenticate_request.h"
#include "proto/messages/sasl_authenticate_response.h"
#include "proto/messages/sasl_handshake_request.h"
#include "proto/messages/sasl_handshake_response.h"
#include "rpc/client_impl.h"
#include "rpc/message.h"

namespace odradek::rpc {
namespace {

using proto::ErrorCode;

// The newest version that all of Kafka 3 and 4 know; v5 asks about the cluster we mean to reach.
constexpr int16_t kApiVersionsVersion = 4;
constexpr Duration kReauthenticationTimeout = std::chrono::seconds(30);

Result<SliceChain> encode_api_versions(const ConnectOptions& options, int16_t version) {
  proto::ApiVersionsRequest request;
  request.client_software_name = options.software_name;
  request.client_software_version = options.software_version;
  wire::Writer writer(64);
  encode(writer, version, request);
  return writer.finish();
}

// The version to try next after error 35: the best of what the answer says about ApiVersions, or
// 0 where it says nothing (before KIP-511).
int16_t fallback_version(const proto::ApiVersionsResponse& answer) {
  for (const auto& api : answer.api_keys) {
    if (api.api_key != static_cast<int16_t>(proto::ApiKey::kApiVersions)) continue;
    return std::clamp<int16_t>(api.max_version, 0, kApiVersionsVersion);
  }
  return 0;
}

}  // namespace

io::Task<Result<void>> ClientConnection::Impl::negotiate(std::shared_ptr<Impl> self,
                                                         MonotonicTime deadline) {
  int16_t version = kApiVersionsVersion;
  for (int attempt = 0; attempt < 3; ++attempt) {
    ODK_CO_TRY(SliceChain body, encode_api_versions(self->options, version));
    Result<RawResponse> raw = co_await call(self, proto::ApiKey::kApiVersions, version,
                                            std::move(body), deadline, Urgency::kHandshake);
    if (!raw && raw.error().code() == Errc::kClosed) {
      co_return Error(Errc::kClosed, fmt::format("{} closed the connection at the first request "
                                                 "(does the port expect TLS?)",
                                                 self->stream->peer_address()));
    }
    if (!raw) co_return std::move(raw).error();
    // A peer that does not know our version answers in version 0, whose first field is the same.
    const Bytes answer_body = raw->body;
    const bool refused = answer_body.size() >= 2 && answer_body[0] == 0 &&
                         answer_body[1] == proto::to_number(ErrorCode::kUnsupportedVersion);
    const int16_t answer_version = refused ? int16_t{0} : version;
    ODK_CO_TRY(auto answer, decode_body<proto::ApiVersionsResponse>(std::move(raw->frame),
                                                                    answer_body, answer_version));
    if (refused) {
      const int16_t next = fallback_version(answer.message);
      version = next < version ? next : int16_t{0};
      continue;
    }
    if (answer->error_code != 0) {
      const Error error =
          proto::to_error(proto::error_code(answer->error_code),
                          fmt::format("ApiVersions from {}", self->stream->peer_address()));
      self->end(error);
      co_return error;
    }
    for (const auto& api : answer->api_keys) {
      self->peer_apis.push_back(
          {static_cast<proto::ApiKey>(api.api_key), api.min_version, api.max_version});
    }
    for (const auto& feature : answer->supported_features) {
      self->peer_features.supported.push_back(
          {std::string(feature.name), feature.min_version, feature.max_version});
    }
    for (const auto& feature : answer->finalized_features) {
      self->peer_features.finalized.push_back(
          {std::string(feature.name), feature.max_version_level, feature.min_version_level});
    }
    self->peer_features.finalized_epoch = answer->finalized_features_epoch;
    co_return Result<void>{};
  }
  co_return Error(Errc::kUnsupported, fmt::format("{} refuses every version of ApiVersions we know",
                                                  self->stream->peer_address()));
}

Result<int16_t> ClientConnection::Impl::version_for(proto::ApiKey key, int16_t at_most) const {
  const proto::ApiInfo* const ours = proto::find_api(key);
  const auto theirs = std::ranges::find(peer_apis, key, &ApiRange::key);
  if (theirs == peer_apis.end()) {
    return Error(Errc::kUnsupported,
                 fmt::format("{} does not offer {} (API key {})", stream->peer_address(),
                             proto::api_name(key), static_cast<int16_t>(key)));
  }
  if (ours != nullptr) {
    const int16_t low = std::max(ours->min_version, theirs->min_version);
    const int16_t high = std::min({ours->max_version, theirs->max_version, at_most});
    if (low <= high) return high;
  }
  const int16_t our_max = ours == nullptr ? int16_t{-1} : std::min(ours->max_version, at_most);
  return Error(Errc::kUnsupported,
               fmt::format("no common version of {}: {} offers {} to {}, we need {} to {}",
                           proto::api_name(key), stream->peer_address(), theirs->min_version,
                           theirs->max_version, ours == nullptr ? 0 : ours->min_version, our_max));
}

io::Task<Result<void>> ClientConnection::Impl::authenticate(std::shared_ptr<Impl> self,
                                                            MonotonicTime deadline) {
  if (self->options.security.mechanism.empty()) co_return Result<void>{};
  Result<void> shaken = co_await sasl_handshake(self, deadline);
  if (!shaken) co_return shaken;
  Result<int64_t> lifetime_ms = co_await sasl_exchange(self, deadline);
  if (!lifetime_ms) co_return std::move(lifetime_ms).error();
  self->plan_reauthentication(*lifetime_ms);
  co_return Result<void>{};
}

io::Task<Result<void>> ClientConnection::Impl::sasl_handshake(std::shared_ptr<Impl> self,
                                                              MonotonicTime deadline) {
  const std::string& mechanism = self->options.security.mechanism;
  ODK_CO_TRY(const int16_t version, self->version_for(proto::ApiKey::kSaslHandshake, 1));
  if (version < 1) {
    co_return Error(Errc::kUnsupported, "the broker is older than Kafka 1.0 (SaslHandshake v0)");
  }
  proto::SaslHandshakeRequest request;
  request.mechanism = mechanism;
  wire::Writer writer(64);
  encode(writer, version, request);
  ODK_CO_TRY(SliceChain body, writer.finish());
  Result<RawResponse> raw = co_await call(self, proto::ApiKey::kSaslHandshake, version,
                                          std::move(body), deadline, Urgency::kHandshake);
  if (!raw) co_return std::move(raw).error();
  ODK_CO_TRY(auto answer,
             decode_body<proto::SaslHandshakeResponse>(std::move(raw->frame), raw->body, version));
  const std::string peer = self->stream->peer_address();
  switch (proto::error_code(answer->error_code)) {
    case ErrorCode::kNone: co_return Result<void>{};
    case ErrorCode::kUnsupportedSaslMechanism:
      co_return Error(Errc::kAuthentication,
                      fmt::format("{} does not offer SASL mechanism {}, but {}", peer, mechanism,
                                  fmt::join(answer->mechanisms, ", ")));
    case ErrorCode::kIllegalSaslState:
      co_return Error(Errc::kAuthentication,
                      fmt::format("{} does not ask for SASL on this port", peer));
    default:
      co_return proto::to_error(proto::error_code(answer->error_code),
                                fmt::format("SaslHandshake with {}", peer));
  }
}

// Gives the session's lifetime in milliseconds, 0 for ever.
io::Task<Result<int64_t>> ClientConnection::Impl::sasl_exchange(std::shared_ptr<Impl> self,
                                                                MonotonicTime deadline) {
  const std::string peer = self->stream->peer_address();
  ODK_CO_TRY(const int16_t version, self->version_for(proto::ApiKey::kSaslAuthenticate, 2));
  const ClientSecurity& security = self->options.security;
  if (security.prepare_sasl) {
    const Result<void> prepared = co_await security.prepare_sasl(self->loop, deadline);
    if (!prepared) co_return prepared.error();
  }
  ODK_CO_TRY(const std::unique_ptr<auth::SaslClient> client, security.start_sasl());
  ODK_CO_TRY(std::string token, client->first());
  while (true) {
    proto::SaslAuthenticateRequest request;
    request.auth_bytes = token.empty() ? proto::empty_bytes() : as_bytes(token);
    wire::Writer writer(256);
    encode(writer, version, request);
    wipe(token);
    ODK_CO_TRY(SliceChain body, writer.finish());
    Result<RawResponse> raw = co_await call(self, proto::ApiKey::kSaslAuthenticate, version,
                                            std::move(body), deadline, Urgency::kHandshake);
    if (!raw && raw.error().code() == Errc::kClosed) {
      co_return Error(Errc::kAuthentication,
                      fmt::format("{} closed the connection during authentication", peer));
    }
    if (!raw) co_return std::move(raw).error();
    ODK_CO_TRY(auto answer, decode_body<proto::SaslAuthenticateResponse>(std::move(raw->frame),
                                                                         raw->body, version));
    if (answer->error_code != 0) {
      const ErrorCode code = proto::error_code(answer->error_code);
      const std::string_view said = answer->error_message;
      co_return Error(
          Errc::kAuthentication,
          fmt::format("{}: {} ({})", peer, said.empty() ? proto::error_text(code) : said,
                      proto::error_name(code)));
    }
    Result<std::string> next = client->next(answer->auth_bytes);
    if (!next) co_return next.error().with_context(peer);
    if (client->done()) co_return int64_t{answer->session_lifetime_ms};
    token = *std::move(next);
  }
}

// At a random 85 to 95 percent of the lifetime, so that many clients do not come at once (KIP-368).
void ClientConnection::Impl::plan_reauthentication(int64_t lifetime_ms) {
  if (lifetime_ms <= 0 || !open) return;
  std::random_device random;
  const int64_t percent = 85 + random() % 11;
  const auto delay = std::chrono::milliseconds(lifetime_ms * percent / 100);
  reauthentication_timer_ = loop.call_after(delay, [this] {
    reauthentication_timer_ = 0;
    io::spawn_self_owned(loop, reauthenticate(shared_from_this()));
  });
}

// Requests already under way are answered before; new ones wait until it is over.
io::Task<void> ClientConnection::Impl::reauthenticate(std::shared_ptr<Impl> self) {
  if (!self->open) co_return;
  self->holds_back_ = true;
  const MonotonicTime deadline =
      self->loop.now() +
      std::chrono::duration_cast<MonotonicTime::duration>(kReauthenticationTimeout);
  Result<void> done = co_await authenticate(self, deadline);
  self->holds_back_ = false;
  if (!done) {
    ODK_LOG(warn, "re-authentication failed", kv("peer", self->stream->peer_address()),
            kv("reason", done.error().to_string()));
    self->end(done.error());
    co_return;
  }
  if (self->open) self->send_queued();
}

}  // namespace odradek::rpc
