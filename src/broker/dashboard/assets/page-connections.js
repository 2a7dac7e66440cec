import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { bytes, count, duration, plural } from "./format.js";
import { badge, dataTable, empty, heading } from "./ui.js";

const WAITS = { FETCH: "for messages", JOIN_GROUP: "for its group", SYNC_GROUP: "for its group" };

function doing(row) {
  if (row.last_api === null) return "nothing yet";
  if (row.waiting > 0) {
    const why = WAITS[row.last_api.toUpperCase()] || WAITS[row.last_api.replace(/([a-z])([A-Z])/g,
      "$1_$2").toUpperCase()];
    return [badge("waits", "ok"), " ", `${row.last_api} v${row.last_version} ${why || ""}`];
  }
  return `${row.last_api} v${row.last_version}, ${duration(row.idle_ms)} ago`;
}

export async function show(context) {
  let all = [];
  let open = 0;
  const filter = h("input", { type: "search", placeholder: "Filter by client, address or user",
    "aria-label": "Filter", oninput: () => draw() });
  const table = dataTable({
    caption: "Connections", key: (row) => row.id, sortBy: 0, emptyText: "No connection fits.",
    columns: [
      { label: "Client", wide: true, value: (r) => r.client_id, mark: (r) => r.software_version,
        cell: (r) => [h("span", { class: "name" }, r.client_id || "–"),
          r.software_name && h("small", { class: "block muted name" },
            `${r.software_name} ${r.software_version}`)] },
      { label: "Address", value: (r) => r.peer, cell: (r) => h("span", { class: "mono" }, r.peer) },
      { label: "Listener", low: true, value: (r) => r.listener,
        cell: (r) => [r.listener, r.tls && [" ", badge("TLS", "ok")]] },
      { label: "User", low: true, value: (r) => r.principal,
        cell: (r) => h("span", { class: "name user" }, r.principal.replace(/^User:/, "")) },
      { label: "Last request", value: (r) => r.last_api,
        mark: (r) => [r.waiting, r.last_version, Math.floor((r.idle_ms || 0) / 1000)], cell: doing },
      { label: "Requests", num: true, value: (r) => r.requests, cell: (r) => count(r.requests) },
      { label: "In", num: true, low: true, value: (r) => r.bytes_in, cell: (r) => bytes(r.bytes_in) },
      { label: "Out", num: true, low: true, value: (r) => r.bytes_out,
        cell: (r) => bytes(r.bytes_out) },
      { label: "Age", num: true, low: true, value: (r) => Math.floor(r.age_ms / 1000),
        cell: (r) => duration(r.age_ms) },
    ],
  });
  const summary = h("span", { class: "muted" });
  const content = h("div");
  function draw() {
    const wanted = filter.value.toLowerCase();
    const shown = all.filter((row) =>
      `${row.client_id} ${row.peer} ${row.principal} ${row.software_name}`.toLowerCase()
        .includes(wanted));
    table.update(shown);
    replace(summary, shown.length === open ? plural(open, "connection")
      : `${count(shown.length)} of ${plural(open, "connection")}`);
    replace(content, open ? table.element
      : empty("Nobody is connected", "Clients appear here as soon as they connect."));
  }
  const refresh = async () => {
    const answer = await get("/connections");
    all = answer.connections;
    open = answer.open;
    draw();
  };
  await refresh();
  replace(context.root, heading("Connections"), h("div", { class: "toolbar" }, filter, summary),
    content);
  context.every(2000, refresh);
}
