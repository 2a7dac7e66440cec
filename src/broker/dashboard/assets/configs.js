// A table of configuration keys, with what they mean, where their value is from, and a way to
// change those that may change while the broker runs.

import { get, patch } from "./api.js";
import { h, replace } from "./dom.js";
import { duration, bytes, plural } from "./format.js";
import { badge, button, checkbox, dataTable, fail, field, openDialog, select, toast } from "./ui.js";

const SOURCES = { DYNAMIC_TOPIC_CONFIG: ["topic", "ok"], DYNAMIC_BROKER_CONFIG: ["changed", "ok"],
  DYNAMIC_DEFAULT_BROKER_CONFIG: ["changed, cluster", "ok"], STATIC_BROKER_CONFIG: ["given at start", "info"],
  DEFAULT_CONFIG: ["default", ""], DYNAMIC_GROUP_CONFIG: ["group", "ok"] };

function readable(config) {
  if (config.sensitive) return badge("hidden", "null");
  if (config.value === null) return badge("not set", "null");
  if (config.value === "") return badge("empty", "null");
  const number = Number(config.value);
  let hint = "";
  if (/\.ms$/.test(config.name) && number >= 1000) hint = number > 3e14 ? "for ever" : duration(number);
  if (/bytes$/.test(config.name) && number >= 1024) hint = number > 1e17 ? "no limit" : bytes(number);
  return [h("span", { class: "mono wrap" }, config.value), hint && h("small", { class: "block muted" }, hint)];
}

function sourceBadge(config) {
  const [label, kind] = SOURCES[config.source] || [config.source.toLowerCase(), ""];
  return badge(label, kind);
}

function editDialog(config, path, scope, done) {
  const options = config.type === "boolean" ? ["true", "false"]
    : config.type !== "list" && config.allowed;
  const input = options ? select(options.map((each) => [each, each]), config.value)
    : h("input", { class: "mono", value: config.value ?? "", spellcheck: "false",
      autocomplete: "off" });
  const wide = checkbox("For all brokers of the cluster", false);
  const isOwn = config.source !== "DEFAULT_CONFIG" && config.source !== "STATIC_BROKER_CONFIG";
  const levels = config.synonyms.length > 0 && h("table", { class: "plain" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Level"), h("th", { scope: "col" }, "Value"))),
    h("tbody", {}, config.synonyms.map((each) => h("tr", {},
      h("td", {}, (SOURCES[each.source] || [each.source])[0], " ",
        h("small", { class: "muted mono" }, each.name)),
      h("td", { class: "mono wrap" }, each.value ?? "not set")))));
  const extra = scope === "broker" ? { cluster_wide: false } : {};
  const change = async (body) => {
    if (scope === "broker") body.cluster_wide = wide.box.checked;
    await patch(path, { ...extra, ...body });
    toast(`${config.name} changed`);
    await done();
    return true;
  };
  const actions = [["Save", "primary", () => change({ set: { [config.name]: input.value } })]];
  if (isOwn || scope === "topic") {
    actions.push(["Back to default", "", () => change({ reset: [config.name] })]);
  }
  openDialog(config.name, h("div", { class: "form" },
    config.documentation && h("p", {}, config.documentation),
    field("Value", input, config.type === "list" && config.allowed
      ? `A list of: ${config.allowed.join(", ")}` : `Type: ${config.type}`),
    scope === "broker" && wide.element, levels), actions);
  input.focus();
}

export async function configTable(context, path, scope) {
  let all = [];
  const filter = h("input", { type: "search", placeholder: "Filter by name, value or meaning",
    "aria-label": "Filter", oninput: () => draw() });
  const changed = checkbox("Not at default", false, () => draw());
  const table = dataTable({
    caption: "Configuration", key: (row) => row.name, sortBy: 0, emptyText: "No key fits.",
    columns: [
      { label: "Key", wide: true, value: (r) => r.name, cell: (r) => [
        h("span", { class: "mono name" }, r.name),
        h("small", { class: "block muted doc" }, r.documentation)] },
      { label: "Value", value: (r) => r.value, mark: (r) => r.sensitive, cell: readable },
      { label: "From", value: (r) => r.source, cell: sourceBadge },
      { label: "", hidden: "Actions", value: (r) => r.name, mark: (r) => [r.value, r.source],
        cell: (r) => (r.read_only ? h("small", { class: "muted" }, "at start only")
          : button("Edit", () => editDialog(r, path, scope, refresh), "small",
            { "aria-label": `Edit ${r.name}` })) },
    ],
  });
  const summary = h("span", { class: "muted" });
  function draw() {
    const wanted = filter.value.toLowerCase();
    const shown = all.filter((row) => !(changed.box.checked && row.source === "DEFAULT_CONFIG") &&
      `${row.name} ${row.value ?? ""} ${row.documentation ?? ""}`.toLowerCase().includes(wanted));
    table.update(shown);
    replace(summary, plural(shown.length, "key"));
  }
  async function refresh() {
    all = (await get(path)).configs;
    draw();
  }
  try {
    await refresh();
  } catch (error) {
    fail(error);
    throw error;
  }
  return h("div", {}, h("div", { class: "toolbar" }, filter, changed.element, summary), table.element);
}
