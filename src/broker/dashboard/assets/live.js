// The broker's samples, as they come each second, for all pages.

import { get } from "./api.js";

const KEPT = 900;
const listeners = new Set();
export const samples = [];
let source = null;
let state = "connecting";

function tell() {
  listeners.forEach((listener) => listener(samples, state));
}

function add(sample) {
  const last = samples[samples.length - 1];
  if (last && last.at_ms >= sample.at_ms) return;
  samples.push(sample);
  if (samples.length > KEPT) samples.shift();
}

async function catchUp() {
  const history = await get("/history");
  samples.length = 0;
  history.samples.forEach(add);
  tell();
}

export function onSample(listener) {
  listeners.add(listener);
  listener(samples, state);
  return () => listeners.delete(listener);
}

export async function start() {
  await catchUp();
  source = new EventSource("/api/v1/events");
  source.addEventListener("sample", (event) => {
    add(JSON.parse(event.data));
    state = "live";
    tell();
  });
  source.addEventListener("error", () => {
    state = "lost";
    tell();
    // The browser tries again by itself unless the answer was a refusal.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => start().catch(() => {}), 3000);
  });
  source.addEventListener("open", () => {
    if (state === "lost") catchUp().catch(() => {});
    state = "live";
    tell();
  });
}
