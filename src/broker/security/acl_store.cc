#include "broker/security/acl_store.h"

#include <utility>

#include "base/assert.h"

namespace odradek::broker {
namespace {

// False: enough was seen.
bool visit_each(const std::vector<const Acl*>& acls, const AclStore::Visit& visit) {
  for (const Acl* acl : acls) {
    if (!visit(*acl)) return false;
  }
  return true;
}

}  // namespace

void AclStore::put(const Uuid& id, Acl acl) {
  ODK_ASSERT(acl_fault(acl).empty());
  erase(id);
  existing_.insert_or_assign(acl, id);
  const Acl& kept = by_id_.insert_or_assign(id, std::move(acl)).first->second;
  Index& index = index_of(kept.resource_type);
  ByName& names = kept.pattern_type == PatternType::kLiteral ? index.literal : index.prefixed;
  names[kept.resource_name].push_back(&kept);
}

void AclStore::erase(const Uuid& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const Acl& acl = found->second;
  Index& index = index_of(acl.resource_type);
  ByName& names = acl.pattern_type == PatternType::kLiteral ? index.literal : index.prefixed;
  const auto named = names.find(acl.resource_name);
  std::erase(named->second, &acl);
  if (named->second.empty()) names.erase(named);
  existing_.erase(acl);
  by_id_.erase(found);
}

void AclStore::clear() {
  indexes_ = {};
  existing_.clear();
  by_id_.clear();
}

std::vector<Uuid> AclStore::find(const AclFilter& filter) const {
  std::vector<Uuid> ids;
  for (const auto& [acl, id] : existing_) {
    if (filter.matches(acl)) ids.push_back(id);
  }
  return ids;
}

void AclStore::visit_matching(ResourceType type, std::string_view name, const Visit& visit) const {
  const Index& index = indexes_[static_cast<size_t>(type)];
  for (const std::string_view literal : {name, kAclWildcard}) {
    const auto found = index.literal.find(literal);
    if (found != index.literal.end() && !visit_each(found->second, visit)) return;
    if (name == kAclWildcard) break;
  }
  if (index.prefixed.empty()) return;
  for (size_t length = 1; length <= name.size(); ++length) {
    const auto found = index.prefixed.find(name.substr(0, length));
    if (found != index.prefixed.end() && !visit_each(found->second, visit)) return;
  }
}

void AclStore::visit_all(ResourceType type, const Visit& visit) const {
  const Index& index = indexes_[static_cast<size_t>(type)];
  for (const ByName* names : {&index.literal, &index.prefixed}) {
    for (const auto& [name, acls] : *names) {
      if (!visit_each(acls, visit)) return;
    }
  }
}

}  // namespace odradek::broker
