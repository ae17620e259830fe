import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, BrowserContext, Page } from "@playwright/test";
import { afterAll, beforeAll, expect, test as plainTest } from "vitest";
import type { RunEvent } from "../../conformance/runner/events.ts";
import { EXAMPLE_RUN, EXAMPLE_SCENARIO } from "../fixtures/example.ts";
import { scopedRun } from "../fixtures/scoped.ts";
import { reportHtml } from "../html.ts";
import { junitXml } from "../junit.ts";
import { foldRun } from "../fold.ts";
import { launchBrowser } from "./browser.ts";

const BROWSER_START_MS_MAX = 300_000;
/** A generous limit, for busy machines. */
const ACTION_MS_MAX = 120_000;
let browser: Browser | undefined;
let whyNot = "";
let dir = "";

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "drydock-page-"));
  browser = await launchBrowser().catch((error: unknown) => {
    whyNot = `no browser starts here (set DRYDOCK_CHROMIUM): ${String(error).split("\n")[0]}`;
    return undefined;
  });
}, BROWSER_START_MS_MAX);

afterAll(async () => {
  await browser?.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Every URL that the page requested. */
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

async function open(of: Browser, events: readonly RunEvent[], hash = ""): Promise<Opened> {
  const path = join(dir, "report.html");
  writeFileSync(path, reportHtml(foldRun(events)));
  const context = await of.newContext({ locale: "en-US" });
  context.setDefaultTimeout(ACTION_MS_MAX);
  const page = await context.newPage();
  const [requests, complaints]: [string[], string[]] = [[], []];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(`${pathToFileURL(path).href}${hash}`);
  return { page, context, requests, complaints };
}

/** A test that is skipped, and says why, if no browser starts. */
function test(name: string, run: (browser: Browser) => Promise<void>): void {
  plainTest(name, async (context) => {
    if (browser === undefined) return context.skip(whyNot);
    await run(browser);
  });
}

test("the report opens from a file, can be filtered and searched, shows its evidence, and sends no requests", async (it) => {
  const { page, context, requests, complaints } = await open(it, EXAMPLE_RUN);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Not conformant");
  expect(await page.locator("details.item").count()).toBe(10);

  await page
    .getByRole("group", { name: "Verdict" })
    .getByRole("button", { name: /^Failed/ })
    .click();
  expect(await page.locator("details.item .title").allTextContents()).toEqual([
    "The same instance with other parameters is a conflict",
    "A binding that is gone is answered with 410",
  ]);
  await page.getByRole("searchbox").fill("conflict large");
  expect(await page.getByRole("status").textContent()).toContain("1 of 10");

  await page.getByText("The same instance with other parameters is a conflict").click();
  await page.locator("details.item[open] details.exchange").nth(2).locator("summary").click();
  const evidence = page.locator("details.exchange[open]");
  expect(await evidence.locator(".command code").textContent()).toContain("curl -sS -i -X PUT");
  expect(await evidence.locator("pre").first().textContent()).toContain('"plan_id": "large"');

  await page.getByRole("button", { name: "Clear" }).click();
  expect(await page.locator("details.item").count()).toBe(10);
  expect(requests).toEqual([expect.stringMatching(/^file:.*report\.html$/)]);
  expect(complaints).toEqual([]);
  await context.close();
});

test("the policy of the page stops even a request by a script", async (it) => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.setHeader("access-control-allow-origin", "*").end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { page, context } = await open(it, EXAMPLE_RUN);
  const fetched = await page.evaluate(
    (to) =>
      fetch(to).then(
        () => "sent",
        () => "refused",
      ),
    url,
  );
  const image = await page.evaluate(
    (to) =>
      new Promise<string>((resolve) => {
        const settled = { onload: () => resolve("sent"), onerror: () => resolve("refused") };
        document.body.append(Object.assign(document.createElement("img"), settled, { src: `${to}x.png` }));
      }),
    url,
  );
  expect([fetched, image, asked]).toEqual(["refused", "refused", []]);
  await context.close();
  server.close();
});

test("markup in an answer stays text", async (it) => {
  const { page, context } = await open(it, EXAMPLE_RUN, "#q=pwned");
  expect(await page.locator("details.item").count()).toBe(1);
  await page.locator("details.item summary").first().click();
  expect(await page.locator(".seen p").textContent()).toContain("</script><script>window.pwned");
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  await context.close();
});

test("evidence says how to give the login that its lines leave out", async (it) => {
  const { page, context } = await open(it, EXAMPLE_RUN, "#q=provision-conflict");
  await page.locator("details.item summary").first().click();
  expect(await page.locator(".evidence > .hint").textContent()).toContain("export DRYDOCK_AUTHORIZATION=");
  await context.close();
});

test("a check can be found, opened and its curl line copied with the keyboard alone", async (it) => {
  const { page, context } = await open(it, EXAMPLE_RUN);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]).catch(() => undefined);
  await page.keyboard.press("/");
  await page.keyboard.type("unbind-gone");
  await page.locator("details.item summary").first().focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("href"))).toMatch(/\/spec\.md#unbinding$/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Copy curl line");
  await page.keyboard.press("Enter");
  await page.getByText("Copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^curl -sS -i -X DELETE/);
  await context.close();
});

