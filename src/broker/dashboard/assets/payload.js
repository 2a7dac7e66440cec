// Keys, values and header values: from the API's form to what people read.

import { h } from "./dom.js";
import { bytes } from "./format.js";
import { badge } from "./ui.js";

// The bytes of {"text"} or {"base64"}.
export function toBytes(payload) {
  if (payload.text !== undefined) return new TextEncoder().encode(payload.text);
  const raw = atob(payload.base64);
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

export function toBase64(payload) {
  if (payload.base64 !== undefined) return payload.base64;
  let raw = "";
  for (const byte of toBytes(payload)) raw += String.fromCharCode(byte);
  return btoa(raw);
}

const hexByte = (byte) => byte.toString(16).padStart(2, "0");

// Offset, 16 bytes, and their ASCII, as hexdump -C has it.
export function hexDump(data) {
  const lines = [];
  for (let at = 0; at < data.length; at += 16) {
    const row = [...data.subarray(at, at + 16)];
    const left = row.slice(0, 8).map(hexByte).join(" ").padEnd(23);
    const right = row.slice(8).map(hexByte).join(" ").padEnd(23);
    const ascii = row.map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${left}  ${right}  |${ascii}|`);
  }
  return lines.join("\n");
}

// JSON with line breaks, null when the text is none. The text is only laid out: parsing and
// printing would change long numbers, repeated names and the order of members.
export function prettyJson(text) {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(/"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g) || [];
  let depth = 0;
  let out = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === "{" || token === "[") {
      const closes = next === "}" || next === "]";
      depth += 1;
      out += closes ? token : token + line();
    } else if (token === "}" || token === "]") {
      const opened = tokens[index - 1] === "{" || tokens[index - 1] === "[";
      depth -= 1;
      out += opened ? token : line() + token;
    } else if (token === ",") out += token + line();
    else if (token === ":") out += ": ";
    else out += token;
  });
  return out;
}

// Numbers as Kafka's own serializers write them.
function numberHint(data) {
  if (data.length !== 4 && data.length !== 8) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return data.length === 4 ? `int32 ${view.getInt32(0)}` : `int64 ${view.getBigInt64(0)}`;
}

export function preview(payload) {
  if (payload === null || payload === undefined) return badge("null", "null");
  if (payload.size === 0) return badge("empty", "null");
  if (payload.text !== undefined) {
    const line = payload.text.slice(0, 300).replace(/\s+/g, " ");
    return h("span", { class: "mono" }, line, payload.text.length > 300 || payload.truncated ? "…" : "");
  }
  const data = toBytes(payload);
  const hint = numberHint(data);
  if (hint) return h("span", { class: "mono" }, hint);
  const start = [...data.subarray(0, 24)].map(hexByte).join(" ");
  return [badge("binary", "null"), " ", h("span", { class: "mono muted" }, start,
    data.length > 24 ? " …" : "")];
}

export const VIEWS = [["auto", "Auto"], ["text", "Text"], ["json", "JSON"], ["hex", "Hex"],
  ["base64", "Base64"]];

// The text of a payload in one of the views, and which view it became.
export function viewText(payload, wanted) {
  const text = payload.text !== undefined ? payload.text : null;
  const pretty = text !== null && !payload.truncated ? prettyJson(text) : null;
  const view = wanted === "auto" ? (pretty !== null ? "json" : text !== null ? "text" : "hex") : wanted;
  if (view === "json") return [pretty !== null ? pretty : text ?? "(not JSON)", view];
  if (view === "hex") return [hexDump(toBytes(payload)), view];
  if (view === "base64") return [toBase64(payload), view];
  return [text !== null ? text : new TextDecoder().decode(toBytes(payload)), view];
}

export function sizeText(payload) {
  return payload === null ? "null" : bytes(payload.size);
}
