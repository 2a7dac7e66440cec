// Users, access control and quotas.

import { get, part, patch, post, remove } from "./api.js";
import { h, replace } from "./dom.js";
import { bytes } from "./format.js";
import { badge, button, checkbox, confirmDanger, dataTable, empty, fail, field, heading, openDialog, select,
  tabs, toast } from "./ui.js";

const MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-512"];

function userDialog(user, done) {
  const name = h("input", { required: true, maxlength: 255, autocomplete: "off", spellcheck: "false",
    value: user ? user.name : "", readonly: Boolean(user) });
  const password = h("input", { type: "password", required: true, autocomplete: "new-password" });
  const boxes = MECHANISMS.map((each) => checkbox(each, true));
  openDialog(user ? `Password of ${user.name}` : "Add user", h("div", { class: "form" },
    field("Name", name), field("Password", password, "It is kept salted, and cannot be shown again."),
    h("fieldset", {}, h("legend", {}, "Mechanisms"), boxes.map((each) => each.element))),
  [["Save", "primary", async () => {
    const mechanisms = MECHANISMS.filter((each, index) => boxes[index].box.checked);
    if (!mechanisms.length) throw new Error("Choose a mechanism.");
    await post("/users", { name: name.value, password: password.value, mechanisms });
    toast(`User ${name.value} saved`);
    await done();
    return true;
  }]]);
  (user ? password : name).focus();
}

function usersTab() {
  const table = dataTable({
    caption: "Users", key: (row) => row.name, sortBy: 0, emptyText: "No user has such a name.",
    columns: [
      { label: "User", wide: true, value: (r) => r.name, cell: (r) => h("span", { class: "name" }, r.name) },
      { label: "Mechanisms", value: (r) => r.mechanisms.map((each) => each.mechanism).join(),
        cell: (r) => r.mechanisms.map((each) => [badge(each.mechanism, "info"), " "]) },
      { label: "Iterations", num: true, low: true,
        value: (r) => Math.max(...r.mechanisms.map((each) => each.iterations)) },
      { label: "", hidden: "Actions", value: (r) => r.name, cell: (r) => h("div", { class: "row-actions" },
        button("Password", () => userDialog(r, refresh), "small", { "aria-label": `Password of ${r.name}` }),
        button("Delete", () => confirmDanger(`Delete ${r.name}`,
          "Connections of the user stay; new ones are refused.", "Delete user", null, async () => {
            await remove(`/users/${part(r.name)}`);
            toast(`User ${r.name} deleted`);
            await refresh();
          }), "small danger", { "aria-label": `Delete ${r.name}` })) },
    ],
  });
  const content = h("div");
  const add = () => userDialog(null, refresh);
  async function refresh() {
    const { users } = await get("/users");
    table.update(users);
    replace(content, users.length ? table.element : empty("No users",
      "Users of SCRAM are made here, by kafka-configs, or at start with --user. Users of PLAIN are " +
      "only given at start.", button("Add user", add, "primary")));
  }
  return { content, refresh, action: button("Add user", add, "primary") };
}

