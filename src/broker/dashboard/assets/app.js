// The shell: pages by the address behind '#', navigation, theme, connection state.

import { get, onTokenNeeded } from "./api.js";
import { h, replace } from "./dom.js";
import { onSample, start } from "./live.js";
import { empty, fail, field, openDialog } from "./ui.js";
import * as overview from "./page-overview.js";
import * as topics from "./page-topics.js";
import * as topic from "./page-topic.js";
import * as groups from "./page-groups.js";
import * as group from "./page-group.js";
import * as connections from "./page-connections.js";
import * as security from "./page-security.js";
import * as configs from "./page-configs.js";
import * as apiPage from "./page-api.js";

// name in the address, label, list page, page of one thing
const PAGES = [
  ["overview", "Overview", overview],
  ["topics", "Topics", topics, topic],
  ["groups", "Groups", groups, group],
  ["connections", "Connections", connections],
  ["security", "Security", security, security],
  ["configs", "Configs", configs],
  ["api", "API", apiPage],
];

const main = document.getElementById("main");
let leave = null; // stops what the shown page keeps going

function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const names = path.split("/").filter(Boolean).map((each) => {
    try {
      return decodeURIComponent(each);
    } catch {
      return each;
    }
  });
  return { names, params: new URLSearchParams(query || "") };
}

function drawNav(current) {
  replace(document.getElementById("nav"), PAGES.map(([key, label]) =>
    h("a", { href: `#/${key}`, "aria-current": key === current ? "page" : null }, label)));
}

async function show() {
  if (leave) leave();
  leave = null;
  const { names, params } = place();
  const page = PAGES.find(([key]) => key === names[0]) || PAGES[0];
  drawNav(page[0]);
  const view = names.length > 1 && page[3] ? page[3] : page[2];
  const shown = { stopped: false, stops: [] };
  leave = () => {
    shown.stopped = true;
    shown.stops.forEach((stop) => stop());
  };
  const root = h("div", { class: "page" });
  const context = {
    root, params, names: names.slice(1), overview: latest,
    onLeave: (stop) => (shown.stopped ? stop() : shown.stops.push(stop)),
    // Calls `action` now and again, only while somebody looks.
    every(ms, action) {
      const run = async () => {
        if (document.visibilityState === "visible") {
          try {
            await action();
          } catch (error) {
            if (error.status !== 0) fail(error);
          }
        }
        if (!shown.stopped) timer = setTimeout(run, ms);
      };
      let timer = setTimeout(run, ms);
      context.onLeave(() => clearTimeout(timer));
    },
  };
  document.title = `${names.slice(1)[0] || page[1]} · Odradek`;
  try {
    await view.show(context);
  } catch (error) {
    if (error.name !== "AbortError") {
      replace(root, empty(error.status === 404 ? "Not found" : "That did not work",
        error.message, h("a", { href: `#/${page[0]}` }, `Back to ${page[1].toLowerCase()}`)));
    }
  }
  if (shown.stopped) return;
  replace(main, root);
  const focus = root.querySelector("h1");
  if (focus && show.count > 0 && !context.keepFocus) focus.focus({ preventScroll: true });
  show.count += 1;
}
show.count = 0;

// Light, dark, or as the system says.
const THEMES = { system: ["◐", "dark"], dark: ["●", "light"], light: ["○", "system"] };
function setTheme(theme) {
  const button = document.getElementById("theme");
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  localStorage.setItem("odradek-theme", theme);
  replace(button, THEMES[theme][0]);
  button.setAttribute("aria-label", `Theme: ${theme}. Change to ${THEMES[theme][1]}`);
  button.title = `Theme: ${theme}`;
  button.onclick = () => setTheme(THEMES[theme][1]);
}

let asking = null;
function askForToken() {
  if (asking) return asking;
  asking = new Promise((resolve) => {
    const input = h("input", { type: "password", autocomplete: "current-password", required: true });
    const dialog = openDialog("This broker asks for a token", field("Token", input,
      "What the broker was started with: http_token."), [["Open", "primary", async () => {
      const response = await fetch("/api/v1/session", { method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token: input.value }) });
      if (!response.ok) throw new Error("This is not the token.");
      return true;
    }]]);
    dialog.addEventListener("close", () => {
      asking = null;
      resolve();
    });
    input.focus();
  });
  return asking;
}

let latest = null;
async function begin() {
  const stored = localStorage.getItem("odradek-theme");
  setTheme(stored in THEMES ? stored : "system");
  onTokenNeeded(askForToken);
  drawNav("overview");
  latest = await get("/overview");
  replace(document.getElementById("where"), latest.advertised_listeners
    ? latest.advertised_listeners.replace(/^[A-Z_]+:\/\//, "").split(",")[0] : "");
  onSample((samples, state) => {
    const element = document.getElementById("live");
    element.className = `live ${state}`;
    const text = { live: "live", lost: "no connection", connecting: "connecting" }[state];
    if (element.textContent !== text) element.textContent = text;
  });
  window.addEventListener("hashchange", show);
  await show();
  await start();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const filter = main.querySelector("input[type=search]");
  if (!filter) return;
  event.preventDefault();
  filter.focus();
});

begin().catch((error) => {
  replace(main, empty("The broker does not answer", error.message));
});
