#include "backup/restore/restore_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <tuple>

#include "backup/archive/json_fields.h"

namespace odradek::backup {
namespace {

constexpr std::string_view kFormat = "odradek-restore";
constexpr int kSchema = 1;
constexpr std::array<std::string_view, 4> kPhases = {"loading", "loaded", "done", "aborted"};

Json json_of(const std::map<int32_t, int64_t>& offsets) {
  Json object = Json::object();
  for (const auto& [partition, offset] : offsets) object[std::to_string(partition)] = offset;
  return object;
}

std::map<int32_t, int64_t> offsets_of(const Json& object) {
  std::map<int32_t, int64_t> offsets;
  for (const auto& [name, value] : object.items()) {
    int32_t partition = -1;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), partition);
    if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size() || partition < 0) {
      throw std::runtime_error(fmt::format("\"{}\" is no partition", name));
    }
    offsets[partition] = value.get<int64_t>();
  }
  return offsets;
}

constexpr std::array<std::string_view, 3> kSpreads = {"none", "murmur2", "round_robin"};

Json json_of(const PrepareOptions& options) {
  return {{"window", {options.window.start, options.window.end}},
          {"adds_offset_headers", options.adds_offset_headers},
          {"strips_offset_headers", options.strips_offset_headers},
          {"source_cluster", options.source_cluster},
          {"spread", kSpreads[static_cast<size_t>(options.spread)]},
          {"spread_partitions", options.spread_partitions},
          {"coalesces", options.coalesces},
          {"keeps_aborted", options.keeps_aborted},
          {"batch_bytes_max", options.batch_bytes_max}};
}

PrepareOptions prepare_of(const Json& object) {
  PrepareOptions options;
  options.window = {object.at("window").at(0).get<int64_t>(),
                    object.at("window").at(1).get<int64_t>()};
  options.adds_offset_headers = object.at("adds_offset_headers").get<bool>();
  options.strips_offset_headers = object.at("strips_offset_headers").get<bool>();
  options.source_cluster = object.at("source_cluster").get<std::string>();
  const auto spread = std::ranges::find(kSpreads, object.at("spread").get<std::string>());
  if (spread == kSpreads.end()) throw std::runtime_error("unknown spread");
  options.spread = static_cast<Spread>(spread - kSpreads.begin());
  options.spread_partitions = object.at("spread_partitions").get<int32_t>();
  if (options.spread != Spread::kNone && options.spread_partitions < 1) {
    throw std::runtime_error("spread over no partitions");
  }
  options.coalesces = object.at("coalesces").get<bool>();
  options.keeps_aborted = object.at("keeps_aborted").get<bool>();
  options.batch_bytes_max = object.at("batch_bytes_max").get<uint64_t>();
  return options;
}

Json json_of(const RestoredTopic& topic) {
  Json put_back = Json::object();
  for (const auto& [name, value] : topic.put_back) put_back[name] = value ? Json(*value) : Json();
  return {{"source", topic.source},
          {"incarnation", topic.incarnation},
          {"target", topic.target},
          {"was_created", topic.was_created},
          {"prepare", json_of(topic.prepare)},
          {"targets", json_of(topic.targets)},
          {"ends", json_of(topic.ends)},
          {"bases", json_of(topic.bases)},
          {"put_back", std::move(put_back)}};
}

RestoredTopic topic_of(const Json& object) {
  RestoredTopic topic;
  topic.source = object.at("source").get<std::string>();
  topic.incarnation = object.at("incarnation").get<uint32_t>();
  topic.target = object.at("target").get<std::string>();
  topic.was_created = object.at("was_created").get<bool>();
  topic.prepare = prepare_of(object.at("prepare"));
  topic.targets = offsets_of(object.at("targets"));
  topic.ends = offsets_of(object.at("ends"));
  topic.bases = offsets_of(object.at("bases"));
  for (const auto& [name, value] : object.at("put_back").items()) {
    topic.put_back[name] = value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
  }
  return topic;
}

