import { get, part, post } from "./api.js";
import { h, replace } from "./dom.js";
import { bytes, compact, count, plural, retention } from "./format.js";
import { badge, button, checkbox, dataTable, empty, field, heading, openDialog, select, toast }
  from "./ui.js";

// A rate from two looks at a growing number.
function rates() {
  const seen = new Map();
  return (name, value) => {
    const now = performance.now();
    const before = seen.get(name);
    seen.set(name, { value, now, rate: before ? before.rate : null });
    if (!before || now - before.now < 500) return before ? before.rate : null;
    const rate = Math.max(0, (1000 * (value - before.value)) / (now - before.now));
    seen.get(name).rate = rate;
    return rate;
  };
}

export function createDialog(source) {
  const name = h("input", { required: true, maxlength: 249, autocomplete: "off", spellcheck: "false",
    value: source ? `${source.name}-copy` : "" });
  const partitions = h("input", { type: "number", min: 1, max: 10000, placeholder: "default",
    value: source ? source.partitions : "" });
  const policy = select([["", "default"], ["delete", "delete"], ["compact", "compact"],
    ["compact,delete", "compact, delete"]], (source && source.overrides["cleanup.policy"]) || "");
  const others = h("textarea", { rows: 4, spellcheck: "false", class: "mono",
    placeholder: "retention.ms=3600000" });
  if (source) {
    others.value = Object.entries(source.overrides)
      .filter(([key]) => key !== "cleanup.policy").map(([key, value]) => `${key}=${value}`).join("\n");
  }
  const body = h("div", { class: "form" },
    field("Name", name, "Letters, digits, '.', '_' and '-'."),
    field("Partitions", partitions),
    field("Cleanup policy", policy, "delete: old records go. compact: the last of each key stays."),
    field("Other configs", others, "One name=value a line."));
  const read = () => {
    const configs = {};
    if (policy.value) configs["cleanup.policy"] = policy.value;
    for (const line of others.value.split("\n").map((each) => each.trim()).filter(Boolean)) {
      const equals = line.indexOf("=");
      if (equals < 1) throw new Error(`"${line}" is not name=value.`);
      configs[line.slice(0, equals).trim()] = line.slice(equals + 1).trim();
    }
    return { name: name.value.trim(), configs,
      partitions: partitions.value ? Number(partitions.value) : -1 };
  };
  openDialog(source ? `Clone ${source.name}` : "Create topic", body, [["Create", "primary",
    async () => {
      const asked = read();
      await post("/topics", asked);
      toast(`Topic ${asked.name} created`);
      location.hash = `#/topics/${part(asked.name)}`;
      return true;
    }]]);
  name.focus();
}

export async function show(context) {
  const rateOf = rates();
  let hidden = true;
  let all = [];
  const filter = h("input", { type: "search", placeholder: "Filter by name", "aria-label": "Filter by name",
    oninput: () => draw() });
  const internal = checkbox("Internal topics", false, (checked) => {
    hidden = !checked;
    draw();
  });
  const table = dataTable({
    caption: "Topics", key: (row) => row.name, sortBy: 0,
    emptyText: "No topic has such a name.",
    columns: [
      { label: "Topic", value: (r) => r.name, wide: true,
        cell: (r) => [h("a", { class: "name", href: `#/topics/${part(r.name)}` }, r.name),
          r.internal && [" ", badge("internal")]] },
      { label: "Partitions", num: true, value: (r) => r.partitions, cell: (r) => count(r.partitions) },
      { label: "Messages", num: true, value: (r) => r.offsets, cell: (r) => count(r.offsets),
        title: "Offsets from start to end; markers and compacted ones are counted, too" },
      { label: "In", num: true, value: (r) => r.rate, title: "Messages a second",
        cell: (r) => (r.rate === null ? "–" : `${compact(r.rate)}/s`) },
      { label: "Size", num: true, value: (r) => r.bytes, cell: (r) => bytes(r.bytes) },
      { label: "Cleanup", low: true, value: (r) => r.cleanup_policy },
      { label: "Retention", low: true, value: (r) => Number(r.retention_ms),
        cell: (r) => (r.cleanup_policy === "compact" ? "–" : retention(r.retention_ms)) },
    ],
  });
  const summary = h("span", { class: "muted" });
  const content = h("div");

  function draw() {
    const wanted = filter.value.toLowerCase();
    const shown = all.filter((topic) =>
      !(hidden && topic.internal) && topic.name.toLowerCase().includes(wanted));
    table.update(shown);
    replace(summary, `${plural(shown.length, "topic")}, ` +
      `${bytes(shown.reduce((sum, topic) => sum + topic.bytes, 0))}`);
    const bare = all.every((topic) => topic.internal && hidden) && !wanted;
    replace(content, bare
      ? empty("No topics", "A topic is created here, by a client's first message, or at start " +
        "with --topic NAME:PARTITIONS.", button("Create topic", () => createDialog(), "primary"))
      : table.element);
  }

  async function refresh() {
    const { topics } = await get("/topics");
    all = topics.map((topic) => ({ ...topic, rate: rateOf(topic.name, topic.end_offsets) }));
    draw();
  }

  await refresh();
  replace(context.root,
    heading("Topics", button("Create topic", () => createDialog(), "primary")),
    h("div", { class: "toolbar" }, filter, internal.element, summary), content);
  context.every(2000, refresh);
  if (context.params.get("create")) setTimeout(() => createDialog(), 0);
}
