import Type from "typebox";
import type { Coverage } from "../coverage.ts";
import type { SeedResult } from "../scenario.ts";
import { parseAs } from "../clients/answers.ts";

const Tally = Type.Record(Type.String(), Type.Number());

/** A result as a row of the table holds it. */
const Result = Type.Object({
  seed: Type.Integer(),
  verdict: Type.Enum(["pass", "fail", "unknown"]),
  digest: Type.String(),
  steps: Type.Number(),
  reason: Type.Optional(Type.String()),
  coverage: Type.Optional(
    Type.Object({ plans: Tally, steps: Tally, faults: Tally, laws: Tally, states: Tally, pairs: Tally }),
  ),
  counterexample: Type.Optional(Type.Object({ steps: Type.Array(Type.String()), path: Type.String() })),
});

/** The result of a seed, and how long it took, in ms. */
export interface Played {
  readonly result: SeedResult;
  readonly durationMs: number;
}

/** Reads a result that a worker wrote. */
export function parseResult(value: unknown): SeedResult {
  const { reason, coverage, counterexample, ...result } = parseAs(Result, value, "a verdict");
  const known: Coverage | undefined = coverage;
  return {
    ...result,
    ...(reason !== undefined && { reason }),
    ...(known !== undefined && { coverage: known }),
    ...(counterexample !== undefined && { counterexample }),
  };
}
