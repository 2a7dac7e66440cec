#include "broker/security/quota_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace odradek::broker {
namespace {

using proto::ErrorCode;

constexpr std::string_view kKeyNames[kQuotaKeyCount] = {
    "producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate",
    "connection_creation_rate"};

ApiError invalid(std::string message) { return {ErrorCode::kInvalidRequest, std::move(message)}; }

ApiError check_entity(const QuotaEntity& entity) {
  if (entity.empty()) return invalid("Invalid empty client quota entity");
  for (const auto& [type, name] : entity) {
    if (type != kUserEntity && type != kClientEntity && type != kIpEntity) {
      return invalid(fmt::format("Unhandled client quota entity type: {}", type));
    }
    if (name && name->empty()) return invalid(fmt::format("Empty {} not supported", type));
  }
  if (entity.contains(kIpEntity) && entity.size() > 1) {
    return invalid("an ip entity cannot be combined with a user or client-id");
  }
  return {};
}

ApiError check_value(QuotaKey key, double value) {
  const std::string_view name = quota_key_name(key);
  if (!(value > 0)) return invalid(fmt::format("Quota {} must be greater than 0", name));
  if (key == QuotaKey::kRequestPercentage || key == QuotaKey::kControllerMutationRate) return {};
  const double most = key == QuotaKey::kConnectionCreationRate
                          ? std::numeric_limits<int32_t>::max()
                          : static_cast<double>(std::numeric_limits<int64_t>::max());
  if (value > most) return invalid(fmt::format("Proposed value for {} is too large", name));
  if (std::fmod(value, 1.0) > 1e-6) {
    return invalid(fmt::format("{} cannot be a fractional value.", name));
  }
  return {};
}

}  // namespace

std::string_view quota_key_name(QuotaKey key) { return kKeyNames[static_cast<size_t>(key)]; }

std::optional<QuotaKey> quota_key_of(std::string_view name) {
  const auto* found = std::ranges::find(kKeyNames, name);
  if (found == std::end(kKeyNames)) return std::nullopt;
  return static_cast<QuotaKey>(found - kKeyNames);
}

void QuotaStore::set(const QuotaEntity& entity, QuotaKey key, std::optional<double> value) {
  const auto index = static_cast<size_t>(key);
  auto found = entities_.find(entity);
  if (found == entities_.end()) {
    if (!value) return;
    found = entities_.emplace(entity, Values{}).first;
  }
  std::optional<double>& kept = found->second[index];
  if (kept && !value) --counts_[index];
  if (!kept && value) ++counts_[index];
  kept = value;
  const bool empty =
      std::ranges::none_of(found->second, [](const auto& each) { return each.has_value(); });
  if (empty) entities_.erase(found);
}

void QuotaStore::clear() {
  entities_.clear();
  counts_ = {};
}

std::optional<double> QuotaStore::find(const QuotaEntity& entity, QuotaKey key) const {
  const auto found = entities_.find(entity);
  if (found == entities_.end()) return std::nullopt;
  return found->second[static_cast<size_t>(key)];
}

ApiError check_quota_change(const QuotaEntity& entity, std::span<const QuotaChange> changes) {
  std::set<std::string_view> seen;
  for (const QuotaChange& change : changes) {
    if (!seen.insert(change.key).second) {
      return invalid(fmt::format("Duplicate quota key {}", change.key));
    }
  }
  ApiError error = check_entity(entity);
  if (!error.ok()) return error;
  const bool is_ip = entity.contains(kIpEntity);
  for (const QuotaChange& change : changes) {
    if (!change.value) continue;
    const std::optional<QuotaKey> key = quota_key_of(change.key);
    if (!key || (*key == QuotaKey::kConnectionCreationRate) != is_ip) {
      return invalid(fmt::format("Invalid configuration key {}", change.key));
    }
    error = check_value(*key, *change.value);
    if (!error.ok()) return error;
  }
  return {};
}

bool QuotaFilter::matches(const QuotaEntity& entity) const {
  if (strict && entity.size() != components.size()) return false;
  return std::ranges::all_of(components, [&entity](const Component& component) {
    const auto found = entity.find(component.type);
    if (found == entity.end()) return false;
    switch (component.match) {
      case Match::kExact: return found->second && *found->second == component.name;
      case Match::kDefault: return !found->second.has_value();
      case Match::kSpecified: return true;
    }
    return false;
  });
}

}  // namespace odradek::broker
