import fc from "fast-check";
import type { FaultRule } from "../../simulators/kernel/index.ts";
import { BROKER_ROUTES, CPI_CALLS } from "../reference/fault-points.ts";
import type { Standing, Step } from "../reference/step.ts";

/**
 * What a seed draws: what people do, and what breaks meanwhile.
 *
 * The fault model of this scenario. The broker's calls to the director, OpenStack, Consul and the instances may be refused, cut off, answered
 * late, or done without an answer; calls of the CPI and tasks of the director may fail; a VM may vanish behind everybody's back; the broker
 * itself may be killed at any moment and started again. Each rule acts a bounded number of times, so that the world heals; an operator then
 * recreates a VM whose repair stopped half-way, which BOSH leaves to one. The broker must survive every mixture: once everything has healed,
 * each operation ends within its bound, promises hold, and nothing is left that no record names.
 */
export interface Plan {
  /** Instances that stand before anything breaks, each with a binding and some rows. */
  readonly standing: readonly Standing[];
  readonly steps: readonly Step[];
  /** The kinds of fault that this seed plays with (swarm testing): rules of other kinds are drawn but never armed. */
  readonly kinds: readonly FaultKind[];
  readonly faults: readonly PlannedFault[];
}

const FAULT_KINDS = ["refused", "lost-reply", "reset", "late", "cpi", "task", "agent"] as const;
type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault rule, and its kind. */
export interface PlannedFault {
  readonly kind: FaultKind;
  readonly rule: FaultRule;
}

const index = fc.nat({ max: 7 });

const order = <T extends Step>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<Step> => ({
  weight,
  arbitrary,
});
const kind = <T extends Step["do"]>(name: T): fc.Arbitrary<T> => fc.constant(name);

/** Some pauses are long enough for a deploy to end, others short enough to fall into one. */
const pause = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 300_000, max: 1_800_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 120_000 }) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  order(
    5,
    fc.record({
      do: kind("provision"),
      tenant: fc.nat({ max: 2 }),
      plan: fc.nat({ max: 3 }),
      parameters: fc.boolean(),
    }),
  ),
  order(3, fc.record({ do: kind("update"), instance: index, grow: fc.boolean() })),
  order(6, fc.record({ do: kind("bind"), instance: index })),
  order(2, fc.record({ do: kind("unbind"), binding: index })),
  order(2, fc.record({ do: kind("deprovision"), instance: index })),
  order(6, fc.record({ do: kind("write"), binding: index, rows: fc.integer({ min: 1, max: 5 }) })),
  order(3, fc.record({ do: kind("backup"), instance: index })),
  order(3, fc.record({ do: kind("restore"), backup: index })),
  order(2, fc.record({ do: kind("vanish"), instance: index })),
  order(1, fc.record({ do: kind("kill-broker"), downMs: fc.integer({ min: 0, max: 120_000 }) })),
  order(10, fc.record({ do: kind("pass"), ms: pause })),
);

const times = fc.record({ skip: fc.nat({ max: 6 }), count: fc.integer({ min: 1, max: 3 }) });
const onRoute = fc.constantFrom(...BROKER_ROUTES);

const planFault = (kind: FaultKind, rule: fc.Arbitrary<FaultRule>): fc.Arbitrary<PlannedFault> =>
  fc.record({ kind: fc.constant(kind), rule });
const routeFault = (kind: FaultKind, effect: fc.Arbitrary<FaultRule["effect"]>): fc.Arbitrary<PlannedFault> =>
  planFault(
    kind,
    fc.tuple(onRoute, times, effect).map(([point, when, what]) => ({ point, ...when, effect: what })),
  );
const pointFault = (kind: FaultKind, points: readonly string[], message: string): fc.Arbitrary<PlannedFault> =>
  planFault(
    kind,
    fc
      .tuple(fc.constantFrom(...points), times)
      .map(([point, when]) => ({ point, ...when, effect: { kind: "error" as const, message } })),
  );

const fault: fc.Arbitrary<PlannedFault> = fc.oneof(
  routeFault(
    "refused",
    fc.constantFrom(500, 502, 503).map((status) => ({ kind: "reply" as const, status, body: "" })),
  ),
  routeFault("lost-reply", fc.constant({ kind: "lost-reply" as const })),
  routeFault("reset", fc.constant({ kind: "reset" as const })),
  routeFault(
    "late",
    fc.integer({ min: 100, max: 60_000 }).map((delayMs) => ({ kind: "delay" as const, delayMs })),
  ),
  pointFault("cpi", CPI_CALLS, "the IaaS refused"),
  pointFault("task", ["director:task"], "the worker died"),
  pointFault("agent", ["director:job"], "the job does not run"),
);

const STANDING_MAX = 2;
const STEPS_MAX = 24;
const FAULTS_MAX = 6;

/** Draws plans. What a seed draws is a contract, which a snapshot test holds. */
export const planArbitrary: fc.Arbitrary<Plan> = fc.record({
  standing: fc.array(fc.record({ tenant: fc.nat({ max: 2 }), plan: fc.nat({ max: 3 }) }), {
    maxLength: STANDING_MAX,
    size: "max",
  }),
  steps: fc.array(step, { minLength: 1, maxLength: STEPS_MAX, size: "max" }),
  kinds: fc.subarray([...FAULT_KINDS]),
  faults: fc.array(fault, { maxLength: FAULTS_MAX, size: "max" }),
});

/** Describes a planned fault, in one line for a person. */
export const describeFault = ({ rule }: PlannedFault): string => {
  const { kind, ...how } = rule.effect;
  return `fault ${kind} at ${rule.point} ${JSON.stringify({ skip: rule.skip, count: rule.count, ...how })}`;
};
