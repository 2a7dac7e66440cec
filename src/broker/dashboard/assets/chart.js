// A small line chart over the last minutes: one series, an area, a readable scale.

import { h, replace, svg } from "./dom.js";
import { clock } from "./format.js";

const WIDTH = 320;
const HEIGHT = 84;
const TOP = 6;

// The next "round" number, so that the scale does not jump with each sample. Sizes are round in
// powers of 1024.
function ceiling(value, base) {
  if (value <= 1) return 1;
  const unit = base === 1024 ? 1024 ** Math.floor(Math.log2(value) / 10) : 1;
  const power = 10 ** Math.floor(Math.log10(value / unit));
  const step = [1, 2, 2.5, 5, 10].find((each) => each * power >= value / unit);
  return step * power * unit;
}

// The time shown grows with what is known, so that a young broker's plots are not empty.
function spanMinutes(samples, end) {
  const known = (end - samples[0].at_ms) / 60000;
  return [1, 2, 5, 15].find((each) => each >= known) || 15;
}

export function chart({ title, value, format, base = 1000 }) {
  const area = svg("path", { class: "chart-area" });
  const line = svg("path", { class: "chart-line", fill: "none" });
  const cursor = svg("line", { class: "chart-cursor", y1: TOP, y2: HEIGHT, visibility: "hidden" });
  const plot = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none",
    class: "chart-plot", role: "img" },
  svg("line", { class: "chart-grid", x1: 0, x2: WIDTH, y1: TOP, y2: TOP }),
  svg("line", { class: "chart-grid", x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2 }),
  svg("line", { class: "chart-grid", x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 }),
  area, line, cursor);
  const now = h("span", { class: "chart-now" }, "–");
  const top = h("span", { class: "chart-top" });
  const from = h("span");
  const to = h("span");
  const element = h("figure", { class: "card chart" },
    h("figcaption", {}, h("span", { class: "chart-title" }, title), now),
    h("div", { class: "chart-box" }, plot, top),
    h("div", { class: "chart-axis" }, from, to));
  let shown = [];
  let range = [0, 1];
  let highest = 1;

  const x = (sample) => (WIDTH * (sample.at_ms - range[0])) / (range[1] - range[0]);
  const y = (number) => HEIGHT - ((HEIGHT - TOP) * number) / highest;

  function showLast() {
    const last = shown[shown.length - 1];
    replace(now, last ? format(value(last)) : "–");
    cursor.setAttribute("visibility", "hidden");
  }

  plot.addEventListener("pointermove", (event) => {
    if (!shown.length) return;
    const box = plot.getBoundingClientRect();
    const at = range[0] + ((range[1] - range[0]) * (event.clientX - box.left)) / box.width;
    const near = shown.reduce((best, sample) =>
      (Math.abs(sample.at_ms - at) < Math.abs(best.at_ms - at) ? sample : best));
    cursor.setAttribute("x1", x(near));
    cursor.setAttribute("x2", x(near));
    cursor.setAttribute("visibility", "visible");
    replace(now, h("small", {}, `${clock(near.at_ms)} `), format(value(near)));
  });
  plot.addEventListener("pointerleave", showLast);

  return {
    element,
    update(samples) {
      if (!samples.length) return;
      const end = samples[samples.length - 1].at_ms;
      const minutes = spanMinutes(samples, end);
      range = [end - minutes * 60000, end];
      shown = samples.filter((sample) => sample.at_ms >= range[0]);
      const most = Math.max(...shown.map(value));
      highest = ceiling(most, base);
      const points = shown.map((sample) => `${x(sample).toFixed(1)},${y(value(sample)).toFixed(1)}`);
      line.setAttribute("d", points.length > 1 ? `M${points.join("L")}` : "");
      area.setAttribute("d", points.length > 1
        ? `M${x(shown[0]).toFixed(1)},${HEIGHT}L${points.join("L")}L${WIDTH},${HEIGHT}Z` : "");
      replace(top, format(highest));
      replace(from, `${minutes} min ago`);
      replace(to, "now");
      plot.setAttribute("aria-label",
        `${title}: ${format(value(shown[shown.length - 1]))} now, at most ${format(most)} ` +
        `in ${minutes} minutes`);
      if (cursor.getAttribute("visibility") === "hidden") showLast();
    },
  };
}