test("the filter is kept in the address", async (it) => {
  const { page, context } = await open(it, EXAMPLE_RUN, "#suite=backup,isolation&verdict=pass");
  expect(await page.locator("details.item").count()).toBe(3);
  await page
    .getByRole("group", { name: "Suites" })
    .getByRole("button", { name: /Backup/ })
    .click();
  expect(new URL(page.url()).hash).toBe("#verdict=pass&suite=isolation");
  expect(await page.locator("details.item").count()).toBe(1);
  await context.close();
});

test("a narrowed run has what was run as its heading, and says what narrowed it", async (it) => {
  const { page, context } = await open(it, scopedRun({ run: "r", verdicts: {}, only: ["catalog-a"] }));
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("1 of 6 checks: passed");
  expect(await page.getByRole("complementary", { name: "Narrowed" }).textContent()).toContain("--only catalog-a");
  expect(await page.locator("body").innerText()).not.toContain("Conformant");
  expect(await page.locator(".again .command code").textContent()).toContain("--only catalog-a");
  await context.close();
});

test("a suite without any exercised check is named, and has not passed", async (it) => {
  const verdicts = { "BK-1": "not-applicable", "BK-2": "not-applicable" } as const;
  const { page, context } = await open(it, scopedRun({ run: "r", verdicts }));
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(
    "Could not be determined: backup not exercised",
  );
  expect(await page.getByRole("complementary", { name: "Not exercised" }).textContent()).toContain(
    "Backup and restore",
  );
  const card = page.getByRole("group", { name: "Suites" }).getByRole("button", { name: /Backup/ });
  expect(await card.textContent()).toContain("nothing was exercised");
  await context.close();
});

test("a counterexample is shown with its steps and the line that replays it", async (it) => {
  const { page, context } = await open(it, EXAMPLE_SCENARIO);
  await page.getByText("Seed 2", { exact: true }).click();
  expect(await page.locator(".steps li").count()).toBe(3);
  expect(await page.locator("details.item .command code").textContent()).toContain(
    "drydock replay provisioning --seed 2",
  );
  await context.close();
});

test("findings are printed open", async (it) => {
  const { page, context } = await open(it, EXAMPLE_RUN);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  expect(await page.locator("details.finding[open]").count()).toBe(4);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  expect(await page.locator("details.item[open]").count()).toBe(0);
  await context.close();
});

test("without scripts the summary can be read as text", async (it) => {
  const path = join(dir, "noscript.html");
  writeFileSync(path, reportHtml(foldRun(EXAMPLE_RUN)));
  const context = await it.newContext({ locale: "en-US", javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(pathToFileURL(path).href);
  expect(await page.locator("body").innerText()).toContain("Not conformant");
  await context.close();
});

test("a browser's own parser finds the JUnit file well-formed", async (it) => {
  const { page, context } = await open(it, EXAMPLE_RUN);
  const errors = await page.evaluate(
    (xml) => new DOMParser().parseFromString(xml, "application/xml").querySelectorAll("parsererror").length,
    junitXml(foldRun(EXAMPLE_RUN)),
  );
  expect(errors).toBe(0);
  await context.close();
});

plainTest("the built page is the one that its sources make", () => {
  const { NODE_ENV: _, ...env } = process.env;
  const build = fileURLToPath(new URL("./build.ts", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [build, "--check"], {
    env: { ...env, NODE_ENV: "production" },
  });
  expect([status, String(stderr)]).toEqual([0, ""]);
});
