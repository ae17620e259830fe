import type { MutantInfo, MutantSet } from "../runner/mutant-set.ts";
import { hasNoticed } from "./selftest.ts";

/** A check with a verdict on a mutant that depends on its neighbours, or on their order. */
interface Dependence {
  readonly mutant: string;
  readonly check: string;
  /** The verdict in the whole suite, in its own order. */
  readonly whole: string;
  /** The verdict alone, or in the other order. */
  readonly otherwise: string;
  readonly how: "alone" | "shuffled";
}

type Verdicts = ReadonlyMap<string, string>;

async function verdictsOf(run: ReturnType<MutantSet["run"]>): Promise<Verdicts> {
  return new Map((await run).map(({ check, verdict }) => [check.id, verdict]));
}

/**
 * Whether the verdicts on a mutant depend on the checks alone: the whole suite in the seed's order, and each
 * noticing check by itself, must agree with the whole suite.
 */
export async function findDependences(
  set: MutantSet,
  { id }: MutantInfo,
  seed: number,
): Promise<readonly Dependence[]> {
  const results = await set.run(id);
  const shuffled = await verdictsOf(set.run(id, undefined, seed));
  const found: Dependence[] = [];
  for (const result of results) {
    const { check, verdict: whole } = result;
    const compare = (how: Dependence["how"], otherwise = "none") => {
      if (otherwise !== whole) found.push({ mutant: id, check: check.id, whole, otherwise, how });
    };
    compare("shuffled", shuffled.get(check.id));
    if (hasNoticed(result)) compare("alone", (await verdictsOf(set.run(id, [check.id]))).get(check.id));
  }
  return found;
}
