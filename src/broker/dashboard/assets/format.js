// Numbers, sizes and times for people.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

export function count(value) {
  return value === null || value === undefined ? "–" : whole.format(value);
}

export function compact(value) {
  if (value === null || value === undefined) return "–";
  if (value > 0 && value < 10) return String(Math.round(value * 10) / 10);
  return value < 10000 ? whole.format(value) : short.format(value);
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && size < 100 ? 1 : 0;
  return `${size.toFixed(digits)} ${UNITS[unit]}`;
}

export function rate(value, unit) {
  return unit === "bytes" ? `${bytes(value)}/s` : `${compact(value)}/s`;
}

const STEPS = [[86400000, "d"], [3600000, "h"], [60000, "min"], [1000, "s"], [1, "ms"]];

// "2 d 4 h", the two largest parts.
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  let rest = ms;
  const parts = [];
  for (const [size, name] of STEPS.slice(0, 4)) {
    const amount = Math.floor(rest / size);
    if (amount > 0) parts.push(`${amount} ${name}`);
    rest -= amount * size;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

// A configured time, of which Kafka writes "for ever" as a negative or a very large number.
export function retention(text) {
  if (text === null || text === undefined) return "–";
  const ms = Number(text);
  if (ms < 0 || ms > 3e14) return "for ever";
  return duration(ms);
}

const pad = (value, width) => String(value).padStart(width, "0");

// Local time with milliseconds, as "2026-11-21 14:03:07.125".
export function time(ms) {
  if (ms === null || ms === undefined || ms < 0) return "–";
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)} ` +
    `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}.` +
    pad(date.getMilliseconds(), 3);
}

export function clock(ms) {
  return time(ms).slice(11, 19);
}

export function plural(amount, one, many) {
  return `${count(amount)} ${amount === 1 ? one : many || `${one}s`}`;
}

// Partition numbers as ranges: "0-3, 7".
export function ranges(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const parts = [];
  for (let i = 0; i < sorted.length; i += 1) {
    let j = i;
    while (j + 1 < sorted.length && sorted[j + 1] === sorted[j] + 1) j += 1;
    parts.push(i === j ? `${sorted[i]}` : `${sorted[i]}-${sorted[j]}`);
    i = j;
  }
  return parts.join(", ");
}
