import { drawChart } from "../drawing/chart.ts";
import { escapeMarkup, page, table } from "../drawing/markup.ts";
import type { LoadOutcome } from "./conduct.ts";
import type { LoadFigures, LoadTally } from "./figures.ts";
import type { Durations } from "./histogram.ts";
import { formatMicros } from "./quantities.ts";
import type { ThresholdResult } from "./thresholds.ts";

/** How the reports identify a load run. */
export interface LoadTitle {
  /** The target's URL. */
  readonly target: string;
  /** The command that runs it again. */
  readonly command: string;
}

/** `load.json`: what was measured, with histograms that merge. */
interface LoadDocument extends LoadTitle {
  readonly verdict: LoadVerdict;
  readonly elapsedMs: number;
  readonly invalid: readonly string[];
  readonly thresholds: readonly ThresholdResult[];
  readonly left: readonly string[];
  readonly figures: LoadFigures;
}

/** `invalid`: the run measured itself rather than its target. */
type LoadVerdict = "pass" | "fail" | "invalid" | "interrupted";

/** The outcome of a run. What could not be removed does not count, as it is not a measure of load. */
export function verdictOf({ wasInterrupted, invalid, thresholds }: LoadOutcome): LoadVerdict {
  if (wasInterrupted) return "interrupted";
  if (invalid.length > 0) return "invalid";
  return thresholds.every(({ met }) => met) ? "pass" : "fail";
}

/** Makes `load.json`. */
export const loadDocument = (title: LoadTitle, outcome: LoadOutcome): LoadDocument => ({
  ...title,
  verdict: verdictOf(outcome),
  elapsedMs: Math.round(outcome.elapsedMs),
  invalid: outcome.invalid,
  thresholds: outcome.thresholds,
  left: outcome.left,
  figures: outcome.tally.figures,
});

const PERCENTILES = [50, 90, 95, 99, 99.9] as const;
const HEAD = ["", "count", ...PERCENTILES.map((each) => `p${each}`), "max"] as const;

const rowOf = (name: string, durations: Durations): readonly string[] => [
  name,
  String(durations.count),
  ...PERCENTILES.map((each) => formatMicros(durations.at(each))),
  formatMicros(durations.max),
];

function durationRows(tally: LoadTally): readonly (readonly string[])[] {
  const operations = [...tally.operations].sort(([a], [b]) => (a < b ? -1 : 1));
  const of = operations.flatMap(([name, { latency, reply, finished }]) => [
    rowOf(`${name}: due → answer`, latency),
    rowOf(`${name}: sent → answer`, reply),
    ...(finished.count > 0 ? [rowOf(`${name}: due → succeeded`, finished)] : []),
  ]);
  return [
    ...of,
    ...(tally.polls.count > 0 ? [rowOf("polls: sent → answer", tally.polls)] : []),
    ...(tally.beside.count > 0 ? [rowOf("beside: sent → answer", tally.beside)] : []),
    rowOf("the generator was late by", tally.lateness),
  ].filter(([, count]) => count !== "0");
}

const COUNT_HEAD = ["", "sent", "answered", "succeeded", "starved", "errors"] as const;

const countRows = (tally: LoadTally): readonly (readonly string[])[] =>
  [...tally.operations]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { sent, answered, succeeded, starved, errors }]) => [
      name,
      ...[sent, answered, succeeded, starved].map(String),
      [...errors].map(([what, times]) => `${what} ${times}`).join(", ") || "none",
    ]);

const align = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  return rows.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  "),
  );
};

/** The result for a terminal, one line each. */
export function loadLines(outcome: LoadOutcome): readonly string[] {
  const { tally, elapsedMs, invalid, thresholds, left } = outcome;
  const rate = tally.sum(({ answered }) => answered) / (elapsedMs / 1000);
  return [
    ...align([COUNT_HEAD, ...countRows(tally)]),
    "",
    ...align([HEAD, ...durationRows(tally)]),
    "",
    `${rate.toFixed(1)} answered a second in ${(elapsedMs / 1000).toFixed(1)} s`,
    ...thresholds.map(({ threshold, met, measured }) => `${met ? "met" : "MISSED"}: ${threshold} (${measured})`),
    ...invalid.map((why) => `INVALID: ${why}`),
    ...left.map((what) => `left behind: ${what}`),
  ];
}

function drawTimeline({ timeline }: LoadTally): string {
  const seconds = timeline.map((second, x) => ({ x, second }));
  const answered = seconds.filter(({ second }) => second.latency.count > 0);
  const at = (percentile: number) => answered.map(({ x, second }) => ({ x, y: second.latency.at(percentile) }));
  const formatX = (x: number): string => `${Math.round(x)} s`;
  const latency = drawChart(
    [
      { name: "p50", points: at(50) },
      { name: "p99", points: at(99) },
      { name: "max", points: answered.map(({ x, second }) => ({ x, y: second.latency.max })) },
    ],
    { title: "latency by the second in which requests were due", formatX, formatY: formatMicros },
  );
  const counts = drawChart(
    [
      { name: "due and sent", points: seconds.map(({ x, second }) => ({ x, y: second.sent })) },
      { name: "answered", points: seconds.map(({ x, second }) => ({ x, y: second.answered })) },
      { name: "errors", points: seconds.map(({ x, second }) => ({ x, y: second.errors })) },
    ],
    { title: "requests by second", formatX, formatY: (y) => y.toFixed(0) },
  );
  return `<h2>Latency by the second in which requests were due</h2>${latency}<h2>Requests by second</h2>${counts}`;
}

/** `load.html`. */
export function loadPage({ target, command }: LoadTitle, outcome: LoadOutcome): string {
  const { tally, thresholds, invalid, left } = outcome;
  const verdict = verdictOf(outcome);
  const judged = thresholds.map(({ threshold, met, measured }) => [threshold, measured, met ? "met" : "missed"]);
  return page(
    `Load on ${target}: ${verdict}`,
    [
      `<p><code>${escapeMarkup(command)}</code></p>`,
      ...[...invalid, ...left.map((what) => `left behind: ${what}`)].map(
        (line) => `<p class="bad">${escapeMarkup(line)}</p>`,
      ),
      ...(judged.length > 0 ? ["<h2>Thresholds</h2>", table(["threshold", "measured", ""], judged, "text")] : []),
      "<h2>Requests</h2>",
      table(COUNT_HEAD, countRows(tally)),
      "<h2>Durations</h2>",
      table(HEAD, durationRows(tally)),
      drawTimeline(tally),
    ].join("\n"),
  );
}
