import type { Answer } from "../client/answer.ts";
import type { Acceptance } from "./baseline.ts";
import type { SpecMinor } from "../client/spec-version.ts";
import type { Check, Outcome } from "./check.ts";
import type { CheckInfo } from "./events.ts";

/** A check that passes without one answer to show has exercised nothing: that is a defect of the check, not a merit of the broker. */
export function requireEvidence(outcome: Outcome, sent: readonly Answer[]): Outcome {
  const { verdict, evidence = sent } = outcome;
  if (verdict !== "pass" || evidence.length > 0) return outcome;
  return { verdict: "unknown", reason: "the check passed without having exercised anything" };
}

/** Why a check does not apply to a version of the API; undefined when it does. */
export function outsideOfVersions({ since, until }: Check<never>, minor: SpecMinor): Outcome | undefined {
  if (minor < since) return { verdict: "not-applicable", reason: `binds from 2.${since} (--profile osb-2.${since})` };
  if (until !== undefined && minor > until)
    return { verdict: "not-applicable", reason: `bound until 2.${until} (--profile osb-2.${until})` };
  return undefined;
}

/** A violated SHOULD or MAY is a warning, never a failure. */
export function capByLevel(outcome: Outcome, check: CheckInfo): Outcome {
  return outcome.verdict === "fail" && check.level !== "MUST" ? { ...outcome, verdict: "warn" } : outcome;
}

/** A failure that somebody has accepted is reported as a warning. */
export function excuse(outcome: Outcome, { reason, until }: Acceptance): Outcome {
  return { ...outcome, verdict: "warn", reason: `accepted until ${until} (${reason}): ${outcome.reason ?? "failed"}` };
}

/** What a report has to know of a check, and nothing else that its value may carry. */
export function infoOf(check: CheckInfo): CheckInfo {
  const { id, suite, title, level, clauses, section, requirement } = check;
  return { id, suite, title, level, clauses, section, requirement };
}
