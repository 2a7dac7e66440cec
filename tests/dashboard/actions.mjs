// Every action of every page, by what people see: labels, buttons, texts.

import { expect, openPage } from "./harness.mjs";
import { HOSTILE, HOSTILE_GROUP, call, consume } from "./seed.mjs";

export async function actions({ check, browser, broker, screens }) {
  const view = await openPage(browser, broker.base);
  const { page } = view;
  const api = (method, path, body) => call(broker.base, method, path, body);
  const button = (name) => page.locator("main").getByRole("button", { name, exact: true });
  const dialog = () => page.getByRole("dialog");
  const inDialog = (name) => dialog().getByRole("button", { name, exact: true });
  const toast = (text) => page.locator("#toasts").getByText(text).first().waitFor();
  const rows = () => page.locator(".messages tbody tr:not(.detail)");
  const status = () => page.locator(".status").textContent();
  const search = async () => {
    await button("Search").click();
    await page.waitForFunction(() => /looked at/.test(document.querySelector(".status").textContent));
  };

  await check.step("overview: live numbers move, plots are drawn", async () => {
    await view.go("/overview");
    await api("POST", "/topics/payments/messages", { value: { text: "x" }, repeat: 20000 });
    await page.waitForFunction(() => {
      const line = document.querySelector(".chart-line");
      return line && (line.getAttribute("d") || "").split("L").length > 2;
    });
    await page.getByText("live", { exact: true }).waitFor();
    expect(await page.locator("svg.chart-plot").count() === 6, "six plots");
  });

  await check.step("topics: filter by keyboard, internal ones hidden", async () => {
    await view.go("/topics");
    await page.keyboard.press("/");
    await page.keyboard.type("pay");
    await page.getByText("1 topic,").waitFor();
    expect(await page.locator("tbody tr:visible").count() === 1, "one row");
  });

  await check.step("topics: sort by size", async () => {
    await view.go("/topics");
    await page.getByRole("button", { name: "Size" }).click();
    const first = await page.locator("tbody tr").first().textContent();
    expect(first.includes("payments"), `the largest is first, not ${first}`);
  });

  await check.step("topic: create", async () => {
    await view.go("/topics");
    await button("Create topic").click();
    await dialog().getByLabel("Name").fill("made by hand");
    await inDialog("Create").click();
    await dialog().getByText("INVALID_TOPIC_EXCEPTION").waitFor();
    await dialog().getByLabel("Name").fill("made-by-hand");
    await dialog().getByLabel("Partitions").fill("2");
    await dialog().getByLabel("Other configs").fill("retention.ms=60000\nmax.message.bytes=2000");
    await page.screenshot({ path: `${screens}/dialog-create.png` });
    await inDialog("Create").click();
    await toast("Topic made-by-hand created");
    await page.getByText("No messages yet").waitFor();
    const topic = await api("GET", "/topics/made-by-hand");
    expect(topic.partitions === 2 && topic.overrides["retention.ms"] === "60000", "as asked");
  });

  await check.step("topic: add partitions", async () => {
    await button("Add partitions").click();
    await dialog().getByLabel("Partitions in all").fill("4");
    await inDialog("Add").click();
    await toast("Partitions added");
    await page.getByText("4 partitions").waitFor();
  });

  await check.step("topic: clone", async () => {
    await button("Clone").click();
    await inDialog("Create").click();
    await toast("Topic made-by-hand-copy created");
    const copy = await api("GET", "/topics/made-by-hand-copy");
    expect(copy.overrides["max.message.bytes"] === "2000" && copy.partitions === 4, "the same");
  });

  await check.step("produce: text, headers, partition", async () => {
    await view.go("/topics/made-by-hand/produce");
    await page.getByLabel("No key (null)").uncheck();
    await page.getByLabel("Key", { exact: true }).fill("k1");
    await page.getByLabel("Value", { exact: true }).fill(`{"n": 9007199254740993, "list": [1, {}]}`);
    await button("Add header").click();
    await page.getByLabel("Header name").fill("h1");
    await page.getByLabel("Header value").fill("v1");
    await page.getByLabel("Partition").selectOption("3");
    await button("Produce").click();
    await page.getByText("partition 3, offset 0").click();
    await rows().first().waitFor();
    await rows().first().locator(".expand").click();
    const shown = await page.locator(".message-detail").textContent();
    expect(shown.includes("9007199254740993"), "long numbers stay as they are");
    expect(shown.includes("h1") && shown.includes("v1"), "headers are shown");
  });

  await check.step("produce: tombstone, hexadecimal key", async () => {
    await view.go("/topics/made-by-hand/produce");
    await page.getByLabel("No key (null)").uncheck();
    await page.getByLabel("Key is").selectOption("hex");
    await page.getByLabel("Key", { exact: true }).fill("00 00 00 2a");
    await page.getByLabel("Tombstone (null)").check();
    await button("Produce").click();
    await page.getByText("1 message produced:").click();
    await view.go("/topics/made-by-hand/messages");
    await rows().first().waitFor();
    const row = await rows().first().textContent();
    expect(row.includes("int32 42") && row.includes("null"), row);
  });

  await check.step("produce: many, numbered, compressed; wrong input is told", async () => {
    await view.go("/topics/made-by-hand/produce");
    await page.getByLabel("Value is").selectOption("json");
    await page.getByLabel("Value", { exact: true }).fill("{broken");
    await button("Produce").click();
    await page.getByText("Value is no JSON").waitFor();
    await page.getByLabel("Value is").selectOption("text");
    await page.getByLabel("Value", { exact: true }).fill("number {{n}}");
    await page.getByLabel("Repeat").fill("120");
    await page.getByLabel("Replace {{n}}").check();
    await page.getByLabel("Compression").selectOption("zstd");
    await button("Produce").click();
    await toast("120 messages produced");
    await view.go("/topics/made-by-hand/produce");
    await page.getByLabel("Compression").selectOption("none");
    await page.getByLabel("Value", { exact: true }).fill("x".repeat(3000));
    await button("Produce").click();
    await page.getByText("MESSAGE_TOO_LARGE").waitFor();
  });

  await check.step("produce again: the message is copied", async () => {
    await view.go("/topics/hostile/messages");
    await page.getByLabel("Key contains").fill("onerror");
    await search();
    await rows().first().locator(".expand").click();
    await page.getByRole("link", { name: "Produce again" }).click();
    await page.waitForFunction(() => document.querySelector("textarea")?.value.includes("onerror"));
    expect(await page.getByLabel("Header name").inputValue() === HOSTILE, "headers, too");
    await button("Produce").click();
    await toast("1 message produced");
  });

  await check.step("messages: oldest, offset, time, partition", async () => {
    await view.go("/topics/payments/messages");
    await rows().first().waitFor();
    await page.getByLabel("Show").selectOption("oldest");
    await page.getByLabel("Partition").selectOption("1");
    await search();
    expect((await rows().first().locator(".expand").textContent()) === "1:0", "begins at 0");
    await page.getByLabel("Show").selectOption("offset");
    await page.getByLabel("Offset", { exact: true }).fill("17");
    await search();
    expect((await rows().first().locator(".expand").textContent()) === "1:17", "begins at 17");
    await page.getByLabel("Show").selectOption("time");
    await page.getByLabel("Time", { exact: true }).fill("2001-02-03T04:05:06");
    await search();
    expect((await rows().first().locator(".expand").textContent()) === "1:0", "all are later");
    await page.getByLabel("Time", { exact: true }).fill("2091-02-03T04:05:06");
    await search();
    await page.getByRole("heading", { name: "No messages" }).waitFor();
  });

  await check.step("messages: load more goes on where it was", async () => {
    await view.go("/topics/made-by-hand/messages");
    await page.getByLabel("Limit").selectOption("50");
    await search();
    expect(await rows().count() === 50, "50 first");
    await button("Load more").click();
    await page.waitForFunction(() =>
      document.querySelectorAll(".messages tbody tr:not(.detail)").length === 100);
    const names = await page.locator(".messages .expand").allTextContents();
    expect(new Set(names).size === 100, "none twice");
  });

  await check.step("messages: filters on key, value and header", async () => {
    await view.go("/topics/orders/messages");
    await page.getByLabel("Key contains").fill("ORDER-17");
    await search();
    expect(await rows().count() === 1, "one by key");
    await page.getByLabel("Key contains").fill("");
    await page.getByLabel("Value contains").fill("lovelace");
    await search();
    expect(await rows().count() === 7, `seven by value, not ${await rows().count()}`);
    await page.getByLabel("Header contains").fill("trace=t-0");
    await search();
    expect(await rows().count() === 1, `header as well: ${await status()}`);
  });

  await check.step("messages: text, JSON, hex, base64; null, empty and binary told apart", async () => {
    await view.go("/topics/orders/messages");
    await rows().first().waitFor();
    await rows().first().locator(".expand").click();
    const panel = page.getByRole("region").locator("pre[aria-label=Value]");
    const as = page.getByLabel("Value as");
    expect((await panel.textContent()).includes('\n  "customer"'), "JSON is laid out");
    await as.selectOption("text");
    expect(!(await panel.textContent()).includes("\n"), "text is as it came");
    await as.selectOption("hex");
    expect((await panel.textContent()).startsWith("00000000  7b 22"), "hex");
    await as.selectOption("base64");
    expect((await panel.textContent()).startsWith("eyJ"), "base64");
    await view.go("/topics/audit.log/messages");
    await rows().first().waitFor();
    const all = await page.locator(".messages tbody").textContent();
    expect(all.includes("empty") && all.includes("null"), "null and empty");
    await view.go("/topics/binary/messages");
    await rows().first().waitFor();
    expect((await page.locator(".messages tbody").textContent()).includes("int64 69"), "numbers");
    await page.getByRole("button", { name: "0:1" }).click();
    await button("Load the whole message").click();
    await page.getByText("text, 19.5 KiB").waitFor();
  });

  await check.step("messages: rows open by keyboard", async () => {
    await view.go("/topics/orders/messages");
    await rows().first().waitFor();
    await page.locator(".expand").first().focus();
    await page.keyboard.press("Enter");
    await page.locator(".message-detail").waitFor();
    expect(await page.locator(".expand").first().getAttribute("aria-expanded") === "true", "told");
    await page.keyboard.press("Enter");
    expect(await page.locator(".message-detail").count() === 0, "closed");
  });

  await check.step("messages: live tail, filtered", async () => {
    await view.go("/topics/orders/messages");
    await rows().first().waitFor();
    await page.getByLabel("Value contains").fill("wanted");
    await button("Live tail").click();
    await page.getByText("Waiting for new messages").waitFor();
    await page.waitForTimeout(700);
    await api("POST", "/topics/orders/messages", { value: { text: "not this" } });
    await api("POST", "/topics/orders/messages", { value: { text: "a wanted one" } });
    await page.getByText("a wanted one").waitFor();
    expect(await rows().count() === 1, "only what fits");
    await page.screenshot({ path: `${screens}/live-tail.png` });
    await button("Stop tail").click();
    await button("Live tail").waitFor();
  });

  await check.step("partitions: truncate one, then empty the topic", async () => {
    await view.go("/topics/made-by-hand/partitions");
    await page.getByRole("button", { name: "Truncate partition 3" }).click();
    await inDialog("Delete messages").click();
    await toast("Messages deleted");
    const before = await api("GET", "/topics/made-by-hand");
    expect(before.partition_list[3].start_offset === before.partition_list[3].end_offset, "empty");
    await button("Empty").click();
    await inDialog("Delete messages").click();
    await dialog().getByText("The name is not the same.").waitFor();
    await dialog().getByLabel("Type the name").fill("made-by-hand");
    await inDialog("Delete messages").click();
    await page.waitForFunction(() => document.querySelector(".facts-line").textContent.includes("0 messages"));
  });

  await check.step("topic configs: edit and back to default", async () => {
    await view.go("/topics/made-by-hand/configs");
    await page.getByRole("button", { name: "Edit cleanup.policy" }).waitFor();
    await page.getByPlaceholder("Filter by name, value or meaning").fill("segment.ms");
    await page.getByRole("button", { name: "Edit segment.ms" }).click();
    await dialog().getByLabel("Value").fill("abc");
    await inDialog("Save").click();
    await dialog().getByText("INVALID_CONFIG").waitFor();
    await dialog().getByLabel("Value").fill("7200000");
    await page.screenshot({ path: `${screens}/dialog-config.png` });
    await inDialog("Save").click();
    await toast("segment.ms changed");
    await page.getByText("2 h").waitFor();
    await page.getByRole("button", { name: "Edit segment.ms" }).click();
    await inDialog("Back to default").click();
    await page.getByText("7 d").first().waitFor();
  });

  await check.step("broker configs: change for this broker, only changed ones", async () => {
    await view.go("/configs");
    await page.getByPlaceholder("Filter by name, value or meaning").fill("log.retention.ms");
    await page.getByRole("button", { name: "Edit log.retention.ms" }).click();
    await dialog().getByLabel("Value").fill("86400000");
    await inDialog("Save").click();
    await toast("log.retention.ms changed");
    await page.getByLabel("Not at default").check();
    await page.getByText("1 key").waitFor();
  });

  await check.step("groups: members, assignment and lag", async () => {
    await view.go("/groups");
    await page.getByRole("link", { name: "shipping" }).click();
    await page.getByText("2 members").waitFor({ timeout: 20000 });
    await page.getByText("Stable").first().waitFor({ timeout: 20000 });
    const text = await page.locator("main").textContent();
    expect(text.includes("second") && text.includes("orders"), "members and their topics");
  });

  await check.step("groups: a reset is shown first, and refused while members are there", async () => {
    await button("Reset offsets").click();
    await inDialog("Preview").click();
    await dialog().locator("td.strong").first().waitFor();
    await page.screenshot({ path: `${screens}/dialog-reset.png` });
    await inDialog("Reset").click();
    await dialog().getByText("NON_EMPTY_GROUP").waitFor();
    await page.keyboard.press("Escape");
    expect(await dialog().count() === 0, "Escape closes");
  });

  await check.step("groups: reset, forget, delete", async () => {
    await view.go("/groups/billing");
    await button("Reset offsets").click();
    await dialog().getByLabel("Go on at").selectOption("shift");
    await dialog().getByLabel("Number").fill("-5");
    await inDialog("Reset").click();
    await toast("3 positions changed");
    const group = await api("GET", "/groups/billing");
    expect(group.lag >= 15, `the lag is ${group.lag}`);
    await button("Forget positions").click();
    await inDialog("Forget").click();
    await toast("Positions forgotten");
    await consume(broker.bootstrap, "billing", ["payments"], { exit: true }).ended;
    await view.go("/groups/billing");
    await button("Delete").click();
    await dialog().getByLabel("Type the name").fill("billing");
    await inDialog("Delete group").click();
    await toast("Group billing deleted");
    await page.getByRole("heading", { name: "Groups" }).waitFor();
  });

  await check.step("groups: hostile names work like others", async () => {
    await view.go("/groups");
    await page.locator(`a[href="#/groups/${encodeURIComponent(HOSTILE_GROUP)}"]`).click();
    await page.getByText("No members").waitFor();
    expect((await page.locator("h1").textContent()).includes("<img src=x"), "shown as text");
  });

  await check.step("connections: clients and what they wait for", async () => {
    await view.go("/connections");
    await page.getByText("librdkafka").first().waitFor();
    await page.getByText("waits").first().waitFor();
    await page.getByLabel("Filter").fill("second");
    await page.getByText(/of \d+ connections/).waitFor();
  });

  await check.step("API page: operations unfold", async () => {
    await view.go("/api");
    await page.getByText("Search messages").click();
    await page.getByText("isolation", { exact: true }).first().waitFor();
  });

  await check.step("theme: dark, light, as the system says; remembered", async () => {
    const theme = page.locator("#theme");
    await theme.click();
    expect(await page.evaluate(() => document.documentElement.dataset.theme) === "dark", "dark");
    await page.reload();
    await page.locator("main h1").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.theme) === "dark", "kept");
    await theme.click();
    await theme.click();
    expect(await page.evaluate(() => document.documentElement.dataset.theme) === undefined, "system");
  });

  await check.step("by keyboard alone: skip link, navigation, focus on the new page", async () => {
    await view.page.goto(`${broker.base}/#/overview`);
    await page.reload();
    await page.locator("main h1").first().waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement.className) === "skip", "skip link first");
    await page.getByRole("link", { name: "Topics", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Topics", exact: true }).waitFor();
    await page.waitForFunction(() => document.activeElement.tagName === "H1");
  });

  await check.step("topic: delete asks for its name", async () => {
    for (const name of ["made-by-hand", "made-by-hand-copy"]) {
      await view.go(`/topics/${name}/messages`);
      await button("Delete").click();
      await dialog().getByLabel("Type the name").fill(name);
      await inDialog("Delete topic").click();
      await toast(`Topic ${name} deleted`);
    }
    await view.page.goto(`${broker.base}/#/topics/made-by-hand`);
    await page.getByText("Not found").waitFor();
  });

  await check.step("nothing complained during the actions", async () => {
    const hacked = await page.evaluate(() => window.hacked);
    expect(hacked === undefined, "a script of a message ran");
    // Refusals that were asked for are in the browser's log, too.
    const others = view.complaints.filter((each) => !/status of 4\d\d/.test(each));
    expect(others.length === 0, others.join("\n"));
  });
  await view.context.close();
}
