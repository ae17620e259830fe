import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Browser, Page } from "@playwright/test";
import { afterAll, beforeAll, expect, test as plainTest } from "vitest";
import { launchBrowser } from "../page/browser.ts";
import { instanceRows, makeCloud, type MadeCloud, taskEvents } from "./testing.ts";
import { type LivePage, openLivePage } from "./server.ts";

const START_MS_MAX = 300_000;
/** A generous limit, for busy machines. */
const ACTION_MS_MAX = 120_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser: Browser | undefined;
let whyNot = "";

beforeAll(async () => {
  browser = await launchBrowser().catch((error: unknown) => {
    whyNot = `no browser starts here (set DRYDOCK_CHROMIUM): ${String(error).split("\n")[0]}`;
    return undefined;
  });
}, START_MS_MAX);
afterAll(async () => browser?.close());

interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly live: LivePage;
  readonly cloud: MadeCloud;
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

interface Look {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  readonly instances?: number;
}

async function open(of: Browser, { width = 1280, scheme = "light", instances = 20 }: Look = {}): Promise<Opened> {
  const cloud = makeCloud(instanceRows(instances), taskEvents(30));
  const live = await openLivePage({ host: "127.0.0.1", port: 0, title: "A cloud", facts: [["Seed", "7"]], cloud });
  const context = await of.newContext({
    locale: "en-US",
    colorScheme: scheme,
    viewport: { width, height: 800 },
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(ACTION_MS_MAX);
  const page = await context.newPage();
  const [requests, complaints]: [string[], string[]] = [[], []];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(live.url);
  await page.getByText("live", { exact: true }).waitFor();
  const end = async (): Promise<void> => {
    await context.close();
    await live[Symbol.asyncDispose]();
  };
  return { page, live, cloud, requests, complaints, [Symbol.asyncDispose]: end };
}

/** A test that is skipped, and says why, if no browser starts. */
function test(name: string, run: (browser: Browser) => Promise<void>): void {
  plainTest(name, async (context) => {
    if (browser === undefined) return context.skip(whyNot);
    await run(browser);
  });
}

const show = (page: Page, view: string): Promise<void> =>
  page.getByRole("link", { name: new RegExp(`^${view}`) }).click();

test("the page follows a binding to its VM, port, rule and name, removes the token from the address bar, and asks no other server", async (it) => {
  await using opened = await open(it);
  const { page, live, requests, complaints } = opened;
  expect(page.url()).not.toContain(live.url.split("#")[1] ?? "");
  await page.getByRole("combobox", { name: "Show" }).selectOption("Bindings");
  await page.getByLabel("Search").fill("b7 ");
  await page.getByRole("option", { name: /^b7/ }).click();
  const steps = page.getByRole("region", { name: "What it depends on" });
  expect(await steps.locator("h4").allTextContents()).toEqual([
    "Binding",
    "Service instance",
    "Deployment",
    "VM",
    "Server",
    "Port",
    "Security group",
    "Volume",
    "Names in DNS",
  ]);
  expect(await steps.textContent()).toContain("in tcp 5432 from 127.64.9.7/32");
  expect(await steps.textContent()).toContain("d00007-pg-0");
  await page.reload();
  await page.getByText("live", { exact: true }).waitFor();
  expect(new Set(requests.map((url) => new URL(url).origin))).toEqual(new Set([new URL(live.url).origin]));
  expect(complaints).toEqual([]);
});

test("events, laws and faults appear as they come; events can be searched, faults armed and disarmed", async (it) => {
  await using opened = await open(it);
  const { page, cloud, complaints } = opened;
  await show(page, "Laws");
  await page.getByText("All laws hold").waitFor();
  cloud.change({ broken: ["the port p9 has no owner"], events: taskEvents(40) });
  await page.getByText("the port p9 has no owner").waitFor();
  await page.getByRole("link", { name: "Laws 1 broken" }).waitFor();
  await show(page, "Journal");
  await page.getByText("40 newest events").waitFor();
  await page.getByRole("searchbox").fill("NOVA server");
  await page.getByText("13 of 40 events").waitFor();
  await show(page, "Faults");
  await page.getByRole("option", { name: /nova:POST/ }).click();
  await page.getByRole("button", { name: "Arm", exact: true }).click();
  expect(cloud.asked).toEqual([{ point: "nova:POST /servers", effect: { kind: "reset" }, count: 1 }]);
  await page.getByRole("button", { name: "Disarm nova:POST /servers" }).click();
  await page.getByRole("list", { name: "Armed faults" }).waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
});

test("the clock can be paused, stepped and moved, and a refusal is shown", async (it) => {
  await using opened = await open(it);
  const { page, cloud } = opened;
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Resume" }).waitFor();
  await page.getByRole("button", { name: "Step" }).click();
  await page.getByRole("button", { name: "Move the clock forward by 1 h" }).click();
  await expect.poll(() => cloud.asked).toEqual([{ do: "pause" }, { do: "step" }, { do: "jump", ms: 3_600_000 }]);
});

test("verdicts and latencies appear as they come, and a broken connection is made again without a gap", async (it) => {
  await using opened = await open(it);
  const { page, live, cloud } = opened;
  const check = {
    id: "c1",
    suite: "osb",
    title: "Absent is 410",
    level: "MUST",
    clauses: [],
    section: "s",
    requirement: "r",
  } as const;
  live.hub.take({ v: 2, type: "check-started", check: "c1" });
  live.hub.take({
    v: 2,
    type: "check-finished",
    check,
    verdict: "fail",
    expected: "410",
    seen: "200",
    durationMs: 1,
    evidence: [],
  });
  live.hub.hear({ service: "nova", method: "GET", path: "/servers", status: 200, time: 0, durationMs: 12 });
  await show(page, "Checks");
  await page.getByRole("button", { name: "fail 1" }).click();
  await page.getByRole("option", { name: /Absent is 410/ }).click();
  await page.getByText("expected 410, seen 200").waitFor();
  await show(page, "Latency");
  await page.getByRole("region", { name: "nova" }).getByText("12 ms").first().waitFor();
  await show(page, "Journal");
  await page.getByText("30 newest events").waitFor();
  live.dropViewers();
  cloud.change({ events: taskEvents(33) });
  await page.getByText("33 newest events").waitFor();
});

test("only the part of 10,000 instances that is in view is in the document, and the keyboard reaches the last", async (it) => {
  await using opened = await open(it, { instances: 10_000 });
  const { page, complaints } = opened;
  const list = page.getByRole("listbox", { name: "Deployments: 10000" });
  await list.focus();
  await page.keyboard.press("End");
  await page.getByRole("option", { name: /d09999/ }).waitFor();
  expect(await page.getByRole("option").count()).toBeLessThan(60);
  await page.getByRole("button", { name: "Zoom in" }).click();
  expect(complaints).toEqual([]);
});

plainTest("a client without the token, or with another host name, learns nothing", async () => {
  await using live = await openLivePage({
    host: "127.0.0.1",
    port: 0,
    title: "A cloud",
    facts: [],
    cloud: makeCloud([], []),
  });
  const [base = "", token = ""] = live.url.split("/#");
  const status = async (path: string, headers: Record<string, string>, method = "GET"): Promise<number> =>
    (await fetch(`${base}${path}`, { method, headers, signal: AbortSignal.timeout(ACTION_MS_MAX) })).status;
  const right = { authorization: `Bearer ${token}` };
  for (const path of ["/stream", "/points", "/journal?q=a", "/tasks/1", "/none"]) {
    expect(await status(path, {})).toBe(401);
    expect(await status(path, { authorization: `Bearer ${token}x` })).toBe(401);
    expect(await status(path, { ...right, origin: "https://evil.example" })).toBe(403);
  }
  expect(await status("/points", right)).toBe(200);
  expect(await status("/clock", { ...right, origin: base }, "POST")).toBe(400);
  expect(await status("/tasks/2", right)).toBe(404);
});

const VIEWS = ["Cloud", "Timeline", "Tasks", "Journal", "Faults", "Laws", "Checks", "Latency"] as const;

for (const look of [{ scheme: "light" }, { scheme: "dark" }, { scheme: "light", width: 390 }] as const)
  test(`every view obeys the rules of accessibility and fits the screen: ${JSON.stringify(look)}`, async (it) => {
    await using opened = await open(it, look);
    const { page, live } = opened;
    live.hub.hear({ service: "nova", method: "GET", path: "/servers", status: 200, time: 0, durationMs: 12 });
    await page.evaluate(AXE);
    // Themes differ in their colours only.
    const run = look.scheme === "dark" ? "axe.run({ runOnly: ['color-contrast'] })" : "axe.run()";
    for (const view of VIEWS) {
      await show(page, view);
      if (view !== "Laws" && view !== "Latency") await page.locator("[role=option], .empty").first().waitFor();
      const found = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(run);
      expect(found.violations.map(({ id, nodes }) => `${view}: ${id}: ${nodes[0]?.html}`)).toEqual([]);
      expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    }
  });
