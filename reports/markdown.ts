import { judgedLine } from "./judged.ts";
import { type Cause, causesSentence, groupByCause, rankTitle } from "./causes.ts";
import { repeatLines, secretLine } from "./repeat.ts";
import { type CheckReport, failingSeeds, type Report, subjectOf } from "./report.ts";
import { specificationUrl } from "./specification.ts";
import { LOOK, noPaint, plain, tally } from "./terminal.ts";

/** Characters with which a broker's text could become Markdown or HTML. */
const MARKUP = /[\\`*_[\]<>#|~&]/g;

/** Escapes an untrusted text for a Markdown document, on one line. */
function escapeMarkdown(text: string): string {
  return plain(text).replace(MARKUP, (char) => `&#${char.charCodeAt(0)};`);
}

/** A code block that no line in it can end. */
function codeBlock(lines: readonly string[]): string[] {
  const text = lines.map(plain).join("\n");
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}sh`, text, fence];
}

function clauseLine(check: CheckReport, profile: string | undefined): string {
  const url = specificationUrl(check, profile);
  const section = escapeMarkdown(check.section);
  return `${check.level} · ${url === undefined ? section : `[${section}](${url})`} · ${check.clauses.map(escapeMarkdown).join(", ")}`;
}

function detailLines(check: CheckReport, profile: string | undefined): string[] {
  const { requirement, expected, seen, reason } = check;
  const hasBoth = expected !== undefined && seen !== undefined;
  const steps = repeatLines(check);
  return [
    clauseLine(check, profile),
    "",
    escapeMarkdown(requirement),
    "",
    ...(expected === undefined ? [] : [`- expected: ${escapeMarkdown(expected)}`]),
    ...(seen === undefined ? [] : [`- seen: ${escapeMarkdown(seen)}`]),
    ...(reason === undefined || hasBoth ? [] : [`- ${escapeMarkdown(reason)}`]),
    "",
    ...(steps.length === 0 ? [] : [...codeBlock(steps), ""]),
  ];
}

function causeLines({ root, followers }: Cause, profile: string | undefined): string[] {
  const ids = followers.map(({ id }) => escapeMarkdown(id));
  return [
    `<details><summary>${LOOK[root.verdict].mark} ${escapeMarkdown(root.title)}</summary>`,
    "",
    ...detailLines(root, profile),
    ...(ids.length === 0 ? [] : [`These follow from it: ${ids.join(", ")}.`, ""]),
    "</details>",
    "",
  ];
}

function findingLines(report: Report): string[] {
  const causes = groupByCause(report);
  const sentence = causesSentence(causes);
  const ranks = Map.groupBy(causes, ({ root }) => rankTitle(root));
  const secret = secretLine(causes.flatMap(({ root }) => repeatLines(root)));
  return [
    ...(sentence === undefined ? [] : [`**${sentence}**`, ""]),
    ...(secret === undefined ? [] : ["For the curl lines:", "", ...codeBlock([secret]), ""]),
    ...[...ranks].flatMap(([title, ranked]) => [
      `### ${title}`,
      "",
      ...ranked.flatMap((cause) => causeLines(cause, report.profile)),
    ]),
  ];
}

function seedLines(report: Report): string[] {
  return failingSeeds(report).flatMap(({ scenario, seed, verdict, reason, counterexample }) => [
    `### ${LOOK[verdict].mark} ${escapeMarkdown(scenario)}, seed ${seed}`,
    "",
    escapeMarkdown(reason ?? verdict),
    "",
    ...(counterexample === undefined ? [] : [...codeBlock([...counterexample.steps, counterexample.replay]), ""]),
  ]);
}

/** The reasons why checks did not apply, most frequent first. */
function notApplicableLines({ checks }: Report): string[] {
  const left = checks.filter(({ verdict }) => verdict === "not-applicable");
  if (left.length === 0) return [];
  const byReason = [...Map.groupBy(left, ({ reason }) => reason ?? "no reason was given")];
  const sorted = byReason.toSorted(([, a], [, b]) => b.length - a.length);
  return [
    `<details><summary>${left.length} not applicable, and why</summary>`,
    "",
    ...sorted.map(([reason, those]) => `- ${those.length} × ${escapeMarkdown(reason)}`),
    "",
    "</details>",
    "",
  ];
}

function leftBehindLines({ leftBehind }: Report): string[] {
  if (leftBehind.length === 0) return [];
  const head = `${leftBehind.length} left behind at the broker; remove with:`;
  return [head, "", ...codeBlock(leftBehind.map(({ curl }) => curl)), ""];
}

/** The end of a run as Markdown: `summary.md`, and the summary of a step of GitHub Actions. Evidence is folded. */
export function summaryMarkdown(report: Report): string {
  const about = [subjectOf(report.target), report.profile].filter((part) => part !== undefined).map(escapeMarkdown);
  const suites = report.suites.map(({ suite, counts }) => `- ${suite}: ${tally(counts, noPaint)}`);
  const scenarios = report.scenarios.map(
    ({ scenario, counts }) => `- ${escapeMarkdown(scenario)}: ${tally(counts, noPaint)}`,
  );
  return [
    `# ${escapeMarkdown(report.headline)}`,
    "",
    about.join(" · "),
    "",
    ...(report.exercised === undefined ? [] : [escapeMarkdown(report.exercised), ""]),
    ...(report.judged === undefined ? [] : [escapeMarkdown(judgedLine(report.judged)), ""]),
    ...suites,
    ...scenarios,
    "",
    ...findingLines(report),
    ...seedLines(report),
    ...notApplicableLines(report),
    ...leftBehindLines(report),
    ...report.notes.map((note) => `- ${escapeMarkdown(note)}`),
    "",
    "Run it again:",
    "",
    ...codeBlock(report.commands),
    "",
  ].join("\n");
}
