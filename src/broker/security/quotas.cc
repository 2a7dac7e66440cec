#include "broker/security/quotas.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "rpc/request.h"

namespace odradek::broker {
namespace {

constexpr size_t kMetersMax = 10'000;
constexpr Duration kMeterLife = std::chrono::hours(1);
// A client above its request percentage is never held longer than one window.
constexpr Duration kRequestThrottleMax = std::chrono::seconds(1);

std::string_view user_of(const rpc::Request& client) {
  const std::string_view principal = client.connection->principal;
  const size_t colon = principal.find(':');
  return colon == std::string_view::npos ? principal : principal.substr(colon + 1);
}

}  // namespace

std::optional<Quotas::Share> Quotas::share_of(QuotaKey key, const rpc::Request& client) const {
  if (client.connection->is_inside) return std::nullopt;
  using Name = std::optional<std::string>;
  const std::string user(user_of(client));
  const std::string id(client.client_id);
  const std::string users(kUserEntity);
  const std::string clients(kClientEntity);
  const Name any = std::nullopt;
  const std::pair<QuotaEntity, Share> candidates[] = {
      {{{users, user}, {clients, id}}, {{user, id}, 0}},
      {{{users, user}, {clients, any}}, {{user, id}, 0}},
      {{{users, user}}, {{user, ""}, 0}},
      {{{users, any}, {clients, id}}, {{user, id}, 0}},
      {{{users, any}, {clients, any}}, {{user, id}, 0}},
      {{{users, any}}, {{user, ""}, 0}},
      {{{clients, id}}, {{"", id}, 0}},
      {{{clients, any}}, {{"", id}, 0}},
  };
  for (const auto& [entity, share] : candidates) {
    if (const std::optional<double> limit = store_.find(entity, key)) {
      return Share{share.who, *limit};
    }
  }
  return std::nullopt;
}

Quotas::Meter& Quotas::meter_of(QuotaKey key, const Share& share, MonotonicTime now) {
  Meters& meters = meters_[static_cast<size_t>(key)];
  if (meters.size() >= kMetersMax && !meters.contains(share.who)) {
    std::erase_if(meters, [&](const auto& each) { return now - each.second.used_at > kMeterLife; });
    if (meters.size() >= kMetersMax) {
      meters.erase(std::ranges::min_element(meters, {},
                                            [](const auto& each) { return each.second.used_at; }));
    }
  }
  Meter& meter = meters[share.who];
  meter.used_at = now;
  return meter;
}

Duration Quotas::record(QuotaKey key, const rpc::Request& client, double value, MonotonicTime now) {
  if (!limits(key)) return Duration(0);
  const std::optional<Share> share = share_of(key, client);
  if (!share) return Duration(0);
  RateMeter& rate = meter_of(key, *share, now).rate;
  rate.record(value, now, window_);
  const Duration throttle = rate.excess(share->limit, now, window_);
  return key == QuotaKey::kRequestPercentage ? std::min(throttle, kRequestThrottleMax) : throttle;
}

void Quotas::unrecord(QuotaKey key, const rpc::Request& client, double value, MonotonicTime now) {
  const std::optional<Share> share = share_of(key, client);
  if (share) meter_of(key, *share, now).rate.record(-value, now, window_);
}

double Quotas::most_in_window(QuotaKey key, const rpc::Request& client) const {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  if (!limits(key)) return kInfinite;
  const std::optional<Share> share = share_of(key, client);
  if (!share) return kInfinite;
  const double seconds = std::chrono::duration<double>(window_.size).count();
  return share->limit * (window_.samples - 1) * seconds;
}

bool Quotas::mutate(const rpc::Request& client, double partitions, bool strict, MonotonicTime now,
                    Duration& throttle) {
  constexpr QuotaKey kKey = QuotaKey::kControllerMutationRate;
  if (!limits(kKey)) return true;
  const std::optional<Share> share = share_of(kKey, client);
  if (!share) return true;
  TokenMeter& tokens = meter_of(kKey, *share, now).tokens;
  const Duration before = tokens.debt(share->limit, now, window_);
  if (strict && before > Duration(0)) {
    throttle = std::max(throttle, before);
    return false;
  }
  tokens.take(partitions, share->limit, now, window_);
  if (!strict) throttle = std::max(throttle, tokens.debt(share->limit, now, window_));
  return true;
}

double Quotas::connection_rate_of(std::string_view address) const {
  constexpr QuotaKey kKey = QuotaKey::kConnectionCreationRate;
  if (!limits(kKey)) return 0;
  const std::string type(kIpEntity);
  const auto own = store_.find({{type, std::string(address)}}, kKey);
  return own ? *own : store_.find({{type, std::nullopt}}, kKey).value_or(0);
}

void Quotas::clear() {
  store_.clear();
  for (Meters& meters : meters_) meters.clear();
}

}  // namespace odradek::broker
