// Data to look at: orders as a shop has them, a compacted topic, binary keys, and what hostile
// clients would send. Everything over the API, but groups, which need a real consumer.

import { spawn } from "node:child_process";

export const HOSTILE = `<img src=x onerror="window.hacked=1">"'&\u202e<script>window.hacked=1</script>`;
export const LONG_TOPIC = `${"a-topic-whose-name-is-as-long-as-kafka-permits.".repeat(6)}`.slice(0, 249);
export const HOSTILE_GROUP = `group/${HOSTILE}${"-long".repeat(30)}`;

export async function call(base, method, path, body) {
  const response = await fetch(`${base}/api/v1${path}`, {
    method, body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

const NAMES = ["Ada Lovelace", "Grace Hopper", "Odradek", "Franz K.", "Łukasz Żółw", "田中さくら"];

export async function seed(base) {
  const topics = [["orders", 6, {}], ["payments", 3, { "retention.ms": "3600000" }],
    ["users", 1, { "cleanup.policy": "compact" }], ["audit.log", 2, { "retention.ms": "-1" }],
    ["binary", 1, {}], ["hostile", 1, {}], ["empty", 2, {}], [LONG_TOPIC, 1, {}]];
  for (const [name, partitions, configs] of topics) {
    await call(base, "POST", "/topics", { name, partitions, configs });
  }
  const send = (topic, body) => call(base, "POST", `/topics/${topic}/messages`, body);
  for (let i = 0; i < 40; i += 1) {
    const order = { id: 9007199254740993n + BigInt(i), customer: NAMES[i % NAMES.length],
      items: [{ sku: `SKU-${1000 + i}`, count: 1 + (i % 4), price: 19.9 + i }],
      paid: i % 3 === 0, note: i % 5 === 0 ? null : "leave at the door" };
    const text = JSON.stringify(order, (key, value) => (typeof value === "bigint" ? `#${value}#` : value))
      .replace(/"#(\d+)#"/g, "$1");
    await send("orders", { key: { text: `order-${i}` }, value: { text },
      headers: [{ key: "trace", value: { text: `t-${i % 7}` } }, { key: "source", value: { text: "web" } }] });
  }
  await send("payments", { key: { text: "p{{n}}" }, value: { text: "payment {{n}} of 40.00 EUR" },
    repeat: 3000, numbered: true, compression: "lz4" });
  for (const name of NAMES) {
    await send("users", { key: { text: name }, value: { text: JSON.stringify({ name }) } });
  }
  await send("users", { key: { text: NAMES[0] }, value: null });
  await send("audit.log", { value: { text: "" } });
  await send("audit.log", { value: { text: "plain text, two lines\nlogin failed for user 17" },
    headers: [{ key: "level", value: { text: "warn" } }, { key: "level", value: { text: "again" } },
      { key: "nothing", value: null }, { key: "", value: { text: "" } }] });
  await send("binary", { key: { hex: "0000000000000045" }, value: { hex: "00ff10203040 deadbeef 7f80" },
    headers: [{ key: "raw", value: { hex: "00ff" } }] });
  await send("binary", { key: { hex: "00000007" }, value: { text: "x".repeat(20000) } });
  await send("hostile", { key: { text: HOSTILE }, value: { text: HOSTILE },
    headers: [{ key: HOSTILE, value: { text: HOSTILE } }] });
  await send("hostile", { key: { text: "long" }, value: { text: "wide".repeat(900) } });
  await send(LONG_TOPIC, { value: { text: "a message in a topic with a long name" } });
}

// A consumer of Debian's kcat in a group; ends when told, or by itself at the end of the topics.
export function consume(bootstrap, group, topics, { clientId = "kcat-reader", exit = false } = {}) {
  const consumer = spawn("kcat", ["-b", bootstrap, "-G", group, "-X", `client.id=${clientId}`,
    "-X", "auto.offset.reset=earliest", "-X", "auto.commit.interval.ms=200",
    ...(exit ? ["-e"] : []), "-q", ...topics], { stdio: ["ignore", "ignore", "ignore"] });
  consumer.ended = new Promise((resolve) => consumer.on("exit", resolve));
  return consumer;
}
