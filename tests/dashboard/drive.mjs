// The dashboard as people use it. usage: node drive.mjs BROKER-PROGRAM

import { readFileSync } from "node:fs";
import { AXE, Check, axe, expect, openPage, startBroker, startBrowser } from "./harness.mjs";
import { access } from "./access.mjs";
import { actions } from "./actions.mjs";
import { HOSTILE_GROUP, LONG_TOPIC, consume, seed } from "./seed.mjs";
import { security } from "./security.mjs";

const SCREENS = process.env.SCREENS || ".";
const PAGES = [["overview", "/overview"], ["topics", "/topics"],
  ["messages", "/topics/orders/messages"], ["hostile", "/topics/hostile/messages"],
  ["binary", "/topics/binary/messages"], ["produce", "/topics/orders/produce"],
  ["partitions", "/topics/orders/partitions"], ["topic-groups", "/topics/orders/groups"],
  ["topic-configs", "/topics/orders/configs"], ["long-topic", `/topics/${LONG_TOPIC}/messages`],
  ["groups", "/groups"], ["group", "/groups/shipping"],
  ["hostile-group", `/groups/${encodeURIComponent(HOSTILE_GROUP)}`],
  ["connections", "/connections"], ["users", "/security/users"], ["acls", "/security/acls"],
  ["quotas", "/security/quotas"], ["configs", "/configs"], ["api", "/api"]];
const axeSource = readFileSync(AXE, "utf8");
const check = new Check();
const browser = await startBrowser();

async function look(name, view, width) {
  // The policy forbids scripts in the page; the test's own goes in through the debugger.
  await view.page.evaluate(axeSource);
  await axe(view.page);
  const beyond = await view.page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(beyond <= 0, `${beyond} px wider than ${width}`);
  await view.page.screenshot({ path: `${SCREENS}/${name}.png` });
}

async function everyPage(broker, kind, pages) {
  for (const width of [1280, 390]) {
    for (const scheme of ["light", "dark"]) {
      const view = await openPage(browser, broker.base, { width, scheme });
      for (const [name, hash] of pages) {
        await check.step(`${kind} ${name}, ${width} px, ${scheme}`, async () => {
          await view.go(hash);
          await view.page.waitForTimeout(name === "overview" ? 1500 : 400);
          const row = view.page.locator(".expand").first();
          if (name !== "topics" && await row.count()) await row.click();
          await look(`${kind}-${name}-${width}-${scheme}`, view, width);
        });
      }
      await check.step(`${kind}: nothing complained, ${width} px, ${scheme}`, async () => {
        const hacked = await view.page.evaluate(() => window.hacked);
        expect(hacked === undefined, "a script of a message ran");
        expect(view.complaints.length === 0, view.complaints.join("\n"));
      });
      await view.context.close();
    }
  }
}

const broker = await startBroker(process.argv[2]);
const bare = await startBroker(process.argv[2]);
const readers = [];
try {
  await everyPage(bare, "empty", [["overview", "/overview"], ["topics", "/topics"],
    ["groups", "/groups"], ["connections", "/connections"]]);
  await seed(broker.base);
  await consume(broker.bootstrap, HOSTILE_GROUP, ["orders"], { exit: true,
    clientId: `<b onclick="x">client</b>` }).ended;
  await consume(broker.bootstrap, "billing", ["payments"], { exit: true }).ended;
  readers.push(consume(broker.bootstrap, "shipping", ["orders", "payments"]),
    consume(broker.bootstrap, "shipping", ["orders", "payments"], { clientId: "second" }));
  await actions({ check, browser, broker, screens: SCREENS });
  await everyPage(broker, "full", PAGES);
  await access({ check, browser, program: process.argv[2], look });
  await security({ check, browser, program: process.argv[2], broker });
} finally {
  readers.forEach((each) => each.kill());
  await browser.close();
  broker.stop();
  bare.stop();
}
console.log(`${check.passed} passed, ${check.failed} failed; screenshots in ${SCREENS}`);
process.exit(check.failed === 0 ? 0 : 1);
