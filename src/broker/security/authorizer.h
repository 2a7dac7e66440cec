#pragma once

#include <set>
#include <string>
#include <string_view>

#include "broker/security/acl_store.h"

namespace odradek::rpc {
struct ConnectionInfo;
}

namespace odradek::broker {

// Who asks: the connection's principal, and its address as entries name hosts. The process itself
// (the dashboard) may everything.
struct Requester {
  std::string_view principal;
  std::string_view host;
  bool is_inside = false;
};
Requester requester_of(const rpc::ConnectionInfo& connection);

// Decides by access control entries, as Kafka's StandardAuthorizer: a matching deny wins, then a
// matching allow; with entries for the resource but none that fits: no; without any: as configured.
// Super users may everything. Reading, writing, deleting and altering imply describing. One loop.
class Authorizer {
 public:
  struct Options {
    bool enabled = false;  // else everybody may everything
    std::set<std::string, std::less<>> super_users;
    bool allow_without_acls = false;  // allow.everyone.if.no.acl.found
  };

  // `acls` must outlive the authorizer.
  Authorizer(const AclStore& acls, Options options);

  bool enabled() const { return options_.enabled; }

  bool allows(const Requester& who, AclOperation operation, ResourceType type,
              std::string_view name) const;
  // Is there any resource of the type the requester may do this with? Source:
  // Authorizer.authorizeByResourceType.
  bool allows_any(const Requester& who, AclOperation operation, ResourceType type) const;
  // The bits for "authorized operations" fields.
  int32_t operations(const Requester& who, ResourceType type, std::string_view name) const;

 private:
  bool may_everything(const Requester& who) const;
  bool decide(const Requester& who, AclOperation operation, ResourceType type,
              std::string_view name) const;

  const AclStore& acls_;
  Options options_;
};

// "User:a;User:b" of super.users.
std::set<std::string, std::less<>> parse_super_users(std::string_view text);

}  // namespace odradek::broker
