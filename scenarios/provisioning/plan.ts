import fc from "fast-check";
import type { FaultRule } from "../../simulators/kernel/index.ts";
import { type Aim, AIMS, FAULT_KINDS, type FaultKind, type Operation } from "../reference/calls.ts";
import type { Standing, Step } from "../reference/step.ts";

/**
 * What a seed draws: what people do, and what breaks meanwhile.
 *
 * The fault model of this scenario. The broker's calls to the director, OpenStack and the instances may be refused, cut off, answered late, or done
 * without an answer; calls of the CPI, tasks and jobs of the director may fail; a VM may vanish without notice; the broker itself may be killed at
 * any moment and restarted. A fault belongs to a step: it is aimed at something that the step's operation calls (`reference/calls.ts`), and is
 * armed just before. Each rule acts a bounded number of times, so that the world heals; an operator then recreates a VM whose repair stopped
 * half-way, which BOSH leaves to people. The broker must survive every mixture: once everything has healed, each operation ends within its bound,
 * promises hold, and nothing is left that no record names.
 */
export interface Plan {
  /** Instances that exist before anything breaks, each with a binding, some rows and a backup. */
  readonly standing: readonly Standing[];
  readonly steps: readonly PlannedStep[];
}

/** A step, what breaks with it, and what follows it. */
export interface PlannedStep {
  readonly step: Step;
  /** Armed just before the step. */
  readonly faults: readonly PlannedFault[];
  /** The pause before the next step, in ms, or a wait until everything in progress has ended. */
  readonly next: number | "settled";
}

/** A fault rule, and what it is aimed at; undefined if it was not aimed. */
export interface PlannedFault {
  readonly aim: Pick<Aim, "operation" | "kind" | "phase"> | undefined;
  readonly rule: FaultRule;
}

/** The operation that a step begins; undefined for a step that starts no work. */
export const operationOf = (step: Step): Operation | undefined => {
  if (step.do === "vanish") return "repair";
  return step.do === "write" || step.do === "pass" || step.do === "kill-broker" ? undefined : step.do;
};

const index = fc.nat({ max: 7 });

const order = <T extends Step>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<Step> => ({
  weight,
  arbitrary,
});
const kind = <T extends Step["do"]>(name: T): fc.Arbitrary<T> => fc.constant(name);
/** Most orders are for something idle. */
const ready = fc.integer({ min: 0, max: 5 }).map((drawn) => drawn < 5);

const step: fc.Arbitrary<Step> = fc.oneof(
  order(
    4,
    fc.record({
      do: kind("provision"),
      tenant: fc.nat({ max: 2 }),
      plan: fc.nat({ max: 3 }),
      parameters: fc.boolean(),
    }),
  ),
  order(3, fc.record({ do: kind("update"), instance: index, grow: fc.boolean(), ready })),
  order(4, fc.record({ do: kind("bind"), instance: index, ready })),
  order(3, fc.record({ do: kind("unbind"), binding: index, ready })),
  order(2, fc.record({ do: kind("deprovision"), instance: index, ready })),
  order(5, fc.record({ do: kind("write"), binding: index, rows: fc.integer({ min: 1, max: 5 }) })),
  order(5, fc.record({ do: kind("backup"), instance: index, ready })),
  order(6, fc.record({ do: kind("restore"), backup: index, ready })),
  order(2, fc.record({ do: kind("vanish"), instance: index })),
  order(2, fc.record({ do: kind("kill-broker"), downMs: fc.integer({ min: 0, max: 120_000 }) })),
);

/** Mostly the platform waits; some pauses are so short that the next step falls into the operation. */
const next: fc.Arbitrary<number | "settled"> = fc.oneof(
  { weight: 3, arbitrary: fc.constant("settled" as const) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 180_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 1_800_000 }) },
);

/** A fault before it is aimed: the numbers choose among what the step's operation calls. */
interface DrawnFault {
  readonly aim: number;
  readonly call: number;
  readonly skip: number;
  readonly count: number;
  readonly status: number;
  readonly delayMs: number;
}

