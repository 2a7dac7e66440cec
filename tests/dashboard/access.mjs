// The page of users, access control and quotas, on a broker that has access control.

import { expect, openPage, startBroker } from "./harness.mjs";

const TOKEN = "a-token-for-the-test";
const HEADERS = { Authorization: `Bearer ${TOKEN}` };

export async function access({ check, browser, program, look }) {
  await check.step("without a token there is no dashboard beside access control", async () => {
    const bare = await startBroker(program, "--acl");
    const status = (await fetch(`${bare.base}/api/v1/topics`)).status;
    bare.stop();
    expect(status === 403, `${status}`);
  });

  const broker = await startBroker(program, "--acl", "--http-token", TOKEN);
  const view = await openPage(browser, broker.base, { extraHTTPHeaders: HEADERS });
  const { page } = view;
  const get = async (path) =>
    (await fetch(`${broker.base}/api/v1${path}`, { headers: HEADERS })).json();
  const button = (name) => page.locator("main").getByRole("button", { name, exact: true }).first();
  const dialog = () => page.getByRole("dialog");
  const inDialog = (name) => dialog().getByRole("button", { name, exact: true });
  const toast = (text) => page.locator("#toasts").getByText(text).first().waitFor();

  await check.step("users: add, new password, delete", async () => {
    await view.go("/security/users");
    await page.getByText("No users").waitFor();
    await button("Add user").click();
    await dialog().getByLabel("Name").fill("bob");
    await dialog().getByLabel("Password").fill("bob-secret");
    await dialog().getByLabel("SCRAM-SHA-256").uncheck();
    await inDialog("Save").click();
    await toast("User bob saved");
    const { users } = await get("/users");
    expect(users.length === 1 && users[0].mechanisms[0].mechanism === "SCRAM-SHA-512", "as asked");
    await button("Password of bob").click();
    await dialog().getByLabel("Password", { exact: true }).fill("another");
    await inDialog("Save").click();
    await page.getByText("SCRAM-SHA-256").first().waitFor();
    await look("access-users", view, 1280);
    await button("Delete bob").click();
    await inDialog("Delete user").click();
    await toast("User bob deleted");
    await page.getByText("No users").waitFor();
  });

  await check.step("access control: add, delete", async () => {
    await view.go("/security/acls");
    await page.getByText("No entries").waitFor();
    await button("Add entry").click();
    await dialog().getByLabel("Principal").fill("alice");
    await dialog().getByLabel("Resource name").fill("orders-");
    await inDialog("Add").click();
    await dialog().getByText("INVALID_REQUEST").waitFor();
    await dialog().getByLabel("Principal").fill("User:alice");
    await dialog().getByLabel("All names that begin so").check();
    await inDialog("Add").click();
    await toast("Entry added");
    const { acls } = await get("/acls");
    expect(acls.length === 1 && acls[0].pattern === "PREFIXED" && acls[0].operation === "READ", "as asked");
    await page.getByText("orders-…").waitFor();
    await look("access-acls", view, 1280);
    await button("Delete entry of User:alice").click();
    await inDialog("Delete entry").click();
    await toast("Entry deleted");
    expect((await get("/acls")).acls.length === 0, "it is gone");
  });

  await check.step("quotas: set, delete", async () => {
    await view.go("/security/quotas");
    await button("Set quota").click();
    await dialog().getByLabel("For").selectOption("user,client-id");
    await dialog().getByLabel("Name").fill("alice");
    await dialog().getByLabel("Limit", { exact: true }).fill("1048576");
    await inDialog("Set").click();
    await toast("Quota set");
    const { quotas } = await get("/quotas");
    expect(quotas[0].entity.user === "alice" && quotas[0].entity["client-id"] === null &&
      quotas[0].values.producer_byte_rate === 1048576, JSON.stringify(quotas));
    await look("access-quotas", view, 1280);
    await page.locator("main").getByRole("button", { name: /^Delete quota of/ }).click();
    await toast("Quota deleted");
    await page.getByText("No quotas").waitFor();
  });

  await check.step("the other pages work with access control", async () => {
    await view.go("/topics");
    await button("Create topic").click();
    await dialog().getByLabel("Name").fill("guarded");
    await inDialog("Create").click();
    await page.getByText("No messages yet").waitFor();
    const others = view.complaints.filter((each) => !/status of 4\d\d/.test(each));
    expect(others.length === 0, others.join("\n"));
  });
  await view.context.close();
  broker.stop();
}
