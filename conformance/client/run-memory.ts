/** Operations on a plan, one after the other, that may run out of time before no more are begun. */
export const TIMEOUTS_MAX = 2;

/** What the clients of one run know together. */
export class RunMemory {
  /** By plan, how many operations in a row did not end in time. */
  readonly timeouts = new Map<string, number>();
  /** Ids of things whose creation got no answer: it may be under way still. */
  readonly unsure = new Set<string>();
  /** Ids of things that exist unless a broker lies: some request to create them was not refused. */
  readonly wanted = new Set<string>();
  /** Requests without an answer since the last one that had one. */
  silences = 0;
  /** The plans that each instance may have, the likeliest first: a deletion has to name the current one. */
  readonly #plans = new Map<string, readonly string[]>();

  /** The plan of an instance that is about to be created. */
  beginPlan(instanceId: string, planId: string): void {
    if (!this.#plans.has(instanceId)) this.#plans.set(instanceId, [planId]);
  }

  /** A plan that was asked for is the last guess; one that was reached is the first. */
  notePlan(instanceId: string, planId: string, isReached: boolean): void {
    const others = (this.#plans.get(instanceId) ?? []).filter((each) => isReached || each !== planId);
    this.#plans.set(instanceId, [...new Set(isReached ? [planId, ...others] : [...others, planId])]);
  }

  /** The plan to name in the attempt to delete an instance, counted from 0; undefined when nothing is known. */
  planFor(instanceId: string, attempt: number): string | undefined {
    const plans = this.#plans.get(instanceId) ?? [];
    return plans[attempt % plans.length];
  }

  noteTimeout(planId: string): void {
    this.timeouts.set(planId, (this.timeouts.get(planId) ?? 0) + 1);
  }
}
