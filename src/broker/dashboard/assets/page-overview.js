import { get, part } from "./api.js";
import { chart } from "./chart.js";
import { h, replace } from "./dom.js";
import { bytes, compact, count, duration, plural, rate, time } from "./format.js";
import { onSample } from "./live.js";
import { badge, empty, heading, meter } from "./ui.js";
import { stateBadge } from "./page-groups.js";

function fact(label, value) {
  return h("div", {}, h("dt", {}, label), h("dd", {}, value));
}

function alerts(overview) {
  const list = [];
  const share = overview.memory.used_bytes / overview.memory.limit_bytes;
  if (share > 0.9) {
    list.push(["warn", `Memory for records is ${Math.round(share * 100)} % full: ` +
      "the oldest records make room, or new ones are refused, as on_full says."]);
  }
  for (const dir of overview.storage) {
    if (dir.error) list.push(["bad", `Storage ${dir.dir}: ${dir.error}`]);
    else if (dir.total_bytes && dir.usable_bytes / dir.total_bytes < 0.1) {
      list.push(["warn", `Storage ${dir.dir}: ${bytes(dir.usable_bytes)} left.`]);
    }
  }
  if (overview.connections.failed_authentications > 0) {
    list.push(["warn", `${plural(overview.connections.failed_authentications, "login")} failed ` +
      "since the start."]);
  }
  return list;
}

function storageCard(overview) {
  const memory = overview.memory;
  const share = memory.used_bytes / memory.limit_bytes;
  const parts = [
    h("h2", {}, "Memory and disk"),
    h("p", { class: "split" }, h("span", {}, "Records in memory"),
      h("span", { class: "num" }, `${bytes(memory.used_bytes)} of ${bytes(memory.limit_bytes)}`)),
    meter(share, `${Math.round(share * 100)} % of the memory for records is used`,
      share > 0.9 ? "warn" : ""),
  ];
  if (overview.latest) {
    parts.push(h("p", { class: "split" }, h("span", {}, "Process, resident"),
      h("span", { class: "num" }, bytes(overview.latest.resident_bytes))));
  }
  for (const dir of overview.storage) {
    if (!dir.total_bytes || dir.dir === "memory") continue;
    const used = 1 - dir.usable_bytes / dir.total_bytes;
    parts.push(h("p", { class: "split" }, h("span", { class: "mono" }, dir.dir),
      h("span", { class: "num" }, `${bytes(dir.usable_bytes)} free of ${bytes(dir.total_bytes)}`)),
    meter(used, `${Math.round(used * 100)} % of the disk is used`, used > 0.9 ? "warn" : ""));
  }
  return parts;
}

function requestsCard(requests) {
  const rows = Object.entries(requests).sort((a, b) => b[1] - a[1]).slice(0, 8);
  if (!rows.length) return [h("h2", {}, "Requests by API"), h("p", { class: "muted" }, "None yet.")];
  const most = rows[0][1];
  return [h("h2", {}, "Requests by API"),
    h("table", { class: "plain bars" }, h("tbody", {}, rows.map(([api, number]) =>
      h("tr", {}, h("th", { scope: "row" }, api),
        h("td", { class: "bar" }, meter(number / most, `${count(number)} requests`)),
        h("td", { class: "num" }, count(number))))))];
}

function groupsCard(groups) {
  const rows = [...groups].sort((a, b) => (b.lag || 0) - (a.lag || 0)).slice(0, 8);
  return [h("h2", {}, "Groups by lag"),
    rows.length === 0 ? h("p", { class: "muted" }, "No consumer groups.")
      : h("table", { class: "plain" }, h("tbody", {}, rows.map((group) =>
        h("tr", {}, h("th", { scope: "row" },
          h("a", { class: "name", href: `#/groups/${part(group.id)}` }, group.id)),
        h("td", {}, stateBadge(group.state)),
        h("td", { class: "num" }, group.lag === null ? "–" : `${count(group.lag)} behind`)))))];
}

function aboutCard(overview) {
  const listeners = (overview.advertised_listeners || "").split(",").filter(Boolean);
  return [h("h2", {}, "Broker"), h("dl", { class: "facts" },
    fact("Clients connect to", h("span", { class: "mono wrap" }, listeners.join(" ") || "–")),
    fact("Topics", h("a", { href: "#/topics" },
      `${plural(overview.topics, "topic")}, ${plural(overview.partitions, "partition")}`)),
    fact("Cluster id", h("span", { class: "mono wrap" }, overview.cluster_id)),
    fact("Node", overview.node_id),
    fact("Up since", `${time(overview.started_ms).slice(0, 19)} ` +
      `(${duration(overview.now_ms - overview.started_ms)})`),
    fact("Version", overview.version),
    fact("Connections", `${count(overview.connections.open)} open, ` +
      `${count(overview.connections.accepted)} since the start` +
      (overview.connections.malformed
        ? `, ${count(overview.connections.malformed)} closed for what they sent` : "")))];
}

export async function show(context) {
  const charts = [
    chart({ title: "Messages in", value: (s) => s.records_in, format: (v) => rate(v) }),
    chart({ title: "Bytes in", value: (s) => s.bytes_in, base: 1024,
      format: (v) => rate(v, "bytes") }),
    chart({ title: "Bytes out", value: (s) => s.bytes_out, base: 1024,
      format: (v) => rate(v, "bytes") }),
    chart({ title: "Requests", value: (s) => s.requests, format: (v) => rate(v) }),
    chart({ title: "Connections", value: (s) => s.connections, format: compact }),
    chart({ title: "CPU of one core", value: (s) => s.cpu_percent,
      format: (v) => `${v < 10 ? v.toFixed(1) : Math.round(v)} %` }),
  ];
  const notes = h("div", { class: "notes" });
  const cards = ["Broker", "Memory", "Requests", "Groups"].map(() => h("section", { class: "card" }));
  const hint = h("div");

  async function refresh() {
    const [overview, { groups }] = await Promise.all([get("/overview"), get("/groups")]);
    replace(notes, alerts(overview).map(([kind, text]) =>
      h("p", { class: `notice ${kind}` }, badge(kind === "bad" ? "Error" : "Attention", kind), " ",
        text)));
    replace(cards[0], aboutCard(overview));
    replace(cards[1], storageCard(overview));
    replace(cards[2], requestsCard(overview.requests));
    replace(cards[3], groupsCard(groups));
    const address = (overview.advertised_listeners || "").replace(/^[A-Z_]+:\/\//, "").split(",")[0];
    replace(hint, overview.topics > 0 ? null : empty("Nothing here yet",
      "Create a topic, or let a client do it:",
      h("pre", {}, `kcat -b ${address} -t first -P <<< hello`),
      h("a", { class: "button primary", href: "#/topics?create=1" }, "Create a topic")));
  }

  await refresh();
  replace(context.root, heading("Overview"), notes, hint,
    h("div", { class: "charts" }, charts.map((each) => each.element)),
    h("div", { class: "cards" }, cards));
  context.onLeave(onSample((samples) => charts.forEach((each) => each.update(samples))));
  context.every(5000, refresh);
}
