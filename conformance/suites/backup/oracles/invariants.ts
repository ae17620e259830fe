/** An account and its balance. */
export type Balance = readonly [account: string, amount: number];

/** The objection to accounts in which transfers must not change the total; undefined if there is none. */
export function judgeTotal(expected: number, balances: readonly Balance[]): string | undefined {
  const total = balances.reduce((sum, [, amount]) => sum + amount, 0);
  if (total !== expected) return `the accounts hold ${total} in all instead of ${expected}`;
  return undefined;
}

/** A step of a chain: it began only once the previous one had been acknowledged. */
export interface CausalPair {
  readonly cause: string;
  readonly effect: string;
}

/** Effects without their causes. */
export function judgeCauses(
  pairs: readonly CausalPair[],
  causes: ReadonlySet<string>,
  effects: ReadonlySet<string>,
): readonly CausalPair[] {
  return pairs.filter(({ cause, effect }) => effects.has(effect) && !causes.has(cause));
}
