import { get, part } from "./api.js";
import { h, replace } from "./dom.js";
import { count, plural } from "./format.js";
import { badge, dataTable, empty, heading } from "./ui.js";

const STATE_KINDS = { Stable: "ok", Empty: "", Dead: "bad", PreparingRebalance: "warn",
  CompletingRebalance: "warn", Assigning: "warn", Reconciling: "warn" };

export function stateBadge(state) {
  return badge(state || "unknown", STATE_KINDS[state] || "");
}

export function groupTable() {
  return dataTable({
    caption: "Consumer groups", key: (row) => row.id, sortBy: 0,
    emptyText: "No group has such a name.",
    columns: [
      { label: "Group", wide: true, value: (r) => r.id,
        cell: (r) => h("a", { class: "name", href: `#/groups/${part(r.id)}` }, r.id) },
      { label: "State", value: (r) => r.state, cell: (r) => stateBadge(r.state) },
      { label: "Members", num: true, value: (r) => r.member_count },
      { label: "Lag", num: true, value: (r) => r.lag, cell: (r) => count(r.lag),
        title: "Messages between the committed offsets and the ends" },
      { label: "Topics", low: true, value: (r) => r.topics.length, mark: (r) => r.topics,
        cell: (r) => (r.topics.length > 3 ? plural(r.topics.length, "topic")
          : h("span", { class: "name" }, r.topics.join(", ") || "–")) },
      { label: "Protocol", low: true, value: (r) => r.type,
        cell: (r) => [r.type, r.assignor && ` · ${r.assignor}`] },
    ],
  });
}

export async function show(context) {
  let all = [];
  const filter = h("input", { type: "search", placeholder: "Filter by name",
    "aria-label": "Filter by name", oninput: () => draw() });
  const table = groupTable();
  const summary = h("span", { class: "muted" });
  const content = h("div");
  function draw() {
    const shown = all.filter((each) => each.id.toLowerCase().includes(filter.value.toLowerCase()));
    table.update(shown);
    replace(summary, plural(shown.length, "group"));
    replace(content, all.length ? table.element : empty("No consumer groups",
      "A group appears when its first consumer joins or commits an offset.",
      h("pre", {}, "kcat -b 127.0.0.1:9092 -G my-group my-topic")));
  }
  const refresh = async () => {
    all = (await get("/groups")).groups;
    draw();
  };
  await refresh();
  replace(context.root, heading("Groups"), h("div", { class: "toolbar" }, filter, summary), content);
  context.every(2000, refresh);
}
