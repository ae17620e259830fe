import type { Level, RunEvent, Verdict } from "../conformance/runner/events.ts";
import { flagOf } from "../conformance/runner/statement.ts";
import { type Counts, countVerdicts, subjectOf } from "./report.ts";
import { BAR_CELLS, cut, LOOK, type Out, type Paint, paintFor, plain } from "./terminal.ts";

/** The sum of the events so far: a fold, so that it can be shown at any moment. */
interface Progress {
  readonly planned: number;
  readonly done: number;
  readonly counts: Counts;
  readonly running: readonly string[];
}

/** Before the first event. */
export const NO_PROGRESS: Progress = { planned: 0, done: 0, counts: countVerdicts([]), running: [] };

/** The progress after an event, and what to print for the event. */
interface ProgressStep {
  readonly progress: Progress;
  /** The events that get their own line, in both kinds of output. */
  readonly lines: readonly string[];
}

function addResult(progress: Progress, verdict: Verdict, running: readonly string[]): Progress {
  const done = progress.done + 1;
  return {
    planned: progress.planned,
    done,
    counts: { ...progress.counts, [verdict]: progress.counts[verdict] + 1 },
    running,
  };
}

function headLine(event: Extract<RunEvent, { type: "run-started" }>, paint: Paint): string {
  const what = event.target.kind === "broker" ? "checks" : "seeds";
  const all = event.scope?.suites.reduce((sum, { checks }) => sum + checks.length, 0) ?? event.planned;
  const planned = all === event.planned ? String(all) : `${event.planned} of ${all}`;
  const narrowed = (event.scope?.narrowedBy ?? []).map((each) => ` · ${plain(flagOf(each))}`).join("");
  const profile = event.profile === undefined ? "" : ` · ${plain(event.profile)}`;
  const title = paint("bold", plain(subjectOf(event.target)));
  return `${title}${paint("dim", `${profile} · ${planned} ${what}${narrowed}`)}`;
}

/** A result as it comes in; only findings get a line. */
function resultLine(
  verdict: Verdict,
  name: string,
  level: Level | undefined,
  reason: string | undefined,
  paint: Paint,
) {
  if (verdict === "pass" || verdict === "not-applicable") return [];
  const { mark, style } = LOOK[verdict];
  const must = level === undefined ? "" : paint("dim", ` ${level}`);
  return [
    `  ${paint(style, mark)} ${plain(name)}${must}${reason === undefined ? "" : paint("dim", `  ${plain(reason)}`)}`,
  ];
}

/** Adds one event to the progress, and gives the lines to print for it. */
function advance(progress: Progress, event: RunEvent, paint: Paint): ProgressStep {
  switch (event.type) {
    case "run-started":
      return { progress: { ...NO_PROGRESS, planned: event.planned }, lines: [headLine(event, paint)] };
    case "check-started":
      return { progress: { ...progress, running: [...progress.running, event.check] }, lines: [] };
    case "check-finished": {
      const { check, verdict, reason } = event;
      const running = progress.running.filter((id) => id !== check.id);
      const lines = resultLine(verdict, check.id, check.level, reason, paint);
      return { progress: addResult(progress, verdict, running), lines };
    }
    case "seed-finished": {
      const { verdict, scenario, seed, reason } = event;
      const lines = resultLine(verdict, `${scenario} seed ${seed}`, undefined, reason, paint);
      return { progress: addResult(progress, verdict, progress.running), lines };
    }
    case "note":
      return { progress, lines: [paint("dim", `  ${plain(event.text)}`)] };
    case "left-behind":
    case "run-finished":
      return { progress, lines: [] };
  }
}

/** The line that is redrawn on a terminal, never wider than it. */
export function statusLine(progress: Progress, columns: number, paint: Paint): string {
  const { done, planned, counts, running } = progress;
  const cells = Math.min(BAR_CELLS, Math.floor(columns / 3));
  const full = planned === 0 ? 0 : Math.round(Math.min(1, done / planned) * cells);
  const style = counts.fail > 0 ? "red" : counts.unknown > 0 ? "magenta" : "green";
  const textMax = Math.max(0, columns - cells - 4);
  const figures = cut(`${done}/${planned}${counts.fail > 0 ? ` · ${counts.fail} failed` : ""}`, textMax);
  const now = cut(running.map(plain).join(", "), textMax - figures.length - 2);
  const drawn = `${paint(style, "━".repeat(full))}${paint("dim", "━".repeat(cells - full))}`;
  return `  ${drawn} ${figures}${now === "" ? "" : `  ${paint("dim", now)}`}`;
}

/** Plain output shows the progress at each tenth of the plan, but not more often than every ten results. */
const RESULTS_PER_LINE_MIN = 10;

/** For logs, which can't be redrawn. */
function plainProgress(before: Progress, after: Progress): string[] {
  const every = Math.max(RESULTS_PER_LINE_MIN, Math.ceil(after.planned / 10));
  if (after.done === before.done || after.done % every !== 0) return [];
  const { done, planned, counts } = after;
  return [`  ${done} of ${planned} · ${counts.fail} failed · ${counts.unknown} unknown`];
}

const CLEAR_LINE = "\r\u001b[2K";

/** Shows one run. */
export interface LiveReporter {
  /** Hand it each event as it happens. */
  readonly show: (event: RunEvent) => void;
  /** Shows a line that is not an event, such as what is being waited for. */
  readonly say: (line: string) => void;
  /** Removes the redrawn line; call it before printing anything else, even after an error. */
  readonly end: () => void;
}

/** Shows a run in progress: on a terminal with one line that is redrawn, elsewhere with plain lines. */
export function liveReporter(out: Out, paint: Paint = paintFor(out)): LiveReporter {
  let progress = NO_PROGRESS;
  const isLive = out.isTTY === true;
  const show = (event: RunEvent) => {
    const step = advance(progress, event, paint);
    const lines = isLive ? step.lines : [...step.lines, ...plainProgress(progress, step.progress)];
    progress = step.progress;
    const text = lines.map((line) => `${line}\n`).join("");
    if (!isLive) return void (text !== "" && out.write(text));
    out.write(
      `${CLEAR_LINE}${text}${event.type === "run-finished" ? "" : statusLine(progress, out.columns ?? 80, paint)}`,
    );
  };
  const say = (line: string) => {
    const text = `${paint("dim", `  ${plain(line)}`)}\n`;
    out.write(isLive ? `${CLEAR_LINE}${text}${statusLine(progress, out.columns ?? 80, paint)}` : text);
  };
  return { show, say, end: () => void (isLive && out.write(CLEAR_LINE)) };
}
