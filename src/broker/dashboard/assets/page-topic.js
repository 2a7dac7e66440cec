import { get, part, post, remove } from "./api.js";
import { h, replace } from "./dom.js";
import { bytes, count, plural, retention } from "./format.js";
import { badge, button, confirmDanger, dataTable, empty, field, heading, openDialog, tabs, toast }
  from "./ui.js";
import { configTable } from "./configs.js";
import { groupTable } from "./page-groups.js";
import { messagesTab } from "./messages.js";
import { createDialog } from "./page-topics.js";
import { produceTab } from "./produce.js";

function growDialog(topic, done) {
  const total = h("input", { type: "number", min: topic.partitions + 1, required: true,
    value: topic.partitions + 1 });
  openDialog("Add partitions", h("div", { class: "form" },
    field("Partitions in all", total, `Now ${topic.partitions}. There is no way back, and keys ` +
      "may go to other partitions than before.")),
  [["Add", "primary", async () => {
    await post(`/topics/${part(topic.name)}/partitions`, { total: Number(total.value) });
    toast("Partitions added");
    await done();
    return true;
  }]]);
  total.select();
}

function emptyDialog(topic, done) {
  confirmDanger(`Delete all messages of ${topic.name}`,
    "The topic, its configuration and its consumers' positions stay; every message there is now " +
    "goes, for ever.", "Delete messages", topic.name, async () => {
      const answer = await post(`/topics/${part(topic.name)}/truncate`, {});
      const failed = answer.partitions.filter((each) => each.error);
      if (failed.length) throw new Error(failed[0].error.message);
      toast("Messages deleted");
      await done();
    });
}

function deleteDialog(topic) {
  confirmDanger(`Delete ${topic.name}`,
    `The topic goes with its ${plural(topic.partitions, "partition")} and ` +
    `${plural(topic.offsets, "message")}, for ever.`, "Delete topic", topic.name, async () => {
      await remove(`/topics/${part(topic.name)}`);
      toast(`Topic ${topic.name} deleted`);
      location.hash = "#/topics";
    });
}

function truncateDialog(topic, partition, done) {
  const before = h("input", { type: "number", min: 0, max: partition.end_offset, required: true,
    value: partition.end_offset });
  openDialog(`Delete messages of partition ${partition.partition}`, h("div", { class: "form" },
    field("Before offset", before,
      `From ${partition.start_offset} to ${partition.end_offset}. What is before goes, for ever.`)),
  [["Delete messages", "danger", async () => {
    await post(`/topics/${part(topic.name)}/truncate`, { partitions: [
      { partition: partition.partition, before_offset: Number(before.value) }] });
    toast("Messages deleted");
    await done();
    return true;
  }]]);
}

function partitionsTab(context, topic, refresh) {
  const table = dataTable({
    caption: "Partitions", key: (row) => row.partition, sortBy: 0,
    columns: [
      { label: "Partition", num: true, value: (r) => r.partition },
      { label: "Start", num: true, value: (r) => r.start_offset, cell: (r) => count(r.start_offset) },
      { label: "End", num: true, value: (r) => r.end_offset, cell: (r) => count(r.end_offset) },
      { label: "Messages", num: true, value: (r) => r.end_offset - r.start_offset,
        cell: (r) => count(r.end_offset - r.start_offset) },
      { label: "Size", num: true, value: (r) => r.bytes, cell: (r) => bytes(r.bytes) },
      { label: "Stable to", num: true, low: true, value: (r) => r.last_stable_offset,
        title: "Last stable offset: open transactions begin behind it",
        cell: (r) => (r.last_stable_offset < r.high_watermark
          ? badge(`${count(r.last_stable_offset)} open transaction`, "warn")
          : count(r.last_stable_offset)) },
      { label: "Epoch", num: true, low: true, value: (r) => r.leader_epoch },
      { label: "", hidden: "Actions", value: (r) => r.partition, mark: (r) => r.end_offset,
        cell: (r) => h("div", { class: "row-actions" },
          h("a", { class: "button small",
            href: `#/topics/${part(topic.name)}/messages?partition=${r.partition}` }, "Messages"),
          button("Truncate", () => truncateDialog(topic, r, refresh), "small", {
            disabled: r.end_offset === r.start_offset, "aria-label":
              `Truncate partition ${r.partition}` })) },
    ],
  });
  table.update(topic.partition_list);
  return { element: table.element, update: (next) => table.update(next.partition_list) };
}

async function groupsTab(context, topic) {
  const table = groupTable();
  const content = h("div");
  const refresh = async () => {
    const { groups } = await get(`/groups?topic=${part(topic.name)}`);
    table.update(groups);
    replace(content, groups.length ? table.element
      : empty("No groups", "No consumer group reads this topic or has positions in it."));
  };
  await refresh();
  context.every(3000, refresh);
  return { element: content };
}

async function configsTab(context, topic) {
  return { element: await configTable(context, `/topics/${part(topic.name)}/configs`, "topic") };
}

const TABS = [["messages", "Messages"], ["produce", "Produce"], ["partitions", "Partitions"],
  ["groups", "Groups"], ["configs", "Configs"]];

export async function show(context) {
  const [name, asked] = context.names;
  const path = `/topics/${part(name)}`;
  let topic = await get(path);
  const tab = TABS.some(([key]) => key === asked) ? asked : "messages";
  const facts = h("p", { class: "facts-line" });
  let view = null;

  const drawFacts = () => replace(facts,
    topic.internal && badge("internal"), h("span", {}, plural(topic.partitions, "partition")),
    h("span", {}, plural(topic.offsets, "message")), h("span", {}, bytes(topic.bytes)),
    h("span", {}, topic.cleanup_policy),
    h("span", {}, topic.cleanup_policy === "compact" ? null
      : `kept ${retention(topic.retention_ms)}`));
  const refresh = async () => {
    topic = await get(path);
    drawFacts();
    if (view && view.update) view.update(topic);
  };

  drawFacts();
  if (tab === "messages") view = messagesTab(context, topic);
  else if (tab === "produce") view = produceTab(context, topic, refresh);
  else if (tab === "partitions") view = partitionsTab(context, topic, refresh);
  else if (tab === "groups") view = await groupsTab(context, topic);
  else view = await configsTab(context, topic);

  replace(context.root,
    h("p", { class: "crumbs" }, h("a", { href: "#/topics" }, "Topics"), " / "),
    heading(h("span", { class: "name" }, name),
      button("Add partitions", () => growDialog(topic, refresh)),
      button("Clone", () => createDialog(topic)),
      button("Empty", () => emptyDialog(topic, refresh)),
      button("Delete", () => deleteDialog(topic), "danger")),
    facts,
    tabs(TABS.map(([key, label]) => [key, label, `#/topics/${part(name)}/${key}`]), tab),
    view.element);
  context.every(2000, refresh);
}
