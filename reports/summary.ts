import type { Verdict } from "../conformance/runner/events.ts";
import { judgedLine } from "./judged.ts";
import { type Cause, causesSentence, groupByCause, rankTitle } from "./causes.ts";
import { duration } from "./duration.ts";
import { repeatLines, secretLine } from "./repeat.ts";
import { type CheckReport, failingSeeds, findings, type Report, subjectOf } from "./report.ts";
import { BAR_CELLS, bar, cut, LOOK, noPaint, type Paint, plain, type Style, tally } from "./terminal.ts";

/** How a summary is shown. */
export interface SummaryOptions {
  readonly paint?: Paint;
  /** The path of the HTML report, as the reader would open it. */
  readonly reportPath?: string;
  /** How many causes and failing seeds are shown; the others are counted. Default 20. */
  readonly findingsMax?: number;
  /** Shows under each cause its clause and the lines that repeat it. Default false. */
  readonly evidence?: boolean;
}

/** How many causes and failing seeds fit a screen. */
const FINDINGS_MAX = 20;

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

/** How many followers a line names; the others are counted. */
const FOLLOWERS_MAX = 4;

function followerLines(followers: readonly CheckReport[], paint: Paint): string[] {
  if (followers.length === 0) return [];
  const named = followers.slice(0, FOLLOWERS_MAX).map(({ id }) => plain(id));
  const rest = followers.length - named.length;
  return field("follow", `${named.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`, paint);
}

/** The failure in one line: its reason, with what was expected and seen. */
function whatOf({ seen, reason }: CheckReport): string | undefined {
  const what = reason ?? (seen === undefined ? undefined : `seen: ${seen}`);
  return what === undefined ? undefined : cut(plain(what), WHAT_CHARS_MAX);
}

/** The longest account of what was wrong, in characters; the reports have all of it. */
const WHAT_CHARS_MAX = 200;

function evidenceLines(check: CheckReport, paint: Paint): string[] {
  return [
    ...field("clause", `${check.clauses.map(plain).join(", ")} ${paint("dim", plain(check.section))}`, paint),
    ...field("requires", plain(check.requirement), paint),
    ...field("expected", check.expected && plain(check.expected), paint),
    ...repeatLines(check).map((line) => `      ${plain(line)}`),
    "",
  ];
}

function causeLines({ root, followers }: Cause, isLong: boolean, paint: Paint): string[] {
  const { mark, style } = LOOK[root.verdict];
  const what = whatOf(root);
  return [
    `  ${paint(style, `${mark} ${plain(root.title)}`)}  ${paint("dim", plain(root.id))}`,
    ...(what === undefined ? [] : [`      ${what}`]),
    ...field("accepted", root.accepted && `until ${root.accepted.until}: ${plain(root.accepted.reason)}`, paint),
    ...followerLines(followers, paint),
    ...(isLong ? evidenceLines(root, paint) : []),
  ];
}

