import type { Verdict } from "../conformance/runner/events.ts";
import { duration } from "./duration.ts";
import { curlOf, type CheckReport, failingSeeds, findings, type Report, subjectOf } from "./report.ts";
import { BAR_CELLS, bar, LOOK, noPaint, type Paint, plain, type Style, tally } from "./terminal.ts";

/** How a summary is shown. */
export interface SummaryOptions {
  readonly paint?: Paint;
  /** Where the HTML report lies, as the reader would open it. */
  readonly reportPath?: string;
  /** Findings shown in full; the others are counted. Default 10. */
  readonly findingsMax?: number;
}

const VERDICT_STYLE: Readonly<Record<Verdict, Style>> = {
  fail: ["bold", "red"],
  unknown: ["bold", "magenta"],
  warn: ["bold", "yellow"],
  pass: ["bold", "green"],
  "not-applicable": ["bold", "dim"],
};

function field(name: string, value: string | undefined, paint: Paint): string[] {
  return value === undefined ? [] : [`      ${paint("dim", name.padEnd(9))} ${value}`];
}

function checkLines(check: CheckReport, paint: Paint): string[] {
  const { mark, style } = LOOK[check.verdict];
  const line = curlOf(check);
  const hasBoth = check.expected !== undefined && check.seen !== undefined;
  return [
    `  ${paint(style, `${mark} ${plain(check.title)}`)}`,
    ...field(
      "clause",
      `${check.clauses.map(plain).join(", ")} ${paint("dim", `${check.level} · ${plain(check.section)}`)}`,
      paint,
    ),
    ...field("requires", plain(check.requirement), paint),
    ...field("expected", check.expected && plain(check.expected), paint),
    ...field("seen", check.seen && plain(check.seen), paint),
    ...field("accepted", check.accepted && `until ${check.accepted.until}: ${plain(check.accepted.reason)}`, paint),
    ...(hasBoth ? [] : field("reason", check.reason && plain(check.reason), paint)),
    ...check.evidence.filter(({ setup }) => setup).flatMap(({ curl }) => field("first", plain(curl), paint)),
    ...field("try", line && plain(line), paint),
    "",
  ];
}

function seedLines(seed: ReturnType<typeof failingSeeds>[number], paint: Paint): string[] {
  const { mark, style } = LOOK[seed.verdict];
  return [
    `  ${paint(style, `${mark} ${plain(seed.scenario)}, seed ${seed.seed}`)}  ${plain(seed.reason ?? "")}`,
    ...(seed.counterexample?.steps ?? []).map((step, at) => `      ${paint("dim", `${at + 1}.`)} ${plain(step)}`),
    ...field("replay", seed.counterexample && plain(seed.counterexample.replay), paint),
    "",
  ];
}

function tableLines(report: Report, paint: Paint): string[] {
  const rows = [
    ...report.suites.map(({ suite, counts, verdict }) => ({
      name: suite,
      counts,
      more: verdict === "not-exercised" ? paint("magenta", " · nothing was exercised") : "",
    })),
    ...report.scenarios.map(({ scenario, counts }) => ({ name: plain(scenario), counts, more: "" })),
  ];
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  return rows.map(
    ({ name, counts, more }) =>
      `  ${name.padEnd(width)}  ${bar(counts, BAR_CELLS, paint)}  ${tally(counts, paint)}${more}`,
  );
}

function findingLines(report: Report, findingsMax: number, paint: Paint): string[] {
  const all = [
    ...findings(report).map((check) => checkLines(check, paint)),
    ...failingSeeds(report).map((seed) => seedLines(seed, paint)),
  ];
  const more = all.length > findingsMax ? [`  … and ${all.length - findingsMax} more, all in the report.`, ""] : [];
  return [...all.slice(0, findingsMax).flat(), ...more];
}

function leftBehindLines(report: Report, paint: Paint): string[] {
  if (report.leftBehind.length === 0) return [];
  const head = paint("yellow", `  ${report.leftBehind.length} left behind at the broker; remove with:`);
  return [head, ...report.leftBehind.map(({ curl }) => `      ${plain(curl)}`), ""];
}

/** The lines of the findings leave the secret out: so its source has to be given once. */
function secretLines(report: Report, paint: Paint): string[] {
  const lines = [
    ...findings(report).flatMap((check) => curlOf(check) ?? []),
    ...report.leftBehind.map(({ curl }) => curl),
  ];
  if (!lines.some((line) => line.includes("$DRYDOCK_AUTHORIZATION"))) return [];
  const set = "export DRYDOCK_AUTHORIZATION=\"Basic $(printf %s 'USER:PASSWORD' | base64)\"";
  return [`  ${paint("dim", "for the curl lines:")}  ${set}`, ""];
}

function elapsedText(report: Report): string {
  const ms = Date.parse(report.finishedAt ?? report.startedAt) - Date.parse(report.startedAt);
  return report.isComplete && ms >= 0 ? ` in ${duration(ms)}` : "";
}

function resultCount(report: Report): number {
  return Object.values(report.counts).reduce((sum, count) => sum + count, 0);
}

/** The end of a run for a person: what holds, what does not with clause and curl line, and where the report lies. */
export function summaryLines(report: Report, options: SummaryOptions = {}): string[] {
  const paint = options.paint ?? noPaint;
  const subject = [plain(subjectOf(report.target)), report.profile].filter(Boolean).join(" · ");
  const { mark } = LOOK[report.verdict];
  return [
    "",
    ...findingLines(report, options.findingsMax ?? 10, paint),
    ...leftBehindLines(report, paint),
    ...secretLines(report, paint),
    ...tableLines(report, paint),
    "",
    `  ${paint(VERDICT_STYLE[report.verdict], `${mark} ${plain(report.headline)}`)}  ${paint("dim", `${subject}${elapsedText(report)}`)}`,
    ...(report.exercised === undefined ? [] : [`    ${plain(report.exercised)}`]),
    ...(report.isComplete ? [] : [`  ${paint("dim", "reached")} ${resultCount(report)} of ${report.planned} planned`]),
    ...(options.reportPath === undefined
      ? []
      : [`  ${paint("dim", "report")}  ${paint("underline", options.reportPath)}`]),
    ...report.commands.map((command) => `  ${paint("dim", "again")}   ${plain(command)}`),
    "",
  ];
}

/** A fence that no line inside can end. */
function fenceFor(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  return "`".repeat(longest + 1);
}

/** The same as Markdown: `summary.md`, and the summary of a step of GitHub Actions. */
export function summaryMarkdown(report: Report): string {
  const text = summaryLines(report).join("\n").trim();
  const fence = fenceFor(text);
  const about = [subjectOf(report.target), report.profile]
    .filter((part) => part !== undefined)
    .map(plain)
    .join(" · ");
  const exercised = report.exercised === undefined ? [] : [plain(report.exercised), ""];
  return [`# ${plain(report.headline)}`, "", about, "", ...exercised, `${fence}text`, text, fence, ""].join("\n");
}