RestoreState state_of(const Json& object) {
  RestoreState state;
  state.restore_id = object.at("restore_id").get<std::string>();
  state.backup_id = object.at("backup_id").get<std::string>();
  state.target_cluster_id = object.at("target_cluster_id").get<std::string>();
  const auto phase = std::ranges::find(kPhases, object.at("phase").get<std::string>());
  if (phase == kPhases.end()) throw std::runtime_error("unknown phase");
  state.phase = static_cast<RestorePhase>(phase - kPhases.begin());
  state.started_at = object.at("started_at").get<int64_t>();
  state.finished_at = object.at("finished_at").get<int64_t>();
  state.producer.id = object.at("producer").at("id").get<int64_t>();
  state.producer.epoch = object.at("producer").at("epoch").get<int16_t>();
  state.options = object.at("options").get<std::string>();
  state.groups_key = object.at("groups").get<std::string>();
  for (const Json& topic : object.at("topics")) state.topics.push_back(topic_of(topic));
  return state;
}

}  // namespace

std::string_view restore_phase_name(RestorePhase phase) {
  return kPhases[static_cast<size_t>(phase)];
}

std::string to_json(const RestoreState& state) {
  Json topics = Json::array();
  for (const RestoredTopic& topic : state.topics) topics.push_back(json_of(topic));
  return Json{{"format", kFormat},
              {"schema", kSchema},
              {"restore_id", state.restore_id},
              {"backup_id", state.backup_id},
              {"target_cluster_id", state.target_cluster_id},
              {"phase", restore_phase_name(state.phase)},
              {"started_at", state.started_at},
              {"finished_at", state.finished_at},
              {"producer", {{"id", state.producer.id}, {"epoch", state.producer.epoch}}},
              {"options", state.options},
              {"groups", state.groups_key},
              {"topics", std::move(topics)}}
      .dump(2);
}

Result<RestoreState> parse_restore_state(std::string_view text) {
  return parse_object<RestoreState>(text, kFormat, state_of, kSchema);
}

std::string restore_state_key(const ArchiveKeys& keys, std::string_view restore_id) {
  return keys.restore(restore_id, "state.json");
}

std::string offset_map_prefix(const ArchiveKeys& keys, std::string_view restore_id,
                              std::string_view topic, int32_t partition) {
  return keys.restore(restore_id, fmt::format("map/{}/{}/", topic, partition));
}

Result<RestoreState> read_restore_state(store::ObjectStore& store, const ArchiveKeys& keys,
                                        const std::string& restore_id) {
  const std::string key = restore_state_key(keys, restore_id);
  ODK_TRY(const Slice text, store.get(key));
  Result<RestoreState> state = parse_restore_state(text.text());
  if (!state) return state.error().with_context(fmt::format("object {}", key));
  return state;
}

Result<void> write_restore_state(store::ObjectStore& store, const ArchiveKeys& keys,
                                 const RestoreState& state) {
  const std::string text = to_json(state);
  ODK_TRY_VOID(store.put(restore_state_key(keys, state.restore_id), as_bytes(text)));
  return {};
}

Result<std::vector<RestoreState>> read_restores(store::ObjectStore& store,
                                                const ArchiveKeys& keys) {
  constexpr std::string_view kName = "/state.json";
  const std::string prefix = keys.backup_id() + "/restores/";
  ODK_TRY(const std::vector<store::ObjectInfo> objects, store.list(prefix));
  std::vector<RestoreState> restores;
  for (const store::ObjectInfo& object : objects) {
    if (!object.key.ends_with(kName)) continue;
    const std::string id =
        object.key.substr(prefix.size(), object.key.size() - prefix.size() - kName.size());
    if (id.find('/') != std::string::npos) continue;
    ODK_TRY(RestoreState state, read_restore_state(store, keys, id));
    restores.push_back(std::move(state));
  }
  std::ranges::sort(restores, [](const RestoreState& a, const RestoreState& b) {
    return std::tie(a.started_at, a.restore_id) < std::tie(b.started_at, b.restore_id);
  });
  return restores;
}

}  // namespace odradek::backup
