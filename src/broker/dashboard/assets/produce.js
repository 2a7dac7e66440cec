// Produce a message, or the same one many times.

import { get, part, post } from "./api.js";
import { h, replace } from "./dom.js";
import { count, plural } from "./format.js";
import { toBase64 } from "./payload.js";
import { button, checkbox, field, select, toast } from "./ui.js";

const KINDS = [["text", "Text"], ["json", "JSON"], ["hex", "Hex"], ["base64", "Base64"]];

// A text with its encoding and "null": what the API takes as a payload.
function payloadInput(label, rows, nullLabel, startNull) {
  const text = h("textarea", { rows, spellcheck: "false", class: "mono" });
  const kind = select(KINDS, "text");
  kind.setAttribute("aria-label", `${label} is`);
  const none = checkbox(nullLabel, startNull, () => update());
  function update() {
    text.disabled = none.box.checked;
    kind.disabled = none.box.checked;
  }
  update();
  return {
    element: h("div", { class: "payload-input" }, field(label, text),
      h("div", { class: "payload-bar" }, kind, none.element)),
    focus: () => text.focus(),
    read() {
      if (none.box.checked) return null;
      if (kind.value === "json") {
        try {
          JSON.parse(text.value);
        } catch (error) {
          throw new Error(`${label} is no JSON: ${error.message}`);
        }
        return { text: text.value };
      }
      return { [kind.value]: kind.value === "base64" ? text.value.trim() : text.value };
    },
    write(payload) {
      none.box.checked = payload === null;
      if (payload !== null) {
        kind.value = payload.text !== undefined ? "text" : "base64";
        text.value = payload.text !== undefined ? payload.text : toBase64(payload);
      }
      update();
    },
  };
}

function headersInput() {
  const rows = [];
  const list = h("div", { class: "header-rows" });
  function add(name = "", payload = { text: "" }) {
    const key = h("input", { placeholder: "Name", "aria-label": "Header name", value: name,
      spellcheck: "false", autocomplete: "off" });
    const value = h("input", { placeholder: "Value", "aria-label": "Header value",
      spellcheck: "false", autocomplete: "off" });
    const none = checkbox("null", false, (checked) => { value.disabled = checked; });
    let binary = null;
    if (payload === null) none.box.checked = value.disabled = true;
    else if (payload.text !== undefined) value.value = payload.text;
    else {
      binary = payload.base64;
      value.value = `base64: ${binary}`;
      value.disabled = true;
    }
    const entry = {
      read: () => ({ key: key.value, value: none.box.checked ? null
        : binary !== null ? { base64: binary } : { text: value.value } }),
    };
    const row = h("div", { class: "header-row" }, key, value, none.element,
      button("×", () => {
        rows.splice(rows.indexOf(entry), 1);
        row.remove();
      }, "icon-button", { "aria-label": "Remove header" }));
    rows.push(entry);
    list.append(row);
    return key;
  }
  return {
    element: h("fieldset", {}, h("legend", {}, "Headers"), list,
      button("Add header", () => add().focus(), "small")),
    add,
    read: () => rows.map((row) => row.read()),
  };
}

export function produceTab(context, topic, refresh) {
  const key = payloadInput("Key", 2, "No key (null)", true);
  const value = payloadInput("Value", 8, "Tombstone (null)", false);
  const headers = headersInput();
  const partition = select([["", "By key, else any"], ...topic.partition_list.map((each) =>
    [String(each.partition), String(each.partition)])], "");
  const compression = select(["none", "gzip", "snappy", "lz4", "zstd"].map((each) => [each, each]),
    "none");
  const repeat = h("input", { type: "number", min: 1, max: 100000, value: 1, required: true });
  const numbered = checkbox("Replace {{n}} in key and value by the number", false);
  const result = h("div", { role: "status" });
  const problem = h("p", { class: "problem", role: "alert" });
  const send = h("button", { type: "submit", class: "primary" }, "Produce");

  async function produce() {
    const answer = await post(`/topics/${part(topic.name)}/messages`, {
      key: key.read(), value: value.read(), headers: headers.read(),
      partition: partition.value === "" ? null : Number(partition.value),
      compression: compression.value, repeat: Number(repeat.value),
      numbered: numbered.box.checked,
    });
    toast(`${plural(answer.count, "message")} produced`);
    replace(result, h("p", { class: "notice ok" }, `${plural(answer.count, "message")} produced: `,
      answer.partitions.map((each, index) => [index ? ", " : "",
        h("a", { href: `#/topics/${part(topic.name)}/messages?from=offset` +
          `&partition=${each.partition}&offset=${each.first_offset}` },
        each.first_offset === each.last_offset
          ? `partition ${each.partition}, offset ${count(each.first_offset)}`
          : `partition ${each.partition}, offsets ${count(each.first_offset)} to ` +
            `${count(each.last_offset)}`)])));
    await refresh();
  }

  const form = h("form", { class: "card form produce", onsubmit: async (event) => {
    event.preventDefault();
    problem.textContent = "";
    send.disabled = true;
    try {
      await produce();
    } catch (error) {
      problem.textContent = error.code ? `${error.code}: ${error.message}` : error.message;
    }
    send.disabled = false;
  } },
  key.element, value.element, headers.element,
  h("div", { class: "search-row" }, field("Partition", partition), field("Compression", compression),
    field("Repeat", repeat), numbered.element),
  problem, h("div", { class: "row-actions" }, send), result);

  // "Produce again" of a message names it by partition and offset.
  const from = context.params.get("from");
  if (from && /^\d+:\d+$/.test(from)) {
    const [number, at] = from.split(":");
    get(`/topics/${part(topic.name)}/messages/${number}/${at}`).then((message) => {
      key.write(message.key);
      value.write(message.value);
      message.headers.forEach((each) => headers.add(each.key, each.value));
      partition.value = number;
    }).catch((error) => { problem.textContent = error.message; });
  }
  return { element: form };
}
