// What the dashboard must not let happen, seen from a real browser.

import { createServer } from "node:http";
import { expect, openPage, startBroker } from "./harness.mjs";

const TOKEN = "a-token-for-the-test";

// Another site in the same browser: may it read or change the broker?
async function attack(page, base, path, options) {
  return page.evaluate(async ([url, init]) => {
    try {
      const response = await fetch(url, init);
      return response.type === "opaque" ? "sent, not read" : `read ${response.status}`;
    } catch {
      return "refused";
    }
  }, [`${base}${path}`, options]);
}

export async function security({ check, browser, program, broker }) {
  const site = createServer((request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>another site</title>");
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  const elsewhere = `http://127.0.0.1:${site.address().port}/`;

  await check.step("another site reads and changes nothing", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(elsewhere);
    expect(await attack(page, broker.base, "/api/v1/topics", {}) === "refused", "topics were read");
    const form = { method: "POST", mode: "no-cors", body: '{"name":"made-elsewhere"}',
      headers: { "Content-Type": "text/plain" } };
    await attack(page, broker.base, "/api/v1/topics", form);
    await attack(page, broker.base, "/api/v1/topics/orders", { method: "DELETE" });
    const topics = (await (await fetch(`${broker.base}/api/v1/topics`)).json()).topics
      .map((each) => each.name);
    expect(!topics.includes("made-elsewhere") && topics.includes("orders"), "something changed");
    await context.close();
  });

  await check.step("a page cannot be framed", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(elsewhere);
    const framed = await page.evaluate((url) => new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.onload = () => {
        try {
          resolve(frame.contentDocument !== null && frame.contentDocument.title !== "");
        } catch {
          resolve(false);
        }
      };
      frame.src = url;
      document.body.append(frame);
      setTimeout(() => resolve(false), 3000);
    }), broker.base);
    expect(!framed, "it was framed");
    await context.close();
  });

  await check.step("a token is asked for, wrong ones are refused, the right one opens", async () => {
    const guarded = await startBroker(program, "--http-token", TOKEN);
    try {
      const view = await openPage(browser, guarded.base);
      await view.page.goto(guarded.base);
      const dialog = view.page.getByRole("dialog");
      await dialog.getByLabel("Token").fill("not-the-token-at-all");
      await dialog.getByRole("button", { name: "Open" }).click();
      await dialog.getByText("This is not the token.").waitFor();
      await dialog.getByLabel("Token").fill(TOKEN);
      await dialog.getByRole("button", { name: "Open" }).click();
      await view.page.getByRole("heading", { name: "Overview" }).waitFor();
      await view.page.reload();
      await view.page.getByRole("heading", { name: "Overview" }).waitFor();
      const seen = await view.page.evaluate(() => document.cookie);
      expect(seen === "", "scripts see the cookie");
      await view.context.close();
    } finally {
      guarded.stop();
    }
  });
  site.close();
}
