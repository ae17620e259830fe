import { createHash } from "node:crypto";
import { causesOf } from "../../conformance/runner/causes.ts";
import type { CheckInfo, SuiteName } from "../../conformance/runner/events.ts";
import type { Report } from "../report.ts";
import { isExercised, levelsOf } from "./levels.ts";
import type { Certificate, CertifiedCheck, CertifiedSuite, Statement, Waiver } from "./statement.ts";

/** The part of a suite that a certificate names. */
export interface ListedSuite {
  readonly name: SuiteName;
  readonly checks: readonly Pick<CheckInfo, "id" | "level" | "clauses">[];
}

/** The SHA-256 of a text or of bytes, in hexadecimal digits. */
export const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

/** The digest of a suite: of the id, level and clauses of each of its checks, by id. */
export function suiteDigest(checks: ListedSuite["checks"]): string {
  const rows = checks.toSorted(byId).map(({ id, level, clauses }) => [id, level, clauses]);
  return sha256(JSON.stringify(rows));
}

/** Every check of the requested suites: with its verdict, or as one that the run left out. */
export function certifiedChecks(
  report: Pick<Report, "checks">,
  suites: readonly ListedSuite[],
): readonly CertifiedCheck[] {
  const found = new Map(report.checks.map((check) => [check.id, check]));
  return suites.flatMap(({ name, checks }) =>
    checks.toSorted(byId).map(({ id, level, clauses }) => {
      const { verdict = "not-held", followsFrom } = found.get(id) ?? {};
      const origin = followsFrom !== undefined && { followsFrom };
      return { id, suite: name, level, clauses: [...clauses], verdict, ...origin };
    }),
  );
}

/** The failures that a baseline accepted, by check. */
export function waiversOf(report: Pick<Report, "checks">): readonly Waiver[] {
  return report.checks.toSorted(byId).flatMap(({ id, accepted }) => (accepted ? [{ check: id, ...accepted }] : []));
}

function certifiedSuites(checks: readonly CertifiedCheck[]): CertifiedSuite[] {
  return [...Map.groupBy(checks, ({ suite }) => suite)].map(([suite, ofSuite]) => ({
    suite,
    digest: { sha256: suiteDigest(ofSuite) },
    checks: ofSuite.length,
    exercised: ofSuite.filter(isExercised).length,
  }));
}

const idsWith = (checks: readonly CertifiedCheck[], ...verdicts: readonly CertifiedCheck["verdict"][]): string[] =>
  checks.filter(({ verdict }) => verdicts.includes(verdict)).map(({ id }) => id);

/** Ids of unknown verdicts that another finding explains: they leave no doubt about the broker. */
function explainedIn(checks: readonly CertifiedCheck[]): ReadonlySet<string> {
  const found = checks.flatMap(({ id, verdict, followsFrom }) =>
    verdict === "not-held" ? [] : [{ check: { id }, verdict, ...(followsFrom !== undefined && { followsFrom }) }],
  );
  return new Set(causesOf(found).flatMap(({ followers }) => followers));
}

type Derived = Pick<Certificate, "suites" | "levels"> &
  Pick<Statement["predicate"], "result" | "passedTests" | "warnedTests" | "failedTests">;

/** Outcomes that count as success for a reader of the result alone; half a run, or one that found out nothing, never does. */
const RESULT_OF: Readonly<Record<Certificate["outcome"], "FAILED" | "WARNED" | "PASSED">> = {
  conformant: "PASSED",
  "conformant-but-for-waivers": "WARNED",
  "not-conformant": "FAILED",
  "not-determined": "FAILED",
  part: "FAILED",
};

/**
 * The statements that follow from the list of verdicts, the waivers and the outcome. A verifier derives them
 * again and compares.
 */
export function derivedFrom(certified: Pick<Certificate, "checks" | "waivers" | "outcome">): Derived {
  const { checks, waivers, outcome } = certified;
  const explained = explainedIn(checks);
  const warnedTests = idsWith(checks, "warn");
  const result = RESULT_OF[outcome];
  return {
    suites: certifiedSuites(checks),
    levels: [...levelsOf(checks, waivers, explained, outcome !== "part")],
    result: result === "PASSED" && warnedTests.length > 0 ? "WARNED" : result,
    passedTests: idsWith(checks, "pass"),
    warnedTests,
    failedTests: idsWith(checks, "fail", "unknown").filter((id) => !explained.has(id)),
  };
}

/** Whether the list of verdicts allows an outcome. The run itself states the outcome; the list can't confirm all of it, but may contradict it. */
export function allowsOutcome(certified: Pick<Certificate, "checks" | "waivers" | "outcome">): boolean {
  const { checks, waivers, outcome } = certified;
  if (outcome !== "conformant" && outcome !== "conformant-but-for-waivers") return true;
  const isHeld = checks.every(({ verdict }) => verdict !== "not-held");
  const hasWaivers = outcome === "conformant-but-for-waivers";
  return isHeld && derivedFrom(certified).failedTests.length === 0 && waivers.length > 0 === hasWaivers;
}
