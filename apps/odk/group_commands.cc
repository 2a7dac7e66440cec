// odk groups.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "commands.h"
#include "json_output.h"
#include "offset_lookup.h"
#include "offset_text.h"

namespace odk {

namespace ok = odradek::kafka;

Outcome list_groups(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  const ok::GroupFilter filter{
      .states = settings.states, .types = settings.types, .protocol_types = {}};
  const auto groups = admin.list_groups(filter, wait_of(settings)).get();
  if (!groups) return groups.error();
  for (const ok::GroupListing& group : *groups) {
    if (settings.json) {
      print_json({{"group", group.id},
                  {"state", group.state},
                  {"type", group.type},
                  {"protocol_type", group.protocol_type}});
    } else {
      write_out("{}\t{}\t{}\n", group.id, group.state, group.type);
    }
  }
  return {};
}

namespace {

// A partition the group has a position in or a member for.
struct Row {
  ok::TopicPartition id;
  int64_t committed = -1;  // -1: nothing
  int64_t end = -1;        // -1: the topic is gone
  std::string owner;

  int64_t lag() const { return committed < 0 || end < 0 ? -1 : end - committed; }
};

ok::Result<std::vector<Row>> rows_of(ok::Admin& admin, const ok::GroupDescription& group,
                                     const Settings& settings) {
  std::map<ok::TopicPartition, Row> rows;
  const auto offsets = admin.group_offsets(group.id, wait_of(settings)).get();
  if (!offsets) return offsets.error();
  for (const ok::CommittedOffset& item : *offsets) {
    if (item.committed) rows[item.partition].committed = item.committed->offset;
  }
  for (const ok::GroupMember& member : group.members) {
    for (const ok::TopicPartition& id : member.assignment) rows[id].owner = member.client_id;
  }
  std::vector<ok::TopicPartition> partitions;
  for (auto& [id, row] : rows) {
    row.id = id;
    partitions.push_back(id);
  }
  // A topic that is gone is no reason to say nothing; its partitions just have no end.
  constexpr std::chrono::milliseconds kShort{2'000};
  const auto wait = std::min(wait_of(settings), kShort);
  const auto ends = admin.list_offsets(partitions, ok::OffsetSpec::latest, wait).get();
  if (!ends) return ends.error();
  for (const auto& end : *ends) {
    if (end.result) rows[end.partition].end = end.result->offset;
  }
  std::vector<Row> list;
  list.reserve(rows.size());
  for (auto& [id, row] : rows) list.push_back(std::move(row));
  return list;
}

std::string number_or_dash(int64_t number) {
  return number < 0 ? std::string("-") : std::to_string(number);
}

void print_group(const ok::GroupDescription& group, const std::vector<Row>& rows) {
  write_out("group {}: {}, {}, assignor {}, {} members, coordinator {}\n", group.id, group.state,
            group.type, group.assignor.empty() ? "-" : group.assignor, group.members.size(),
            group.coordinator);
  for (const ok::GroupMember& member : group.members) {
    write_out("  member {}\t{}\t{}\t{} partitions\n", member.client_id, member.host,
              member.instance_id.empty() ? member.member_id : member.instance_id,
              member.assignment.size());
  }
  for (const Row& row : rows) {
    write_out("  {}-{}\tcommitted {}\tend {}\tlag {}\t{}\n", row.id.topic, row.id.partition,
              number_or_dash(row.committed), number_or_dash(row.end), number_or_dash(row.lag()),
              row.owner);
  }
}

Json json_of(const ok::GroupDescription& group, const std::vector<Row>& rows) {
  Json members = Json::array();
  for (const ok::GroupMember& member : group.members) {
    members.push_back({{"member", member.member_id},
                       {"instance", member.instance_id},
                       {"client", member.client_id},
                       {"host", member.host}});
  }
  Json partitions = Json::array();
  for (const Row& row : rows) {
    const auto number = [](int64_t value) { return value < 0 ? Json() : Json(value); };
    partitions.push_back({{"topic", row.id.topic},
                          {"partition", row.id.partition},
                          {"committed", number(row.committed)},
                          {"end", number(row.end)},
                          {"lag", number(row.lag())},
                          {"owner", row.owner}});
  }
  return {{"group", group.id},
          {"state", group.state},
          {"type", group.type},
          {"assignor", group.assignor},
          {"coordinator", group.coordinator},
          {"members", members},
          {"partitions", partitions}};
}

}  // namespace

Outcome describe_group(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  const auto group = admin.describe_group(settings.group, wait_of(settings)).get();
  if (!group) return group.error();
  const auto rows = rows_of(admin, *group, settings);
  if (!rows) return rows.error();
  if (settings.json) {
    print_json(json_of(*group, *rows));
  } else {
    print_group(*group, *rows);
  }
  return {};
}

Outcome delete_groups(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  return ok::all(admin.delete_groups(settings.topics, wait_of(settings)).get());
}

// Every partition of the topics gets the offset that -o says; only for groups without members.
Outcome reset_group(const ok::Client& client, const Settings& settings) {
  using Kind = OffsetText::Kind;
  const auto to = parse_offset(settings.offsets.empty() ? "beginning" : settings.offsets.back());
  if (!to) return to.error();
  if (to->kind == Kind::kStored || to->kind == Kind::kUntil) {
    return wrong("-o of this command: beginning, end, N, -N or s@MS");
  }
  const auto partitions = partitions_of(client, settings, settings.topics);
  if (!partitions) return partitions.error();
  ok::Admin admin(client);
  const OffsetLookup lookup{.admin = &admin, .partitions = *partitions, .wait = wait_of(settings)};
  const auto wanted = offsets_of(lookup, *to);
  if (!wanted) return wanted.error();
  const auto first = first_offsets(lookup);
  if (!first) return first.error();
  const auto last = last_offsets(lookup);
  if (!last) return last.error();
  std::vector<ok::CommittedOffset> offsets;
  for (size_t i = 0; i < partitions->size(); ++i) {
    const int64_t offset = std::clamp((*wanted)[i], (*first)[i], (*last)[i]);
    offsets.push_back({(*partitions)[i], ok::OffsetAndMetadata{.offset = offset}});
  }
  Outcome altered =
      ok::all(admin.alter_group_offsets(settings.group, offsets, wait_of(settings)).get());
  if (!altered) return altered;
  for (const ok::CommittedOffset& item : offsets) {
    write_out("{}-{}\t{}\n", item.partition.topic, item.partition.partition,
              item.committed->offset);
  }
  return {};
}

}  // namespace odk