/**
 * More often than the broker tries a request in all, so that its operation fails forever. Undoing is tried
 * for longer.
 */
const TRIES_EXHAUSTED = 60;

const drawnFault: fc.Arbitrary<DrawnFault> = fc.record({
  aim: fc.nat({ max: 999 }),
  call: fc.nat({ max: 99 }),
  skip: fc.nat({ max: 99 }),
  count: fc.constantFrom(1, 1, 2, 3, TRIES_EXHAUSTED),
  status: fc.constantFrom(500, 502, 503),
  delayMs: fc.integer({ min: 100, max: 90_000 }),
});

const effectOf = (kindOfFault: FaultKind, { status, delayMs }: DrawnFault): FaultRule["effect"] => {
  switch (kindOfFault) {
    case "refused":
      return { kind: "reply", status, body: "" };
    case "lost-reply":
      return { kind: "lost-reply" };
    case "reset":
      return { kind: "reset" };
    case "late":
      return { kind: "delay", delayMs };
    case "cpi":
      return { kind: "error", message: "the IaaS refused" };
    case "task":
      return { kind: "error", message: "the worker died" };
    case "job":
      return { kind: "error", message: "the job does not run" };
  }
};

/** Aims a drawn fault at something that the step's operation calls, by a kind that the seed plays with; none if there is no such thing. */
function aimFault(step: Step, kinds: readonly FaultKind[], drawn: DrawnFault): readonly PlannedFault[] {
  const own = operationOf(step);
  const aims = AIMS.filter((each) => each.operation === own && kinds.includes(each.kind));
  const target = aims[drawn.aim % Math.max(1, aims.length)];
  const call = target?.calls[drawn.call % target.calls.length];
  if (target === undefined || call === undefined) return [];
  const [point, times] = call;
  const { operation, kind: struck, phase } = target;
  const rule = { point, skip: drawn.skip % times, count: drawn.count, effect: effectOf(struck, drawn) };
  return [{ aim: { operation, kind: struck, phase }, rule }];
}

const STANDING_MAX = 2;
const STEPS_MIN = 2;
const STEPS_MAX = 16;
const FAULTS_PER_STEP_MAX = 2;

/** The kinds of fault that a seed plays with (swarm testing): faults are aimed by these alone. */
const kinds = fc.noShrink(fc.subarray([...FAULT_KINDS], { minLength: 3 }));

const drawnStep = fc.record({
  step,
  next,
  faults: fc.oneof(
    { withCrossShrink: true },
    { weight: 2, arbitrary: fc.constant<DrawnFault[]>([]) },
    { weight: 3, arbitrary: fc.array(drawnFault, { minLength: 1, maxLength: FAULTS_PER_STEP_MAX, size: "max" }) },
  ),
});

/** Draws plans. What a seed draws is a contract, which a snapshot test holds. */
export const planArbitrary: fc.Arbitrary<Plan> = fc
  .record({
    standing: fc.array(fc.record({ tenant: fc.nat({ max: 2 }), plan: fc.nat({ max: 3 }) }), {
      minLength: 1,
      maxLength: STANDING_MAX,
      size: "max",
    }),
    steps: fc.array(drawnStep, { minLength: STEPS_MIN, maxLength: STEPS_MAX, size: "max" }),
    kinds,
  })
  .map(({ standing, steps, kinds: inPlay }) => ({
    standing: standing.map((each) => ({ ...each, hasBackup: true })),
    steps: steps.map(({ step: each, next, faults }) => ({
      step: each,
      faults: faults.flatMap((fault) => aimFault(each, inPlay, fault)),
      next,
    })),
  }));

/** Describes a planned fault, in one line for a person. */
export const describeFault = ({ rule }: PlannedFault): string => {
  const { kind: effect, ...how } = rule.effect;
  return `fault ${effect} at ${rule.point} ${JSON.stringify({ skip: rule.skip, count: rule.count, ...how })}`;
};
