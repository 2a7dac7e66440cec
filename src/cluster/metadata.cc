#include "cluster/metadata.h"

#include <algorithm>

namespace odradek::cluster {

const Partition* Topic::partition(int32_t wanted) const {
  if (wanted < 0) return nullptr;
  const auto index = static_cast<size_t>(wanted);
  if (index < partitions.size() && partitions[index].id == wanted) return &partitions[index];
  const auto found = std::ranges::lower_bound(partitions, wanted, {}, &Partition::id);
  return found != partitions.end() && found->id == wanted ? &*found : nullptr;
}

const Broker* Metadata::broker(int32_t id) const {
  const auto found = std::ranges::find(brokers, id, &Broker::id);
  return found == brokers.end() ? nullptr : &*found;
}

const Topic* Metadata::topic(std::string_view name) const {
  const auto found = std::ranges::lower_bound(topics, name, {}, &Topic::name);
  return found != topics.end() && found->name == name ? &*found : nullptr;
}

const Topic* Metadata::topic(const Uuid& id) const {
  if (id.is_zero()) return nullptr;
  const auto found = std::ranges::find(topics, id, &Topic::id);
  return found == topics.end() ? nullptr : &*found;
}

}  // namespace odradek::cluster