const RESOURCES = ["TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "USER"];
const OPERATIONS = ["ALL", "READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "CLUSTER_ACTION",
  "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE", "CREATE_TOKENS", "DESCRIBE_TOKENS",
  "TWO_PHASE_COMMIT"];
const words = (name) => name.toLowerCase().replaceAll("_", " ");
const choices = (names) => names.map((each) => [each, words(each)]);

function aclDialog(done) {
  const principal = h("input", { required: true, value: "User:", autocomplete: "off", spellcheck: "false" });
  const permission = select([["ALLOW", "may"], ["DENY", "may not"]], "ALLOW");
  const operation = select(choices(OPERATIONS), "READ");
  const name = h("input", { required: true, value: "", autocomplete: "off", spellcheck: "false" });
  const type = select(choices(RESOURCES), "TOPIC", (chosen) => {
    name.readOnly = chosen === "CLUSTER";
    if (name.readOnly) name.value = "kafka-cluster";
  });
  const prefixed = checkbox("All names that begin so", false);
  const host = h("input", { required: true, value: "*", autocomplete: "off", spellcheck: "false" });
  openDialog("Add entry", h("div", { class: "form" },
    field("Principal", principal, "User:NAME, or User:* for everybody."), field("Permission", permission),
    field("Operation", operation), field("Resource", type), field("Resource name", name, "* is every name."),
    prefixed.element, field("From host", host, "An address, or * for every one.")),
  [["Add", "primary", async () => {
    await post("/acls", { principal: principal.value, permission: permission.value,
      operation: operation.value, resource_type: type.value, resource_name: name.value,
      pattern: prefixed.box.checked ? "PREFIXED" : "LITERAL", host: host.value });
    toast("Entry added");
    await done();
    return true;
  }]]);
  principal.focus();
}

function aclsTab() {
  const table = dataTable({
    caption: "Access control entries", sortBy: 0, emptyText: "No entry fits.",
    key: (r) => [r.principal, r.host, r.permission, r.operation, r.resource_type, r.pattern,
      r.resource_name].join("\n"),
    columns: [
      { label: "Principal", wide: true, value: (r) => r.principal,
        cell: (r) => [h("span", { class: "name" }, r.principal),
          r.host !== "*" && h("small", { class: "block muted" }, `from ${r.host}`)] },
      { label: "May", value: (r) => r.permission + r.operation, cell: (r) => [
        badge(r.permission === "ALLOW" ? "may" : "may not", r.permission === "ALLOW" ? "ok" : "bad"),
        " ", words(r.operation)] },
      { label: "Resource", value: (r) => r.resource_type + r.resource_name, cell: (r) => [
        `${words(r.resource_type)} `, h("span", { class: "mono name" },
          r.resource_name + (r.pattern === "PREFIXED" ? "…" : ""))] },
      { label: "", hidden: "Actions", value: (r) => r.principal, cell: (r) => button("Delete",
        () => confirmDanger("Delete entry", `${r.principal} ${words(r.permission)} ${words(r.operation)} ` +
          `on ${words(r.resource_type)} ${r.resource_name}`, "Delete entry", null, async () => {
          await post("/acls/delete", r);
          toast("Entry deleted");
          await refresh();
        }), "small danger", { "aria-label": `Delete entry of ${r.principal}` }) },
    ],
  });
  const content = h("div");
  const add = button("Add entry", () => aclDialog(refresh), "primary");
  async function refresh() {
    const { enabled, acls } = await get("/acls");
    table.update(acls);
    add.disabled = !enabled;
    if (!enabled) {
      replace(content, empty("No access control", "Every client may do everything. A broker started with " +
        "--acl asks these entries first.", h("pre", {}, "odradek-broker --acl --super-user User:admin")));
    } else {
      replace(content, acls.length ? table.element
        : empty("No entries", "Only super users may do anything until there are some."));
    }
  }
  return { content, refresh, action: add };
}

const QUOTAS = [["producer_byte_rate", "Bytes produced a second"], ["consumer_byte_rate",
  "Bytes fetched a second"], ["request_percentage", "Share of request time, in percent"],
["controller_mutation_rate", "Partitions created or deleted a second"],
["connection_creation_rate", "Connections made a second"]];
const ENTITIES = [["user", "user"], ["client-id", "client id"], ["user,client-id", "user with client id"],
  ["ip", "address"]];

function entityText(entity) {
  return Object.entries(entity).map(([type, name]) => `${type} ${name ?? "by default"}`).join(", ");
}

function valueText(key, value) {
  return key.includes("byte") ? `${bytes(value)}/s` : String(value);
}

function quotaDialog(done) {
  const first = h("input", { autocomplete: "off", spellcheck: "false" });
  const second = h("input", { autocomplete: "off", spellcheck: "false" });
  const both = field("Client id", second, "Empty: each of the others, by default.");
  both.hidden = true;
  const type = select(ENTITIES, "user", (chosen) => { both.hidden = !chosen.includes(","); });
  const key = select(QUOTAS, "producer_byte_rate");
  const value = h("input", { type: "number", min: 0, step: "any", required: true });
  openDialog("Set quota", h("div", { class: "form" }, field("For", type),
    field("Name", first, "Empty: each of the others, by default."), both, field("Limit of", key),
    field("Limit", value)),
  [["Set", "primary", async () => {
    const [one, two] = type.value.split(",");
    const entity = { [one]: first.value || null };
    if (two) entity[two] = second.value || null;
    await patch("/quotas", { entity, set: { [key.value]: Number(value.value) } });
    toast("Quota set");
    await done();
    return true;
  }]]);
  type.focus();
}

function quotasTab() {
  const drop = async (quota) => {
    await patch("/quotas", { entity: quota.entity, reset: [quota.key] });
    toast("Quota deleted");
    await refresh();
  };
  const table = dataTable({
    caption: "Quotas", key: (r) => `${entityText(r.entity)}\n${r.key}`, sortBy: 0, emptyText: "No quota fits.",
    columns: [
      { label: "For", wide: true, value: (r) => entityText(r.entity),
        cell: (r) => h("span", { class: "name" }, entityText(r.entity)) },
      { label: "Limit of", value: (r) => r.key, cell: (r) => new Map(QUOTAS).get(r.key) || r.key },
      { label: "Limit", num: true, value: (r) => r.value, cell: (r) => valueText(r.key, r.value) },
      { label: "", hidden: "Actions", value: (r) => r.key, cell: (r) => button("Delete", () => drop(r).catch(fail),
        "small danger", { "aria-label": `Delete quota of ${entityText(r.entity)}` }) },
    ],
  });
  const content = h("div");
  const add = () => quotaDialog(refresh);
  async function refresh() {
    const { quotas } = await get("/quotas");
    const rows = quotas.flatMap(({ entity, values }) =>
      Object.entries(values).map(([key, value]) => ({ entity, key, value })));
    table.update(rows);
    replace(content, rows.length ? table.element : empty("No quotas",
      "Clients use what there is.", button("Set quota", add, "primary")));
  }
  return { content, refresh, action: button("Set quota", add, "primary") };
}

const TABS = [["users", "Users", usersTab], ["acls", "Access control", aclsTab],
  ["quotas", "Quotas", quotasTab]];

export async function show(context) {
  const chosen = TABS.find(([key]) => key === context.names[0]) || TABS[0];
  const tab = chosen[2]();
  await tab.refresh();
  replace(context.root, heading("Security", tab.action),
    tabs(TABS.map(([key, label]) => [key, label, `#/security/${key}`]), chosen[0]), tab.content);
  context.every(3000, tab.refresh);
}
