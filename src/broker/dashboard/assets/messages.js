// The messages of a topic: search, live tail, and one message in full.

import { get, part, query } from "./api.js";
import { h, newId, replace } from "./dom.js";
import { bytes, count, plural, time } from "./format.js";
import { VIEWS, preview, sizeText, toBase64, viewText } from "./payload.js";
import { badge, button, checkbox, copy, empty, fail, field, select } from "./ui.js";

const KEPT_LIVE = 500;

function statusBadges(message) {
  const list = [];
  if (message.control) list.push(badge(`marker: ${message.control}`, "marker"));
  if (message.transaction === "aborted") list.push(badge("aborted", "bad"));
  if (message.transaction === "open") list.push(badge("open transaction", "warn"));
  if (message.unreadable) list.push(badge("unreadable", "bad"));
  return list;
}

// A line kcat could send again. Text that a shell would read is quoted.
function kcatCommand(topic, message) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const headers = message.headers.filter((each) => each.value && each.value.text !== undefined)
    .map((each) => ` -H ${quote(`${each.key}=${each.value.text}`)}`).join("");
  const key = message.key && message.key.text !== undefined ? ` -k ${quote(message.key.text)}` : "";
  const address = location.hostname;
  const send = `kcat -b ${address}:9092 -P -t ${quote(topic)} -p ${message.partition}${key}${headers}`;
  if (message.value === null) return `printf '' | ${send} -Z`;
  return `printf %s ${toBase64(message.value)} | base64 -d | ${send} -D ''`;
}

function payloadPanel(label, payload) {
  const title = h("h3", {}, label);
  if (payload === null) {
    return h("section", {}, h("div", { class: "payload-bar" }, title, badge("null", "null"),
      label === "Value" && h("span", { class: "muted" }, "a tombstone")));
  }
  if (payload.size === 0) {
    return h("section", {}, h("div", { class: "payload-bar" }, title, badge("empty", "null")));
  }
  const text = h("pre", { class: "payload", tabindex: "0", "aria-label": label });
  const note = h("span", { class: "muted" });
  const views = select(VIEWS, "auto", () => draw());
  views.className = "small";
  views.setAttribute("aria-label", `${label} as`);
  function draw() {
    const [content, view] = viewText(payload, views.value);
    replace(text, document.createTextNode(content));
    replace(note, `${view}, ${sizeText(payload)}${payload.truncated ? ", beginning only" : ""}`);
  }
  draw();
  return h("section", {}, h("div", { class: "payload-bar" }, title, views,
    button("Copy", () => copy(text.textContent, label), "small"), note), text);
}