/** The causes, each level under its heading. */
function rankedLines(causes: readonly Cause[], options: SummaryOptions, paint: Paint): string[] {
  const isLong = options.evidence === true;
  const ranks = Map.groupBy(causes, ({ root }) => rankTitle(root));
  return [...ranks].flatMap(([title, ranked]) => [
    `  ${paint("bold", title)}`,
    ...ranked.flatMap((cause) => causeLines(cause, isLong, paint)),
    "",
  ]);
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

function findingLines(report: Report, options: SummaryOptions, paint: Paint): string[] {
  const findingsMax = options.findingsMax ?? FINDINGS_MAX;
  const causes = groupByCause(report);
  const seeds = failingSeeds(report);
  const sentence = causesSentence(causes);
  const rest = Math.max(0, causes.length - findingsMax) + Math.max(0, seeds.length - findingsMax);
  return [
    ...(sentence === undefined ? [] : [`  ${paint("bold", sentence)}`, ""]),
    ...rankedLines(causes.slice(0, findingsMax), options, paint),
    ...seeds.slice(0, findingsMax).flatMap((seed) => seedLines(seed, paint)),
    ...(rest > 0 ? [`  … and ${rest} more, all in the report.`, ""] : []),
  ];
}

/** Left-behind things shown where the reports have them all: the summary should fit a screen. */
const LEFT_BEHIND_MAX = 5;

function leftBehindLines({ leftBehind }: Report, { reportPath }: SummaryOptions, paint: Paint): string[] {
  if (leftBehind.length === 0) return [];
  const head = paint("yellow", `  ${leftBehind.length} left behind at the broker; remove with:`);
  const shown = leftBehind.slice(0, reportPath === undefined ? undefined : LEFT_BEHIND_MAX);
  const more = leftBehind.length - shown.length;
  return [
    head,
    ...shown.map(({ curl }) => `      ${plain(curl)}`),
    ...(more > 0 ? [`      … and ${more} more, in the report`] : []),
    "",
  ];
}

/** Longest note shown, in characters; the reports have it whole. */
const NOTE_CHARS_MAX = 200;

/** The errors outside the checks, such as a defect in something that several of them share. */
function noteLines({ notes }: Report, paint: Paint): string[] {
  if (notes.length === 0) return [];
  return [...notes.map((note) => `  ${paint("dim", "note")}  ${cut(plain(note), NOTE_CHARS_MAX)}`), ""];
}

/** Where a reader of the summary finds the curl lines; if they are shown, how to supply the secret that they leave out. */
function evidenceHint(report: Report, options: SummaryOptions, paint: Paint): string[] {
  const shown = [
    ...(options.evidence === true ? findings(report).flatMap(repeatLines) : []),
    ...report.leftBehind.map(({ curl }) => curl),
  ];
  const secret = secretLine(shown);
  const isHidden = options.evidence !== true && options.reportPath === undefined && findings(report).length > 0;
  return [
    ...(secret === undefined ? [] : [`  ${paint("dim", "for the curl lines:")}  ${secret}`, ""]),
    ...(isHidden ? [`  ${paint("dim", "requests and answers: --evidence, or --out DIR for the report")}`, ""] : []),
  ];
}

function elapsedText(report: Report): string {
  const ms = Date.parse(report.finishedAt ?? report.startedAt) - Date.parse(report.startedAt);
  return report.isComplete && ms >= 0 ? ` in ${duration(ms)}` : "";
}

function resultCount(report: Report): number {
  return Object.values(report.counts).reduce((sum, count) => sum + count, 0);
}

/** The end of a run for a person: what holds, what does not, with clause and curl line, and where the report is. */
export function summaryLines(report: Report, options: SummaryOptions = {}): string[] {
  const paint = options.paint ?? noPaint;
  const subject = [plain(subjectOf(report.target)), report.profile].filter(Boolean).join(" · ");
  const { mark } = LOOK[report.verdict];
  return [
    "",
    ...findingLines(report, options, paint),
    ...leftBehindLines(report, options, paint),
    ...noteLines(report, paint),
    ...evidenceHint(report, options, paint),
    ...tableLines(report, paint),
    "",
    `  ${paint(VERDICT_STYLE[report.verdict], `${mark} ${plain(report.headline)}`)}  ${paint("dim", `${subject}${elapsedText(report)}`)}`,
    ...(report.exercised === undefined ? [] : [`    ${plain(report.exercised)}`]),
    ...(report.judged === undefined ? [] : [`    ${plain(judgedLine(report.judged))}`]),
    ...(report.isComplete ? [] : [`  ${paint("dim", "reached")} ${resultCount(report)} of ${report.planned} planned`]),
    ...(options.reportPath === undefined
      ? []
      : [`  ${paint("dim", "report")}  ${paint("underline", options.reportPath)}`]),
    ...report.commands.map((command) => `  ${paint("dim", "again")}   ${plain(command)}`),
    "",
  ];
}
