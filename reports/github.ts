import { groupByCause } from "./causes.ts";
import { repeatLines } from "./repeat.ts";
import { failingSeeds, notExercised, type Report, statement } from "./report.ts";
import { specificationUrl } from "./specification.ts";

/** GitHub shows ten annotations of each kind per step and silently drops the others. */
export const ANNOTATIONS_MAX = 10;

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

function annotation(command: "error" | "warning" | "notice", title: string, lines: readonly (string | undefined)[]) {
  const message = lines.filter((line) => line !== undefined && line !== "").join("\n");
  return `::${command} title=${escapeProperty(title)}::${escapeData(message)}`;
}

/**
 * Workflow commands that GitHub Actions turns into annotations: suites without any exercised check and the worst causes, ten in all, how many more
 * there are, and what the run was. Nothing that a broker answers can end a line, so none can smuggle in a command.
 */
export function githubAnnotations(report: Report): readonly string[] {
  const checks = groupByCause(report).map(({ root: check, followers }) => {
    const { id, title, clauses, section, expected, seen, reason } = check;
    const [found, wanted] = [seen && `seen: ${seen}`, expected && `expected: ${expected}`];
    const more = followers.length === 0 ? undefined : `${followers.length} more findings follow from it`;
    const url = specificationUrl(check, report.profile);
    const lines = [title, `clause ${clauses.join(", ")} (${section})`, url, wanted, found ?? reason, more];
    return annotation(check.verdict === "warn" ? "warning" : "error", `${check.verdict}: ${id}`, [
      ...lines,
      ...repeatLines(check),
    ]);
  });
  const seeds = failingSeeds(report).map(({ scenario, seed, reason, counterexample }) =>
    annotation("error", `${scenario}: seed ${seed}`, [
      reason,
      ...(counterexample?.steps ?? []),
      counterexample?.replay,
    ]),
  );
  const empty = notExercised(report).map(({ suite }) =>
    annotation("error", `not exercised: ${suite}`, [`nothing of the suite ${suite} could be exercised`]),
  );
  const all = [...empty, ...checks, ...seeds];
  const rest = all.length - ANNOTATIONS_MAX;
  const more = rest > 0 ? [annotation("notice", "drydock", [`${rest} more findings are in the report`])] : [];
  return [...all.slice(0, ANNOTATIONS_MAX), ...more, annotation("notice", "drydock", [statement(report)])];
}
