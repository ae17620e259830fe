/** A known failure that its owner accepts for a while. */
export interface Acceptance {
  /** Id of the check. */
  readonly check: string;
  readonly reason: string;
  /** `2026-12-31`: the last day, UTC, on which it is accepted. */
  readonly until: string;
}

/** The acceptance that counts for a failed check now; an expired one counts no more. */
export function acceptanceFor(baseline: readonly Acceptance[], check: string, nowMs: number): Acceptance | undefined {
  const found = baseline.find((each) => each.check === check);
  return found !== undefined && !isExpired(found, nowMs) ? found : undefined;
}

const DAY_MS = 86_400_000;

/** Whether the last day, UTC, on which a failure is accepted has ended. */
export const isExpired = ({ until }: Acceptance, nowMs: number): boolean => nowMs >= Date.parse(until) + DAY_MS;
