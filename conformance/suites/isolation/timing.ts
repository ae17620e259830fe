/**
 * The number of random reassignments of the measured times to the two groups: p is known to about a tenth of
 * the error rate.
 */
const ROUNDS = 20_000;

/** The rate at which a difference is seen although there is none: once in a thousand runs. */
export const ERROR_RATE = 0.001;

/** A seeded generator of whole numbers below a bound: xorshift. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;

/**
 * The probability of a difference of means at least as large if the two groups do not differ: the share of
 * random reassignments that show it (permutation test, two-sided). The same seed gives the same answer.
 */
export function permutationTest(a: readonly number[], b: readonly number[], seed = 1): number {
  const observed = Math.abs(mean(a) - mean(b));
  const pool = [...a, ...b];
  const draw = generator(seed);
  let asLarge = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let at = pool.length - 1; at > 0; at--) {
      const other = draw(at + 1);
      [pool[at], pool[other]] = [pool[other] ?? 0, pool[at] ?? 0];
    }
    if (Math.abs(mean(pool.slice(0, a.length)) - mean(pool.slice(a.length))) >= observed - 1e-9) asLarge++;
  }
  return (asLarge + 1) / (ROUNDS + 1);
}

/** Measures two kinds of request alternately, so that whatever slows the machine affects both. */
export async function measureInTurns<T>(
  times: number,
  kinds: readonly [() => Promise<T>, () => Promise<T>],
  elapsedOf: (result: T) => number,
): Promise<{ readonly a: readonly number[]; readonly b: readonly number[]; readonly last: T }> {
  const measured: [number[], number[]] = [[], []];
  let last = await kinds[0]();
  for (let at = 0; at < times; at++)
    for (const kind of at % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      last = await kinds[kind]();
      measured[kind].push(elapsedOf(last));
    }
  return { a: measured[0], b: measured[1], last };
}
