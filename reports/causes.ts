import { groupByOrigin } from "../conformance/runner/causes.ts";
import type { Level, Verdict } from "../conformance/runner/events.ts";
import { type CheckReport, findings, type Report, VERDICTS } from "./report.ts";

/** One fault, and the findings that it caused. */
export interface Cause {
  readonly root: CheckReport;
  /** Findings that follow from the root; they may judge clauses that hold. */
  readonly followers: readonly CheckReport[];
}

const LEVELS: readonly Level[] = ["MUST", "SHOULD", "MAY"];

/** The finding at the end of the chain of `followsFrom`; in a circular chain, the first by id. */
function rootOf(check: CheckReport, found: ReadonlyMap<string, CheckReport>): CheckReport {
  const chain = [check];
  for (let at = check; ; ) {
    const next = at.followsFrom === undefined ? undefined : found.get(at.followsFrom);
    if (next === undefined) return at;
    const start = chain.indexOf(next);
    if (start !== -1) return chain.slice(start).reduce((first, each) => (each.id < first.id ? each : first));
    chain.push(next);
    at = next;
  }
}

const rankOf = ({ root: { verdict, level } }: Cause): number =>
  VERDICTS.indexOf(verdict) * LEVELS.length + LEVELS.indexOf(level);

/** The findings of a report by cause: worst verdict first, then by level, then in the order of the checks. */
export function groupByCause(report: Pick<Report, "checks">): readonly Cause[] {
  const all = findings(report);
  const found = new Map(all.map((check) => [check.id, check]));
  const groups = groupByOrigin(all, (check) => rootOf(check, found));
  return [...groups]
    .map(([root, members]): Cause => ({ root, followers: members.filter((each) => each !== root) }))
    .sort((a, b) => rankOf(a) - rankOf(b));
}

const count = (total: number, one: string): string => `${total} ${one}${total === 1 ? "" : "s"}`;

/** `3 causes, 17 findings`; `undefined` if nothing was found. */
export function causesSentence(causes: readonly Cause[]): string | undefined {
  const total = causes.reduce((sum, { followers }) => sum + 1 + followers.length, 0);
  return total === 0 ? undefined : `${count(causes.length, "cause")}, ${count(total, "finding")}`;
}

/** The heading under which a cause is listed: the level of the broken requirement, or that nothing could be determined. */
export function rankTitle({ verdict, level }: { readonly verdict: Verdict; readonly level: Level }): string {
  return verdict === "unknown" ? "Not determined" : level;
}
