// odk acls.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "commands.h"
#include "json_output.h"

namespace odk {

namespace ok = odradek::kafka;

namespace {

template <class Value, size_t N>
using Names = std::array<std::pair<std::string_view, Value>, N>;

constexpr Names<ok::AclResource, 6> kResources{{{"topic", ok::AclResource::topic},
                                                {"group", ok::AclResource::group},
                                                {"cluster", ok::AclResource::cluster},
                                                {"txn", ok::AclResource::transactional_id},
                                                {"token", ok::AclResource::delegation_token},
                                                {"user", ok::AclResource::user}}};
constexpr Names<ok::AclPattern, 3> kPatterns{{{"literal", ok::AclPattern::literal},
                                              {"prefixed", ok::AclPattern::prefixed},
                                              {"match", ok::AclPattern::match}}};
constexpr Names<ok::AclOperation, 14> kOperations{
    {{"all", ok::AclOperation::all},
     {"read", ok::AclOperation::read},
     {"write", ok::AclOperation::write},
     {"create", ok::AclOperation::create},
     {"delete", ok::AclOperation::remove},
     {"alter", ok::AclOperation::alter},
     {"describe", ok::AclOperation::describe},
     {"cluster-action", ok::AclOperation::cluster_action},
     {"describe-configs", ok::AclOperation::describe_configs},
     {"alter-configs", ok::AclOperation::alter_configs},
     {"idempotent-write", ok::AclOperation::idempotent_write},
     {"create-tokens", ok::AclOperation::create_tokens},
     {"describe-tokens", ok::AclOperation::describe_tokens},
     {"two-phase-commit", ok::AclOperation::two_phase_commit}}};

// `any` for a text that was not given.
template <class Table, class Value>
ok::Result<Value> parse(const Table& names, const std::string& text, Value any) {
  if (text.empty()) return any;
  for (const auto& [name, value] : names) {
    if (name == text) return value;
  }
  std::string known;
  for (const auto& [name, value] : names) known += fmt::format(" {}", name);
  return wrong(fmt::format("{}: not one of{}", text, known));
}

template <class Table, class Value>
std::string_view name_of(const Table& names, Value value) {
  for (const auto& [name, known] : names) {
    if (known == value) return name;
  }
  return "unknown";
}

ok::Result<ok::AclFilter> filter_of(const Settings& settings) {
  ok::AclFilter filter;
  const auto resource = parse(kResources, settings.resource_type, ok::AclResource::any);
  if (!resource) return resource.error();
  const auto pattern = parse(kPatterns, settings.pattern, ok::AclPattern::any);
  if (!pattern) return pattern.error();
  const auto operation = parse(kOperations, settings.operation, ok::AclOperation::any);
  if (!operation) return operation.error();
  filter.resource = *resource;
  filter.pattern = *pattern;
  filter.operation = *operation;
  if (!settings.resource.empty()) filter.name = settings.resource;
  if (!settings.principal.empty()) filter.principal = settings.principal;
  if (!settings.host.empty()) filter.host = settings.host;
  if (settings.deny) filter.permission = ok::AclPermission::deny;
  return filter;
}

void print_acl(const ok::Acl& acl, const Settings& settings) {
  const std::string_view resource = name_of(kResources, acl.resource);
  const std::string_view pattern = name_of(kPatterns, acl.pattern);
  const std::string_view operation = name_of(kOperations, acl.operation);
  const char* const permission = acl.permission == ok::AclPermission::deny ? "deny" : "allow";
  if (settings.json) {
    print_json({{"resource_type", resource},
                {"name", acl.name},
                {"pattern", pattern},
                {"principal", acl.principal},
                {"host", acl.host},
                {"operation", operation},
                {"permission", permission}});
  } else {
    write_out("{} {} ({})\t{}\t{}\tfrom {}\t{}\n", resource, acl.name, pattern, acl.principal,
              operation, acl.host, permission);
  }
}

}  // namespace

Outcome list_acls(const ok::Client& client, const Settings& settings) {
  const auto filter = filter_of(settings);
  if (!filter) return filter.error();
  ok::Admin admin(client);
  const auto acls = admin.describe_acls(*filter, wait_of(settings)).get();
  if (!acls) return acls.error();
  for (const ok::Acl& acl : *acls) print_acl(acl, settings);
  return {};
}

Outcome add_acl(const ok::Client& client, const Settings& settings) {
  const auto filter = filter_of(settings);
  if (!filter) return filter.error();
  const bool is_literal = filter->pattern == ok::AclPattern::any;
  const ok::Acl acl{
      .resource = filter->resource,
      .name = settings.resource,
      .pattern = is_literal ? ok::AclPattern::literal : filter->pattern,
      .principal = settings.principal,
      .host = settings.host.empty() ? std::string("*") : settings.host,
      .operation = filter->operation,
      .permission = settings.deny ? ok::AclPermission::deny : ok::AclPermission::allow};
  ok::Admin admin(client);
  return ok::all(admin.create_acls({acl}, wait_of(settings)).get());
}

Outcome remove_acls(const ok::Client& client, const Settings& settings) {
  const bool is_filtered = settings.deny || !settings.resource_type.empty() ||
                           !settings.resource.empty() || !settings.pattern.empty() ||
                           !settings.principal.empty() || !settings.host.empty() ||
                           !settings.operation.empty();
  if (is_filtered == settings.all) return wrong("acls remove: say which ones, or --all");
  const auto filter = filter_of(settings);
  if (!filter) return filter.error();
  ok::Admin admin(client);
  const auto deleted = ok::all(admin.delete_acls({*filter}, wait_of(settings)).get());
  if (!deleted) return deleted.error();
  for (const ok::AclOutcome& outcome : deleted->front()) {
    if (!outcome.result) return outcome.result;
    print_acl(outcome.acl, settings);
  }
  return {};
}

}  // namespace odk
