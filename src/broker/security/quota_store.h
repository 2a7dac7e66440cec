#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api_error.h"

namespace odradek::broker {

// What a quota limits. Source: QuotaConfig of Kafka 4.
enum class QuotaKey : uint8_t {
  kProducerByteRate,
  kConsumerByteRate,
  kRequestPercentage,
  kControllerMutationRate,
  kConnectionCreationRate,
};
inline constexpr size_t kQuotaKeyCount = 5;
std::string_view quota_key_name(QuotaKey key);
std::optional<QuotaKey> quota_key_of(std::string_view name);

// Whom a quota is for: types ("user", "client-id", "ip") and names; without a name the default of
// the type.
using QuotaEntity = std::map<std::string, std::optional<std::string>, std::less<>>;
inline constexpr std::string_view kUserEntity = "user";
inline constexpr std::string_view kClientEntity = "client-id";
inline constexpr std::string_view kIpEntity = "ip";

// Quotas as clients set them. set() is what replaying ClientQuotaRecord does. One loop.
class QuotaStore {
 public:
  static constexpr size_t kEntitiesMax = 100'000;
  using Values = std::array<std::optional<double>, kQuotaKeyCount>;

  // No value: removed.
  void set(const QuotaEntity& entity, QuotaKey key, std::optional<double> value);
  void clear();
  bool is_full() const { return entities_.size() >= kEntitiesMax; }

  const std::map<QuotaEntity, Values>& all() const { return entities_; }
  // Is there any quota of this kind?
  bool limits(QuotaKey key) const { return counts_[static_cast<size_t>(key)] > 0; }
  std::optional<double> find(const QuotaEntity& entity, QuotaKey key) const;

 private:
  std::map<QuotaEntity, Values> entities_;
  std::array<size_t, kQuotaKeyCount> counts_{};
};

// What a request wants to change of one entity; checked before anything is set. Source:
// ClientQuotaControlManager of Kafka 4.
struct QuotaChange {
  std::string_view key;
  std::optional<double> value;
};
ApiError check_quota_change(const QuotaEntity& entity, std::span<const QuotaChange> changes);

// Which entities a request wants to see. Source: ClientQuotasImage.describe of Kafka 4.
struct QuotaFilter {
  enum class Match : int8_t { kExact = 0, kDefault = 1, kSpecified = 2 };
  struct Component {
    std::string_view type;
    Match match = Match::kSpecified;
    std::string_view name;
  };
  std::vector<Component> components;
  bool strict = false;

  bool matches(const QuotaEntity& entity) const;
};

}  // namespace odradek::broker
