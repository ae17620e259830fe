import { worse } from "./check.ts";
import { type Verdict, VERDICTS_WORST_FIRST } from "./events.ts";

/** Findings that one fault explains: the check that judges it, and those whose verdict follows from that. */
export interface Cause {
  /** Id of the check that judges the fault. */
  readonly check: string;
  readonly verdict: Verdict;
  /** Ids of the checks that could not be judged because of it. */
  readonly followers: readonly string[];
}

/** The part of a result on which its cause depends. */
interface TracedResult {
  readonly check: { readonly id: string };
  readonly verdict: Verdict;
  readonly followsFrom?: string;
  /** Why: verdicts that could not be reached for one and the same reason have one cause. */
  readonly reason?: string;
}

const isFinding = ({ verdict }: TracedResult): boolean => verdict !== "pass" && verdict !== "not-applicable";

/**
 * The finding at the origin of one that follows from others; the finding itself if the origin is not in the same run, or if they follow from each
 * other.
 */
function originOf<T extends TracedResult>(result: T, byId: ReadonlyMap<string, T>): T {
  const passed = new Set<T>();
  let origin = result;
  for (;;) {
    passed.add(origin);
    const { verdict, followsFrom } = origin;
    const cause = verdict === "unknown" && followsFrom !== undefined ? byId.get(followsFrom) : undefined;
    if (cause === undefined || !isFinding(cause)) return origin;
    if (passed.has(cause)) return result;
    origin = cause;
  }
}

/** The first of those that could not be determined for the same reason; the finding itself if there is no other. */
function firstAlike<T extends Pick<TracedResult, "verdict" | "reason">>(origin: T, open: ReadonlyMap<string, T>): T {
  const { verdict, reason } = origin;
  return verdict === "unknown" && reason !== undefined ? (open.get(reason) ?? origin) : origin;
}

/** Groups findings by their origins; those that could not be determined for the same reason form one group. */
export function groupByOrigin<T extends Pick<TracedResult, "verdict" | "reason">>(
  found: readonly T[],
  originFor: (result: T) => T,
): Map<T, T[]> {
  const origins = found.map(originFor).filter(({ verdict, reason }) => verdict === "unknown" && reason !== undefined);
  const open = new Map(origins.toReversed().map((origin) => [origin.reason ?? "", origin]));
  return Map.groupBy(found, (result) => firstAlike(originFor(result), open));
}

const byWorst = (a: Cause, b: Cause): number =>
  VERDICTS_WORST_FIRST.indexOf(a.verdict) - VERDICTS_WORST_FIRST.indexOf(b.verdict) ||
  b.followers.length - a.followers.length;

/** The findings of results, grouped by the fault that explains them: the worst first, then those that explain most. */
export function causesOf(results: readonly TracedResult[]): readonly Cause[] {
  const byId = new Map(results.map((result) => [result.check.id, result]));
  const groups = groupByOrigin(results.filter(isFinding), (result) => originOf(result, byId));
  return [...groups]
    .map(([{ check, verdict }, found]) => ({
      check: check.id,
      verdict,
      followers: found.map((each) => each.check.id).filter((id) => id !== check.id),
    }))
    .sort(byWorst);
}

/**
 * The worst verdict of results. A verdict that follows from a finding of the same run is explained by it: it leaves nothing open about the broker,
 * and does not count.
 */
export function worstOwnVerdict(results: readonly TracedResult[]): Verdict {
  const explained = new Set(causesOf(results).flatMap(({ followers }) => followers));
  const own = results.filter(({ check }) => !explained.has(check.id));
  return own.reduce<Verdict>((worst, { verdict }) => worse(worst, verdict), "not-applicable");
}
