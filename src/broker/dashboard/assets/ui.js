// Parts all pages use: tables, dialogs, forms, notes.

import { h, newId, replace } from "./dom.js";

export function toast(text, kind = "ok") {
  const note = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), kind === "bad" ? 9000 : 5000);
}

export function fail(error) {
  if (error.name === "AbortError") return;
  toast(error.code ? `${error.code}: ${error.message}` : error.message, "bad");
}

export function badge(text, kind = "") {
  return h("span", { class: `badge ${kind}` }, text);
}

export function button(text, action, kind = "", props = {}) {
  return h("button", { type: "button", class: kind, onclick: action, ...props }, text);
}

export function empty(title, text, ...actions) {
  return h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, text), ...actions);
}

export function heading(title, ...actions) {
  return h("div", { class: "heading" },
    h("h1", { tabindex: "-1" }, title),
    h("div", { class: "actions" }, ...actions));
}

export function field(label, control, hint) {
  const id = control.id || newId("field");
  control.id = id;
  let described = null;
  if (hint) {
    described = newId("hint");
    control.setAttribute("aria-describedby", described);
  }
  return h("div", { class: "field" },
    h("label", { for: id }, label), control,
    hint && h("small", { id: described }, hint));
}

export function checkbox(label, checked, action) {
  const box = h("input", { type: "checkbox", checked, onchange: () => action && action(box.checked) });
  return { element: h("label", { class: "check" }, box, " ", label), box };
}

export function select(options, value, action) {
  const control = h("select", { onchange: () => action && action(control.value) },
    options.map(([key, label]) => h("option", { value: key }, label)));
  control.value = value;
  return control;
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    // Without a secure context there is no clipboard: show the text to be copied by hand.
    const area = h("textarea", { rows: 8, readonly: true, value: text, "aria-label": what });
    openDialog(`Copy ${what}`, area, []);
    area.select();
  }
}

// Opens a modal dialog; each action is [label, kind, async function], which closes it unless it
// returns false or throws.
export function openDialog(title, body, actions) {
  const id = newId("dialog");
  const problem = h("p", { class: "problem", role: "alert" });
  const dialog = h("dialog", { "aria-labelledby": id });
  const close = () => dialog.close();
  const buttons = actions.map(([label, kind, action], index) => {
    const element = h("button", { type: index === 0 ? "submit" : "button", class: kind }, label);
    const run = async (event) => {
      event.preventDefault();
      if (element.disabled) return;
      element.disabled = true;
      problem.textContent = "";
      try {
        if (await action() !== false) close();
      } catch (error) {
        problem.textContent = error.code ? `${error.code}: ${error.message}` : error.message;
      }
      element.disabled = false;
    };
    if (index > 0) element.addEventListener("click", run);
    return { element, run };
  });
  const form = h("form", { method: "dialog" },
    h("div", { class: "dialog-head" }, h("h2", { id }, title),
      button("×", close, "icon-button", { "aria-label": "Close" })),
    h("div", { class: "dialog-body" }, body),
    problem,
    h("div", { class: "dialog-foot" },
      button(actions.length ? "Cancel" : "Close", close),
      buttons.map((each) => each.element).reverse()));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (buttons.length) buttons[0].run(event);
  });
  dialog.append(form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// Asks before something that cannot be undone; with `name` it has to be typed.
export function confirmDanger(title, text, label, name, action) {
  const input = h("input", { autocomplete: "off", spellcheck: "false" });
  const body = [h("p", {}, text)];
  if (name) body.push(field("Type the name to confirm", input, name));
  return openDialog(title, h("div", {}, body), [[label, "danger", async () => {
    if (name && input.value !== name) throw new Error("The name is not the same.");
    await action();
    return true;
  }]]);
}

// Tabs as links, so that each has an address.
export function tabs(list, current) {
  return h("nav", { class: "tabs", "aria-label": "Parts of this page" },
    list.map(([key, label, href]) =>
      h("a", { href, "aria-current": key === current ? "page" : null }, label)));
}

// A table that is updated in place, so that focus and selection survive.
// columns: {label, value(row), cell(row)?, num?, wide?, low?, sort?, title?}; rows by key(row).
export function dataTable({ columns, key, caption, sortBy, descending = false, emptyText }) {
  let sorted = sortBy === undefined ? -1 : sortBy;
  let down = descending;
  let rows = [];
  const known = new Map();
  const body = h("tbody");
  const heads = columns.map((column, index) => {
    const className = [column.num ? "num" : "", column.low ? "low" : ""].join(" ").trim();
    if (column.sort === false || !column.label) {
      return h("th", { class: className || null, scope: "col" },
        column.label || h("span", { class: "hidden" }, column.hidden || "Actions"));
    }
    const head = h("th", { class: className || null, scope: "col" },
      button(column.label, () => {
        down = sorted === index ? !down : Boolean(column.num);
        sorted = index;
        draw();
      }, "sort", column.title ? { title: column.title } : {}));
    return head;
  });
  const table = h("table", {},
    caption && h("caption", { class: "hidden" }, caption),
    h("thead", {}, h("tr", {}, heads)), body);
  const nothing = h("p", { class: "muted nothing" }, emptyText || "Nothing here.");
  const element = h("div", { class: "table", tabindex: "0", role: "region",
    "aria-label": caption }, table, nothing);

  function compare(a, b) {
    const left = columns[sorted].value(a);
    const right = columns[sorted].value(b);
    if (left === right) return 0;
    if (left === null || left === undefined) return 1;
    if (right === null || right === undefined) return -1;
    const order = typeof left === "string" ? left.localeCompare(right) : left - right;
    return down ? -order : order;
  }

  function drawRow(row) {
    const id = key(row);
    let entry = known.get(id);
    if (!entry) {
      entry = { tr: h("tr"), cells: [], marks: [] };
      columns.forEach((column) => {
        const className = [column.num ? "num" : "", column.wide ? "wide" : "",
          column.low ? "low" : ""].join(" ").trim();
        const cell = h("td", { class: className || null });
        entry.cells.push(cell);
        entry.tr.append(cell);
      });
      known.set(id, entry);
    }
    columns.forEach((column, index) => {
      const mark = JSON.stringify([column.value(row), column.mark ? column.mark(row) : 0]);
      if (entry.marks[index] === mark) return;
      entry.marks[index] = mark;
      const content = column.cell ? column.cell(row) : column.value(row);
      replace(entry.cells[index], content);
    });
    return entry.tr;
  }

  function draw() {
    const order = sorted >= 0 ? [...rows].sort(compare) : rows;
    heads.forEach((head, index) => {
      if (index === sorted) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const present = new Set(rows.map(key));
    for (const [id, entry] of known) {
      if (!present.has(id)) {
        entry.tr.remove();
        known.delete(id);
      }
    }
    order.forEach((row, index) => {
      const tr = drawRow(row);
      if (body.children[index] !== tr) body.insertBefore(tr, body.children[index] || null);
    });
    nothing.hidden = rows.length > 0;
    table.hidden = rows.length === 0;
  }

  draw();
  return { element, update(next) { rows = next; draw(); }, rows: () => rows };
}

// A share of something as a bar with a text beside it.
export function meter(share, label, kind = "") {
  const fill = h("span", { class: `meter-fill ${kind}` });
  fill.style.width = `${Math.min(100, Math.max(0, share * 100))}%`;
  return h("div", { class: "meter", role: "img", "aria-label": label },
    h("span", { class: "meter-track" }, fill));
}
