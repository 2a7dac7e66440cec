// list, topics, groups, configs, acls.
#include "arguments.h"

namespace odk {
namespace {

void add_topics(CLI::App& app, Settings& settings, Command& command) {
  CLI::App* topics = app.add_subcommand("topics", "describe, create, grow and delete topics");
  topics->require_subcommand(1);
  add_command(*topics, command, "describe", "leaders and replicas; all topics when none is named",
              describe_topics)
      ->add_option("name", settings.topics);
  CLI::App* create = add_command(*topics, command, "create", "create a topic", create_topic);
  create->add_option("name", settings.topic)->required();
  create->add_option("-p,--partitions", settings.partitions, "default: the broker's");
  create->add_option("-r,--replication-factor", settings.replication_factor);
  add_repeated(*create, "-c,--config", settings.configs, "name=value, may be repeated");
  CLI::App* grow = add_command(*topics, command, "grow", "add partitions", add_partitions);
  grow->add_option("name", settings.topic)->required();
  grow->add_option("-p,--partitions", settings.partitions, "how many there are to be")->required();
  add_command(*topics, command, "delete", "delete topics", delete_topics)
      ->add_option("name", settings.topics)
      ->required();
}

void add_groups(CLI::App& app, Settings& settings, Command& command) {
  CLI::App* groups = app.add_subcommand("groups", "list, describe, reset and delete groups");
  groups->require_subcommand(1);
  CLI::App* list = add_command(*groups, command, "list", "all groups", list_groups);
  add_repeated(*list, "--state", settings.states, "Stable, Empty ...; may be repeated");
  add_repeated(*list, "--type", settings.types, "Classic, Consumer ...; may be repeated");
  add_command(*groups, command, "describe", "members, offsets and lag", describe_group)
      ->add_option("group", settings.group)
      ->required();
  CLI::App* reset =
      add_command(*groups, command, "reset", "set offsets of a group without members", reset_group);
  reset->add_option("group", settings.group)->required();
  reset->add_option("topic", settings.topics)->required();
  add_repeated(*reset, "-p,--partition", settings.only_partitions, "may be repeated");
  add_repeated(*reset, "-o,--offset", settings.offsets, "beginning (default), end, N, -N or s@MS");
  add_command(*groups, command, "delete", "delete groups without members", delete_groups)
      ->add_option("group", settings.topics)
      ->required();
}

void add_configs(CLI::App& app, Settings& settings, Command& command) {
  CLI::App* configs = app.add_subcommand("configs", "read and change configurations");
  configs->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, Command run) {
    CLI::App* sub = add_command(*configs, command, name, about, run);
    sub->add_option("-t,--type", settings.resource_type)
        ->check(CLI::IsMember({"topic", "broker", "logger", "client-metrics", "group"}))
        ->capture_default_str();
    sub->add_option("name", settings.resource, "topic, broker id, group")->required();
    return sub;
  };
  add("describe", "values and where they come from", describe_configs)
      ->add_flag("--changed", settings.changed_only, "without built-in defaults");
  add("alter", "change some values and leave the others", alter_configs)
      ->add_option("change", settings.configs,
                   "name=value sets, name takes away, name+=value and name-=value change lists")
      ->required();
}

void add_acls(CLI::App& app, Settings& settings, Command& command) {
  CLI::App* acls = app.add_subcommand("acls", "list, add and remove access control entries");
  acls->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, Command run, bool is_whole) {
    CLI::App* sub = add_command(*acls, command, name, about, run);
    // Topic is the default of configurations; here everything is.
    sub->preparse_callback([&settings](size_t) { settings.resource_type.clear(); });
    sub->add_option("-t,--type", settings.resource_type, "topic, group, cluster, txn, token, user")
        ->required(is_whole);
    sub->add_option("-n,--name", settings.resource, "of the resource, or '*'")->required(is_whole);
    sub->add_option("--pattern", settings.pattern, "literal, prefixed; in filters also match");
    sub->add_option("-u,--principal", settings.principal, "User:alice")->required(is_whole);
    sub->add_option("--host", settings.host);
    sub->add_option("--operation", settings.operation, "read, write, describe, all ...")
        ->required(is_whole);
    sub->add_flag("--deny", settings.deny);
    return sub;
  };
  add("list", "those that match", list_acls, false);
  add("add", "add one", add_acl, true);
  add("remove", "remove those that match, and print them", remove_acls, false)
      ->add_flag("--all", settings.all, "remove every entry there is");
}

}  // namespace

void add_admin_arguments(CLI::App& app, Settings& settings, Command& command) {
  add_command(app, command, "list", "brokers and topics", list)
      ->add_option("topic", settings.topics, "only these");
  add_topics(app, settings, command);
  add_groups(app, settings, command);
  add_configs(app, settings, command);
  add_acls(app, settings, command);
}

}  // namespace odk
