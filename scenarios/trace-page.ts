import { escapeMarkup, page } from "./drawing/markup.ts";
import { LANES, type SeedTrace, type TracedStep, type TraceEvent } from "./trace.ts";

/** The contents of a failing seed's page. */
interface SeedPage {
  readonly scenario: string;
  readonly seed: number;
  /** The line that replays what is shown. */
  readonly replay: string;
  /** The seed's plan. */
  readonly original: SeedTrace;
  /** The shrunk plan; undefined if nothing was shrunk. */
  readonly shrunk: SeedTrace | undefined;
}

const WIDTH = 900;
const LEFT = 90;
const ROW = 34;

/** Writes virtual time for a person: `1 h 02 min 03.4 s`. */
export function formatVirtual(ms: number): string {
  const [hours, minutes, seconds] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, (ms % 60_000) / 1000];
  return `${hours > 0 ? `${hours} h ` : ""}${hours > 0 || minutes > 0 ? `${minutes} min ` : ""}${seconds.toFixed(1)} s`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Times that the axis names, where the play lasts so long. */
const TICKS = [
  [10 * SECOND, "10 s"],
  [MINUTE, "1 min"],
  [10 * MINUTE, "10 min"],
  [30 * MINUTE, "30 min"],
  [HOUR, "1 h"],
  [2 * HOUR, "2 h"],
  [4 * HOUR, "4 h"],
  [8 * HOUR, "8 h"],
  [16 * HOUR, "16 h"],
  [32 * HOUR, "32 h"],
] as const;

/** Lanes with a mark for each event, which shows its text under the pointer. Time is drawn by its square root, so that the beginning has room. */
function drawLanes({ events, steps }: SeedTrace): string {
  const last = Math.max(1, ...events.map(({ atMs }) => atMs));
  const toX = (atMs: number): string => (LEFT + (Math.sqrt(atMs / last) || 0) * (WIDTH - LEFT - 10)).toFixed(1);
  const lanes = LANES.map((lane, at) => {
    const y = 20 + at * ROW;
    const marks = events
      .filter((event) => event.lane === lane)
      .map((event) => drawMark(event, toX(event.atMs), y))
      .join("");
    return `<text x="4" y="${y + 4}">${lane}</text><line class="axis" x1="${LEFT}" x2="${WIDTH - 10}" y1="${y}" y2="${y}"/>${marks}`;
  });
  const height = 20 + LANES.length * ROW;
  const ticks = TICKS.filter(([atMs]) => atMs <= last).map(
    ([atMs, name]) => `<text x="${toX(atMs)}" y="${height}" text-anchor="middle">${name}</text>`,
  );
  const borders = steps.map(
    ({ atMs }) =>
      `<line class="axis" stroke-dasharray="2 3" x1="${toX(atMs)}" x2="${toX(atMs)}" y1="8" y2="${height - 20}"/>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${height + 6}" role="img" aria-label="what happened where">${[...borders, ...lanes, ...ticks].join("")}</svg>`;
}

const drawMark = ({ atMs, lane, text }: TraceEvent, x: string, y: number): string =>
  `<rect x="${x}" y="${y - 5}" width="3" height="10" fill="${lane === "faults" ? "#d9692b" : "#2f6fde"}"><title>${escapeMarkup(`${formatVirtual(atMs)} ${text}`)}</title></rect>`;

function tableOf(steps: readonly TracedStep[]): string {
  const rows = steps.map(({ name, atMs, before, after }, at) => {
    const changed = after.filter((line) => !before.includes(line));
    const cells = [`${at + 1}. ${name}`, before.join("\n"), changed.join("\n") || "as before"];
    return `<tr><td>${formatVirtual(atMs)}</td>${cells.map((cell) => `<td class="wide">${escapeMarkup(cell)}</td>`).join("")}</tr>`;
  });
  return `<table class="text"><thead><tr><th>at</th><th>step</th><th>before</th><th>changed by then</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

const lines = (all: readonly string[]): string => `<pre>${all.map(escapeMarkup).join("\n")}</pre>`;

function section(title: string, trace: SeedTrace): string {
  const { result, steps, records } = trace;
  return [
    `<h2>${escapeMarkup(title)}</h2>`,
    `<p class="bad">${escapeMarkup(result.reason ?? result.verdict)}</p>`,
    drawLanes(trace),
    tableOf(steps),
    ...(records.length > 0 ? ["<h3>What the broker's records say at the end</h3>", lines(records)] : []),
  ].join("\n");
}

const stepsOf = ({ result, steps }: SeedTrace): readonly string[] =>
  result.counterexample?.steps ?? steps.map(({ name }) => name);

/** Writes the page of a failing seed: the shrunk plan next to the drawn one, then the course of both. */
export function seedPage({ scenario, seed, replay, original, shrunk }: SeedPage): string {
  const events = (shrunk ?? original).events.map(({ atMs, lane, text }) => `${formatVirtual(atMs)}  ${lane}  ${text}`);
  return page(
    `${scenario}, seed ${seed}: ${(shrunk ?? original).result.verdict}`,
    [
      `<p><code>${escapeMarkup(replay)}</code></p>`,
      "<table class='text'><thead><tr><th>shrunk</th><th>as drawn</th></tr></thead><tbody><tr>",
      `<td>${shrunk === undefined ? "nothing was shrunk" : lines(stepsOf(shrunk))}</td><td>${lines(stepsOf(original))}</td>`,
      "</tr></tbody></table>",
      ...(shrunk === undefined ? [] : [section("Shrunk, in time", shrunk)]),
      section("As drawn, in time", original),
      `<details><summary>Each event${shrunk === undefined ? "" : " of the shrunk play"}</summary>${lines(events)}</details>`,
    ].join("\n"),
  );
}
