import type { Browser } from "@playwright/test";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../reports/page/browser.ts";
import { bootCloud, type Cloud } from "../scenarios/cloud/cloud.ts";
import { OWNER, PersistentCustomer } from "../scenarios/cloud/testing.ts";

const BOOT_MS_MAX = 300_000;
/** A generous limit, for busy machines. */
const ACTION_MS_MAX = 120_000;

let browser: Browser | undefined;
let cloud: Cloud;
let whyNot = "";

beforeAll(async () => {
  browser = await launchBrowser().catch((error: unknown) => {
    whyNot = `no browser starts here (set DRYDOCK_CHROMIUM): ${String(error).split("\n")[0]}`;
    return undefined;
  });
  if (browser !== undefined) cloud = await bootCloud({ services: ["postgresql"] });
}, BOOT_MS_MAX);
afterAll(async () => {
  await browser?.close();
  await cloud?.close();
});

test("a dashboard works in a real browser: login, backup, restore, logout", {
  timeout: BOOT_MS_MAX,
}, async (context) => {
  if (browser === undefined) return context.skip(whyNot);
  const [broker] = cloud.brokers.list();
  if (broker === undefined) throw new Error("no broker has been deployed");
  const customer = await PersistentCustomer.of(cloud.world, broker);
  expect(await customer.ask("PUT", "/v2/service_instances/shown", OWNER)).toBe("succeeded");
  const { body } = await customer.askUntilAnswered("GET", "/v2/service_instances/shown");

  const page = await (await browser.newContext({ locale: "en-US" })).newPage();
  page.setDefaultTimeout(ACTION_MS_MAX);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));

  await page.goto(String(body.dashboard_url));
  const [admin] = cloud.description.platform.users;
  await page.getByLabel("User").fill(admin?.username ?? "");
  await page.getByLabel("Password").fill(admin?.password ?? "");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "a9s-postgresql18" }).waitFor();
  expect(page.url()).toBe(body.dashboard_url);

  await page.getByLabel("Schedule").fill("30 2 * * *");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("02:30:00 UTC").waitFor();
  await page.getByLabel("New key").fill("a key of the tenant");
  await page.getByRole("button", { name: "Set key" }).click();
  await page.getByText("A key is set.").waitFor();

  const reloadUntil = async (text: string, count: number): Promise<void> => {
    for (let waited = 0; (await page.locator(`td.${text}`).count()) < count; waited += 500) {
      if (waited > ACTION_MS_MAX) throw new Error(`no ${count} of ${text}`);
      await page.waitForTimeout(500);
      await page.reload();
    }
  };
  await page.getByRole("button", { name: "Back up now" }).click();
  await reloadUntil("succeeded", 1);
  await page.getByLabel("Replace all data").check();
  await page.getByRole("button", { name: "Restore" }).click();
  await reloadUntil("succeeded", 2);
  const path = process.env.DRYDOCK_SCREENSHOT;
  if (path !== undefined) await page.screenshot({ path, fullPage: true });
  // The page is styled, although only its own style sheet may be applied.
  expect(await page.evaluate('getComputedStyle(document.querySelector("header")).display')).toBe("flex");

  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByText("The session has ended.").waitFor();
  expect(complaints).toEqual([]);
});
