import { get, part, post, remove } from "./api.js";
import { h, replace } from "./dom.js";
import { count, plural, ranges } from "./format.js";
import { badge, button, confirmDanger, dataTable, empty, field, heading, openDialog, select, toast }
  from "./ui.js";
import { stateBadge } from "./page-groups.js";

function memberTable() {
  return dataTable({
    caption: "Members", key: (row) => row.id, sortBy: 0,
    columns: [
      { label: "Client", wide: true, value: (r) => r.client_id, mark: (r) => r.id,
        cell: (r) => [h("span", { class: "name" }, r.client_id || "–"),
          h("small", { class: "block mono muted name" }, r.id)] },
      { label: "Host", value: (r) => r.host, cell: (r) => r.host.replace(/^\//, "") },
      { label: "Static id", low: true, value: (r) => r.instance_id, cell: (r) => r.instance_id || "–" },
      { label: "Epoch", low: true, num: true, value: (r) => r.epoch,
        cell: (r) => (r.epoch === null ? "–" : r.epoch) },
      { label: "Partitions", num: true, value: (r) => r.assigned_count },
      { label: "Assignment", wide: true, value: (r) => JSON.stringify(r.assigned),
        cell: (r) => (r.unreadable ? badge("other protocol", "")
          : r.assigned.map((each) => h("span", { class: "block" },
            h("span", { class: "name" }, each.topic), ` ${ranges(each.partitions)}`))) },
    ],
  });
}

function partitionTable() {
  return dataTable({
    caption: "Positions", key: (row) => JSON.stringify([row.topic, row.partition]),
    columns: [
      { label: "Topic", wide: true, value: (r) => r.topic, sort: false,
        cell: (r) => h("a", { class: "name", href: `#/topics/${part(r.topic)}` }, r.topic) },
      { label: "Partition", num: true, value: (r) => r.partition },
      { label: "Committed", num: true, value: (r) => r.committed_offset,
        cell: (r) => (r.committed_offset === null ? "–" : count(r.committed_offset)) },
      { label: "End", num: true, value: (r) => r.end_offset, mark: (r) => r.start_offset,
        cell: (r) => (r.end_offset === null ? badge("gone", "warn") : count(r.end_offset)) },
      { label: "Lag", num: true, value: (r) => r.lag,
        cell: (r) => (r.lag === null ? "–" : count(r.lag)) },
      { label: "Member", low: true, value: (r) => r.member, cell: (r) =>
        h("small", { class: "mono name" }, r.member || "–") },
      { label: "Metadata", low: true, value: (r) => r.metadata,
        cell: (r) => h("span", { class: "name" }, r.metadata || "–") },
    ],
  });
}

function resetDialog(group, done) {
  const path = `/groups/${part(group.id)}/offsets`;
  const topics = [...new Set(group.partitions.map((each) => each.topic))];
  const to = select([["earliest", "the earliest message"], ["latest", "the end"],
    ["time", "a time"], ["offset", "an offset"], ["shift", "by a number of messages"]], "earliest",
  () => showFields());
  const value = h("input", { type: "number", value: 0 });
  const when = h("input", { type: "datetime-local", step: 1 });
  const which = select([["", "All topics with positions"], ...topics.map((each) => [each, each])], "");
  const valueField = field("Number", value, "Negative goes back when shifting.");
  const timeField = field("Time", when);
  const preview = h("div", { role: "status" });
  function showFields() {
    valueField.hidden = to.value !== "offset" && to.value !== "shift";
    timeField.hidden = to.value !== "time";
    replace(preview);
  }
  [value, when, which].forEach((each) => each.addEventListener("input", () => replace(preview)));
  const asked = (isPreview) => {
    const body = { to: to.value, preview: isPreview };
    if (to.value === "time") {
      if (!when.value) throw new Error("Choose a time.");
      body.value = new Date(when.value).getTime();
    } else if (!valueField.hidden) body.value = Number(value.value);
    if (which.value) body.topics = [{ topic: which.value }];
    return body;
  };
  showFields();
  openDialog("Reset offsets", h("div", { class: "form" },
    group.member_count > 0 && h("p", { class: "notice warn" },
      "The group has members: stop them before offsets are changed. The preview works."),
    field("Go on at", to), valueField, timeField, field("Topic", which), preview),
  [["Preview", "primary", async () => {
    const answer = await post(path, asked(true));
    replace(preview, h("table", { class: "plain" },
      h("thead", {}, h("tr", {}, ["Topic", "Partition", "Now", "Then", "End"].map((each, index) =>
        h("th", { scope: "col", class: index ? "num" : null }, each)))),
      h("tbody", {}, answer.changes.map((each) => h("tr", {},
        h("td", { class: "name" }, each.topic), h("td", { class: "num" }, each.partition),
        h("td", { class: "num" }, count(each.before)),
        h("td", { class: "num strong" }, count(each.after)),
        h("td", { class: "num" }, count(each.end_offset)))))));
    return false;
  }], ["Reset", "danger", async () => {
    const answer = await post(path, asked(false));
    toast(`${plural(answer.changes.length, "position")} changed`);
    await done();
    return true;
  }]]);
}

function forgetDialog(group, topics, done) {
  const which = select(topics.map((each) => [each, each]), topics[0]);
  openDialog("Forget positions", h("div", { class: "form" },
    field("Topic", which, "Its consumers begin again as auto.offset.reset says.")),
  [["Forget", "danger", async () => {
    await remove(`/groups/${part(group.id)}/offsets/${part(which.value)}`);
    toast("Positions forgotten");
    await done();
    return true;
  }]]);
}

export async function show(context) {
  const [id] = context.names;
  const path = `/groups/${part(id)}`;
  let group = await get(path);
  const facts = h("p", { class: "facts-line" });
  const members = memberTable();
  const partitions = partitionTable();
  const memberPlace = h("div");
  const partitionPlace = h("div");
  function draw() {
    replace(facts, stateBadge(group.state), h("span", {}, plural(group.member_count, "member")),
      h("span", {}, group.lag === null ? "no positions" : `${count(group.lag)} behind`),
      h("span", {}, `${group.type} protocol`), group.assignor && h("span", {}, group.assignor),
      group.epoch !== null && h("span", {}, `epoch ${group.epoch}`));
    members.update(group.members);
    partitions.update(group.partitions);
    replace(memberPlace, group.members.length ? members.element
      : empty("No members", "Nobody consumes in this group now; its positions are kept."));
    replace(partitionPlace, group.partitions.length ? partitions.element
      : empty("No positions", "Nothing is committed and nothing is assigned."));
  }
  const refresh = async () => {
    group = await get(path);
    draw();
  };
  draw();
  replace(context.root,
    h("p", { class: "crumbs" }, h("a", { href: "#/groups" }, "Groups"), " / "),
    heading(h("span", { class: "name" }, id),
      button("Reset offsets", () => resetDialog(group, refresh)),
      button("Forget positions", () => {
        const topics = [...new Set(group.partitions.filter((each) => each.committed_offset !== null)
          .map((each) => each.topic))];
        if (topics.length) forgetDialog(group, topics, refresh);
        else toast("The group has no positions.");
      }),
      button("Delete", () => confirmDanger(`Delete ${id}`,
        "The group and its committed offsets go. It must have no members.", "Delete group", id,
        async () => {
          await remove(path);
          toast(`Group ${id} deleted`);
          location.hash = "#/groups";
        }), "danger")),
    facts, h("h2", {}, "Members"), memberPlace, h("h2", {}, "Positions"), partitionPlace);
  context.every(2000, refresh);
}