function headersPanel(message) {
  if (!message.headers.length) return h("p", { class: "muted" }, "No headers.");
  return h("table", { class: "plain" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Header"), h("th", { scope: "col" }, "Value"))),
    h("tbody", {}, message.headers.map((header) => h("tr", {},
      h("td", { class: "mono wrap" }, header.key === "" ? badge("empty", "null") : header.key),
      h("td", { class: "wrap" }, header.value === null ? badge("null", "null")
        : header.value.size === 0 ? badge("empty", "null")
          : h("span", { class: "mono" }, viewText(header.value, "auto")[0]))))));
}

function detailPanel(topic, message, reload) {
  const facts = [["Partition", message.partition], ["Offset", count(message.offset)],
    ["Time", `${time(message.timestamp_ms)} (${message.timestamp_type === "append"
      ? "when appended" : "by the producer"})`],
    ["Compression", message.compression], ["Leader epoch", message.leader_epoch]];
  if (message.size !== undefined) facts.push(["Record", bytes(message.size)]);
  if (message.producer) {
    facts.push(["Producer", `${message.producer.id}, epoch ${message.producer.epoch}`]);
  }
  if (message.transaction) facts.push(["Transaction", message.transaction]);
  const cut = [message.key, message.value, ...(message.headers || []).map((each) => each.value)]
    .some((each) => each && each.truncated);
  const parts = [];
  if (message.unreadable) parts.push(h("p", { class: "notice bad" }, message.unreadable));
  if (message.key !== undefined) {
    parts.push(payloadPanel("Key", message.key), payloadPanel("Value", message.value),
      h("section", {}, h("h3", {}, message.header_count ? `Headers (${count(message.header_count)})`
        : "Headers"), headersPanel(message)));
  }
  return h("div", { class: "message-detail" },
    h("dl", { class: "facts" }, facts.map(([name, value]) =>
      h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    h("div", { class: "row-actions" },
      cut && button("Load the whole message", reload, "small primary"),
      message.key !== undefined && !message.control && button("Copy as kcat", () =>
        copy(kcatCommand(topic, message), "kcat command"), "small"),
      message.key !== undefined && !message.control && h("a", { class: "button small",
        href: `#/topics/${part(topic)}/produce?from=${message.partition}:${message.offset}` },
      "Produce again")),
    parts);
}

// The list: rows with a button that opens the message below itself.
function messageList(topic) {
  const body = h("tbody");
  const element = h("div", { class: "table messages", tabindex: "0", role: "region",
    "aria-label": "Messages" },
  h("table", {}, h("caption", { class: "hidden" }, "Messages"),
    h("thead", {}, h("tr", {},
      h("th", { scope: "col" }, "Partition:Offset"), h("th", { scope: "col" }, "Time"),
      h("th", { scope: "col" }, "Key"), h("th", { scope: "col", class: "wide" }, "Value"),
      h("th", { scope: "col", class: "num low" }, "Headers"),
      h("th", { scope: "col", class: "num low" }, "Size"))), body));

  function rowOf(message) {
    const id = newId("message");
    const open = h("button", { type: "button", class: "expand", "aria-expanded": "false",
      "aria-controls": id }, h("span", { class: "mono" }, `${message.partition}:${message.offset}`));
    const row = h("tr", { class: message.transaction === "aborted" || message.control ? "faded" : null },
      h("td", {}, open),
      h("td", { class: "nowrap" }, time(message.timestamp_ms)),
      h("td", { class: "clip key" }, message.key === undefined ? "–"
        : message.control ? "–" : preview(message.key)),
      h("td", { class: "clip wide" }, statusBadges(message), " ",
        message.value === undefined || message.control ? "" : preview(message.value)),
      h("td", { class: "num low" }, message.header_count ? count(message.header_count) : "–"),
      h("td", { class: "num low" }, message.size === undefined ? "–" : bytes(message.size)));
    let detail = null;
    const draw = (whole) => {
      const next = h("tr", { class: "detail", id }, h("td", { colspan: 6 },
        detailPanel(topic, whole, async () => {
          try {
            draw(await get(`/topics/${part(topic)}/messages/${message.partition}/${message.offset}`));
          } catch (error) {
            fail(error);
          }
        })));
      if (detail) detail.replaceWith(next);
      else row.after(next);
      detail = next;
    };
    const toggle = () => {
      if (detail) {
        detail.remove();
        detail = null;
      } else draw(message);
      open.setAttribute("aria-expanded", String(Boolean(detail)));
    };
    open.addEventListener("click", (event) => {
      event.stopPropagation();
      toggle();
    });
    row.addEventListener("click", () => {
      if (!String(window.getSelection())) toggle();
    });
    return row;
  }

  return {
    element,
    set(messages) { replace(body, messages.map(rowOf)); },
    append(messages) { messages.forEach((message) => body.append(rowOf(message))); },
    prepend(message) {
      body.prepend(rowOf(message));
      const rows = body.querySelectorAll("tr:not(.detail)");
      if (rows.length > KEPT_LIVE) {
        const last = rows[rows.length - 1];
        if (last.nextElementSibling) last.nextElementSibling.remove();
        last.remove();
      }
    },
    get length() { return body.querySelectorAll("tr:not(.detail)").length; },
  };
}

export function messagesTab(context, topic) {
  const path = `/topics/${part(topic.name)}`;
  const params = context.params;
  const text = (name, hint) => h("input", { type: "search", placeholder: hint,
    value: params.get(name) || "", autocomplete: "off", spellcheck: "false" });
  const key = text("key", "any");
  const value = text("value", "any");
  const header = text("header", "any, or name=value");
  const offset = h("input", { type: "number", min: 0, value: params.get("offset") || "0" });
  const when = h("input", { type: "datetime-local", step: 1 });
  const offsetField = field("Offset", offset);
  const timeField = field("Time", when);
  const from = select([["newest", "Newest first"], ["oldest", "Oldest first"],
    ["offset", "From an offset"], ["time", "From a time"]], params.get("from") || "newest",
  () => showFields());
  const partition = select([["", "All"], ...topic.partition_list.map((each) =>
    [String(each.partition), String(each.partition)])], params.get("partition") || "");
  const limit = select([["20", "20"], ["50", "50"], ["100", "100"], ["500", "500"]], "50");
  const committed = checkbox("Committed only", false);
  const tailButton = button("Live tail", () => (tail ? stopTail() : startTail()), "", {
    "aria-pressed": "false" });
  const list = messageList(topic.name);
  const status = h("span", { class: "muted status", role: "status" });
  const more = h("div", { class: "more" });
  const content = h("div");
  let tail = null;
  let running = null;

  function showFields() {
    offsetField.hidden = from.value !== "offset";
    timeField.hidden = from.value !== "time";
  }

  const filters = () => ({ partition: partition.value, key: key.value, value: value.value,
    header: header.value, isolation: committed.box.checked ? "committed" : "" });
  const isFiltered = () => Boolean(key.value || value.value || header.value);

  function asked() {
    const values = { ...filters(), from: from.value, limit: limit.value };
    if (from.value === "offset") values.offset = offset.value || 0;
    if (from.value === "time") values.time = when.value ? new Date(when.value).getTime() : 0;
    return values;
  }

  async function load(cursor, scannedBefore = 0) {
    if (running) running.abort();
    running = new AbortController();
    status.textContent = "Searching…";
    const values = cursor ? { ...filters(), limit: limit.value, cursor } : asked();
    const answer = await get(`${path}/messages${query(values)}`, running.signal);
    if (cursor) list.append(answer.messages);
    else list.set(answer.messages);
    const scanned = scannedBefore + answer.scanned;
    status.textContent = `${plural(list.length, "message")}, ${count(scanned)} looked at` +
      (answer.cut_short ? "; there is more to search" : answer.cursor ? "" : "; that is all");
    replace(more, answer.cursor && button(answer.cut_short ? "Search on" : "Load more",
      () => load(answer.cursor, scanned).catch(fail)));
    replace(content, list.length || answer.cursor ? list.element
      : isFiltered() || topic.offsets > 0
        ? empty("No messages", "Nothing there fits. Other words, another place to begin?")
        : empty("No messages yet", "This topic is empty.",
          h("a", { class: "button primary", href: `#/topics/${part(topic.name)}/produce` },
            "Produce one")));
  }

  function search() {
    stopTail();
    load().catch((error) => {
      if (error.name === "AbortError") return;
      status.textContent = "";
      fail(error);
    });
  }

  function startTail() {
    if (running) running.abort();
    list.set([]);
    replace(more);
    replace(content, list.element);
    status.textContent = "Waiting for new messages…";
    tailButton.setAttribute("aria-pressed", "true");
    replace(tailButton, "Stop tail");
    let seen = 0;
    let skipped = 0;
    tail = new EventSource(`/api/v1${path}/tail${query(filters())}`);
    const tell = () => {
      status.textContent = `${plural(seen, "new message")}` +
        (skipped ? `, ${count(skipped)} more came too fast to show` : "");
    };
    tail.addEventListener("message", (event) => {
      seen += 1;
      list.prepend(JSON.parse(event.data));
      tell();
    });
    tail.addEventListener("skipped", (event) => {
      skipped += JSON.parse(event.data).count;
      tell();
    });
    tail.addEventListener("end", (event) => {
      stopTail();
      status.textContent = `The tail ended: ${JSON.parse(event.data).reason}`;
    });
    tail.addEventListener("error", () => {
      if (tail && tail.readyState === EventSource.CLOSED) {
        stopTail();
        status.textContent = "The tail could not be opened.";
      }
    });
  }

  function stopTail() {
    if (!tail) return;
    tail.close();
    tail = null;
    tailButton.setAttribute("aria-pressed", "false");
    replace(tailButton, "Live tail");
  }

  showFields();
  const form = h("form", { class: "search", onsubmit: (event) => {
    event.preventDefault();
    search();
  } },
  h("div", { class: "search-row" }, field("Show", from), offsetField, timeField,
    field("Partition", partition), field("Limit", limit),
    h("div", { class: "grow" }, field("Key contains", key)),
    h("div", { class: "grow" }, field("Value contains", value)),
    h("div", { class: "grow" }, field("Header contains", header))),
  h("div", { class: "search-row" },
    h("div", { class: "row-actions" },
      h("button", { type: "submit", class: "primary" }, "Search"), tailButton),
    committed.element, status));
  context.onLeave(() => {
    stopTail();
    if (running) running.abort();
  });
  search();
  return { element: h("div", {}, form, content, more) };
}
