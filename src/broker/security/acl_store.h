#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "broker/security/acl.h"

namespace odradek::broker {

// All access control entries, found by id (as the metadata log names them) and by resource.
// put() and erase() are what replaying AccessControlEntryRecord and RemoveAccessControlEntryRecord
// does. One loop.
class AclStore {
 public:
  static constexpr size_t kAclsMax = 100'000;

  bool contains(const Acl& acl) const { return existing_.contains(acl); }
  size_t size() const { return by_id_.size(); }
  bool is_full() const { return size() >= kAclsMax; }

  void put(const Uuid& id, Acl acl);
  void erase(const Uuid& id);
  void clear();

  // Ids of the entries a filter means, in the order of the entries.
  std::vector<Uuid> find(const AclFilter& filter) const;
  const Acl& at(const Uuid& id) const { return by_id_.at(id); }

  // Visits every entry for a resource of this name: literal, "*", prefixes. Stops when `visit`
  // returns false.
  using Visit = std::function<bool(const Acl&)>;
  void visit_matching(ResourceType type, std::string_view name, const Visit& visit) const;
  // Visits every entry of a type.
  void visit_all(ResourceType type, const Visit& visit) const;

 private:
  using ByName = std::map<std::string, std::vector<const Acl*>, std::less<>>;
  struct Index {
    ByName literal;
    ByName prefixed;
  };
  Index& index_of(ResourceType type) { return indexes_[static_cast<size_t>(type)]; }

  std::unordered_map<Uuid, Acl> by_id_;  // nodes stay in place: the indexes point to them
  std::map<Acl, Uuid> existing_;
  std::array<Index, kResourceTypeMax + 1> indexes_;
};

}  // namespace odradek::broker
