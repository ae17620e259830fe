import type { FaultRule } from "../../simulators/kernel/index.ts";
import type { Standing, Step } from "../reference/step.ts";
import type { Plan, PlannedStep } from "./plan.ts";

/** A plan that failed once, written out, so that it stays the same whatever seeds draw later. */
export interface Regression {
  /** The failure. */
  readonly cause: string;
  /** The seed of its world's random streams. */
  readonly seed: number;
  readonly standing: readonly Standing[];
  /** Armed before the first step. */
  readonly faults: readonly FaultRule[];
  readonly steps: readonly Step[];
}

/** The plan of a regression. */
export function planOfRegression({ standing, faults, steps }: Regression): Plan {
  const armed = faults.map((rule) => ({ aim: undefined, rule }));
  const planned = steps.map((step, at): PlannedStep => ({ step, faults: at === 0 ? armed : [], next: 0 }));
  return { standing, steps: planned };
}
