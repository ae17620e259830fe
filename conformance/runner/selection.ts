import type { Narrowing, RunScope, SuiteScope } from "./events.ts";
import type { Acceptance } from "./baseline.ts";
import type { Check } from "./check.ts";
import { INSTANCES_AT_ONCE } from "./limits.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { suggestionsFor } from "../client/errors/nearest.ts";
import type { AnySuite } from "./suite.ts";

/** What decides which checks a run holds. */
interface SelectionOptions {
  readonly suites: readonly AnySuite[];
  /** Every suite that there is: what `suites` leaves out of one of the same name counts as left out. Default: `suites`. */
  readonly knownSuites?: readonly AnySuite[];
  /** Ids of checks; a `*` stands for any characters. Undefined: all. */
  readonly only?: readonly string[];
  readonly service?: string;
  readonly plan?: string;
  /** Service instances at once. Default INSTANCES_AT_ONCE. */
  readonly maxInstances?: number;
}

/** The checks to hold, by suite in the order of `suites`, and what that leaves out. */
export interface Selection {
  /** Each once. */
  readonly suites: readonly AnySuite[];
  readonly checks: readonly { readonly suite: AnySuite; readonly check: Check<never> }[];
  readonly scope: RunScope;
}

/** Whether a pattern names an id; a `*` in it stands for any characters. Linear in the length of both. */
export function isNamedBy(pattern: string, id: string): boolean {
  const [start = "", ...rest] = pattern.split("*");
  const end = rest.pop();
  if (end === undefined) return pattern === id;
  if (!id.startsWith(start)) return false;
  let at = start.length;
  for (const part of rest) {
    const found = id.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return id.length - end.length >= at && id.endsWith(end);
}

/** Ids of all checks that there are, those of suites of the caller's own among them. */
function knownIds(suites: readonly AnySuite[], knownSuites: readonly AnySuite[] = []): readonly string[] {
  return [...new Set([...knownSuites, ...suites].flatMap(({ checks }) => checks.map(({ id }) => id)))];
}

/** For a pattern that no id begins with: beginnings that are like its own. */
function suggestBeginnings(pattern: string, ids: readonly string[]): string {
  if (!pattern.includes("*")) return suggestionsFor(pattern, ids);
  const typed = pattern.replaceAll("*", "");
  return suggestionsFor(typed, [...new Set(ids.map((id) => id.slice(0, typed.length)))], "*");
}

/** `no such check: X`, with the ids that may have been meant. */
function noSuchCheck(pattern: string, suites: readonly AnySuite[], knownSuites: readonly AnySuite[] = []): string {
  const elsewhere = knownSuites.find(({ checks }) => checks.some(({ id }) => isNamedBy(pattern, id)));
  const hint =
    elsewhere === undefined
      ? suggestBeginnings(pattern, knownIds(suites, knownSuites))
      : `; it belongs to the suite ${elsewhere.name}, which is not asked for (--suite)`;
  return `no such check: "${pattern}"${hint}`;
}

/** @throws TargetError no-such-check when a pattern names no check of the suites. */
function refuseUnknown(only: readonly string[], { suites, knownSuites }: SelectionOptions): void {
  if (only.length === 0) throw new TargetError("no-such-check", "the list of checks is empty");
  const ids = suites.flatMap(({ checks }) => checks.map(({ id }) => id));
  const wrong = only.filter((pattern) => !ids.some((id) => isNamedBy(pattern, id)));
  if (wrong.length === 0) return;
  const lines = wrong.map((pattern) => noSuchCheck(pattern, suites, knownSuites));
  throw new TargetError("no-such-check", lines.join("; "));
}

/** What is held of a suite, and what is left out of the whole of it, which is the one that is known by its name. */
function scopeOf(
  suite: AnySuite,
  { knownSuites = [] }: SelectionOptions,
  isWanted: (id: string) => boolean = () => true,
): SuiteScope {
  const given = suite.checks.map(({ id }) => id);
  const whole = knownSuites.filter(({ name }) => name === suite.name);
  const checks = knownIds([suite], whole);
  const leftOut = checks.filter((id) => !given.includes(id) || !isWanted(id));
  return { suite: suite.name, checks, leftOut, ...(suite.subject && { subject: suite.subject }) };
}

function listNarrowings(options: SelectionOptions): Narrowing[] {
  const { suites, only, service, plan } = options;
  const cut = suites.filter((suite) => scopeOf(suite, options).leftOut.length > 0).map(({ name }) => name);
  return [
    ...(only === undefined ? [] : [{ by: "only" as const, to: only.join(",") }]),
    ...(service === undefined ? [] : [{ by: "service" as const, to: service }]),
    ...(plan === undefined ? [] : [{ by: "plan" as const, to: plan }]),
    ...(cut.length === 0 ? [] : [{ by: "suites" as const, to: cut.join(",") }]),
  ];
}

/** Adds the checks that need more instances at once than are allowed: they are not held, and so left out. */
function withInstancesMax(selection: Selection, instancesMax: number): Selection {
  const { checks, scope } = selection;
  const tooLarge = checks.filter(({ check }) => (check.instances ?? 1) > instancesMax).map(({ check }) => check.id);
  if (tooLarge.length === 0) return selection;
  return {
    ...selection,
    scope: {
      suites: scope.suites.map((each) => ({
        ...each,
        leftOut: [...new Set([...each.leftOut, ...each.checks.filter((id) => tooLarge.includes(id))])],
      })),
      narrowedBy: [...scope.narrowedBy, { by: "max-instances", to: String(instancesMax) }],
    },
  };
}

/**
 * Chooses the checks of a run. A suite that is given twice counts once.
 *
 * @throws TargetError no-such-check
 */
export function selectChecks(options: SelectionOptions): Selection {
  const { only } = options;
  const suites = options.suites.filter(({ name }, at, all) => all.findIndex((each) => each.name === name) === at);
  if (only !== undefined) refuseUnknown(only, options);
  const isWanted = (id: string): boolean => only === undefined || only.some((pattern) => isNamedBy(pattern, id));
  const selection = {
    suites,
    checks: suites.flatMap((suite) => suite.checks.filter(({ id }) => isWanted(id)).map((check) => ({ suite, check }))),
    scope: {
      suites: suites.map((suite) => scopeOf(suite, options, isWanted)),
      narrowedBy: listNarrowings({ ...options, suites }),
    },
  };
  return withInstancesMax(selection, options.maxInstances ?? INSTANCES_AT_ONCE);
}

/** An acceptance of a check that there is not would wait for ever. @throws TargetError bad-baseline */
export function refuseStrayAcceptances(
  baseline: readonly Acceptance[],
  { suites, knownSuites }: SelectionOptions,
): void {
  const known = new Set(knownIds(suites, knownSuites));
  const stray = baseline.filter(({ check }) => !known.has(check));
  if (stray.length === 0) return;
  const lines = stray.map(({ check }) => noSuchCheck(check, suites, knownSuites));
  throw new TargetError("bad-baseline", `baseline: ${lines.join("; ")}`);
}
