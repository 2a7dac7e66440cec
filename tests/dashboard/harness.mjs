// A broker, a browser, and steps that are told and counted.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export class Check {
  constructor() {
    this.passed = 0;
    this.failed = 0;
  }
  async step(name, action) {
    try {
      await action();
      this.passed += 1;
      console.log(`ok    ${name}`);
    } catch (error) {
      this.failed += 1;
      console.log(`FAIL  ${name}\n      ${String(error.message).split("\n").slice(0, 12).join("\n      ")}`);
    }
  }
}

export function expect(condition, text) {
  if (!condition) throw new Error(text);
}

export async function startBroker(program, ...more) {
  const child = spawn(program, ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
    "--log-level", "warn", ...more], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      if (text.includes("\n")) resolve(text.split("\n")[0]);
    });
    child.on("exit", (code) => reject(new Error(`the broker ended with ${code}`)));
  });
  const ready = JSON.parse(line);
  return { base: `http://${ready.http}`, bootstrap: ready.bootstrap,
    stop: () => child.kill("SIGTERM") };
}

export async function startBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--force-color-profile=srgb"] });
}

// A page that notes everything it should not do: errors, dialogs, requests elsewhere, refused
// scripts or styles.
export async function openPage(browser, base, { width = 1280, scheme = "light", ...more } = {}) {
  const context = await browser.newContext({ colorScheme: scheme,
    viewport: { width, height: width > 500 ? 860 : 844 }, ...more });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", async (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !url.startsWith("data:")) complaints.push(`asked ${url}`);
  });
  return { context, page, complaints,
    go: async (hash) => {
      const url = `${base}/#${hash}`;
      // The page that is left has a heading, too.
      if (page.url() !== url) {
        await page.evaluate(() => document.querySelector("main .page")?.classList.add("left"));
      }
      await page.goto(url);
      await page.locator("main .page:not(.left) h1").first().waitFor();
    } };
}

export async function axe(page) {
  await page.evaluate(() => window.axe || null);
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
    return result.violations.map((each) =>
      `${each.id}: ${each.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 140)} ${(node.any[0] || {}).message || ""}`).join(" | ")}`);
  });
  expect(found.length === 0, found.join("\n"));
}
