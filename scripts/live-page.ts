/**
 * Measures how smooth the live page is with many service instances, in a real browser: `npm run live-page -- --instances 10000`. Prints the time until everything is drawn, and the frames while one scrolls, zooms and drags and a hundred rows change each quarter of a second.
 */
import { launchBrowser } from "../reports/page/browser.ts";
import type { Row } from "../reports/live/feed.ts";
import { instanceRows, makeCloud, taskEvents } from "../reports/live/testing.ts";
import { scriptCommand, wholeNumber } from "./command.ts";
import { openLivePage } from "../reports/live/server.ts";

const INSTANCES = 10_000;
const CHANGED = 100;
const CHANGE_MS = 250;
const STEPS = 120;

const { instances: count } = scriptCommand(
  "npm run live-page --",
  "Measure how smooth the live page is with many service instances.",
)
  .option("--instances <n>", "service instances", wholeNumber(1), INSTANCES)
  .parse()
  .opts<{ instances: number }>();
const rows: Row[] = [...instanceRows(count)];
const cloud = makeCloud(rows, taskEvents(20_000));
await using live = await openLivePage({ host: "127.0.0.1", port: 0, title: "Many", facts: [], cloud });
const browser = await launchBrowser();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const startMs = performance.now();
await page.goto(live.url);
await page.getByRole("listbox", { name: `Deployments: ${count}` }).waitFor({ timeout: 120_000 });
const drawnMs = performance.now() - startMs;
let round = 0;
const timer = setInterval(() => {
  round++;
  for (let at = 0; at < CHANGED; at++) {
    const index = ((round * CHANGED + at) * 5) % rows.length;
    const row = rows[index];
    if (row?.kind === "deployment") rows[index] = { ...row, health: round % 2 === 0 ? "ok" : "busy" };
  }
  cloud.change({ rows: [...rows] });
}, CHANGE_MS);
await page.evaluate(`(() => {
  window.frames_ = [];
  let last = performance.now();
  const look = (now) => { window.frames_.push(now - last); last = now; requestAnimationFrame(look); };
  requestAnimationFrame(look);
})()`);
await page.mouse.move(400, 400);
for (let step = 0; step < STEPS; step++) {
  if (step < 40) await page.mouse.wheel(0, step % 20 < 10 ? -100 : 100);
  else if (step < 80) {
    if (step === 40) await page.mouse.down();
    await page.mouse.move(400 + (step % 20) * 10, 400 + (step % 10) * 8);
    if (step === 79) await page.mouse.up();
  } else {
    if (step === 80) await page.mouse.move(1000, 200);
    await page.mouse.wheel(0, 2000);
  }
}
const frames = (await page.evaluate<number[]>("window.frames_")).toSorted((a, b) => a - b);
clearInterval(timer);
const at = (share: number): string => `${(frames[Math.floor((frames.length - 1) * share)] ?? 0).toFixed(1)} ms`;
process.stdout.write(
  `${count} instances, ${rows.length} rows: drawn after ${drawnMs.toFixed(0)} ms; ${frames.length} frames, p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, longest ${at(1)}\n`,
);
await browser.close();
