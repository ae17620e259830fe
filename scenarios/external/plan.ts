import fc from "fast-check";
import type { FaultRule } from "../../simulators/kernel/index.ts";

/** The operations that a platform may order at any broker. */
export const ORDERS = ["provision", "update", "bind", "unbind", "deprovision"] as const;
/** One of these operations. */
export type Order = (typeof ORDERS)[number];

/** A step of a plan. Numbers that name an instance or a binding count modulo how many idle ones there are at the time. */
export type ExternalStep =
  | { readonly do: "provision"; readonly plan: number }
  | { readonly do: "update"; readonly instance: number; readonly plan: number }
  | { readonly do: "bind" | "deprovision"; readonly instance: number }
  | { readonly do: "unbind"; readonly binding: number }
  | { readonly do: "kill-broker"; readonly downMs: number };

/** A step, the faults that are armed just before it, and whether the platform waits for its end before the next step. */
export interface PlannedExternal {
  readonly step: ExternalStep;
  readonly faults: readonly FaultRule[];
  readonly waits: boolean;
}

/** The plan that a seed draws. */
export interface ExternalPlan {
  /** The plans of the instances that exist before anything breaks, by index. */
  readonly standing: readonly number[];
  readonly steps: readonly PlannedExternal[];
}

/** The points that the broker's operations pass when nothing fails, as a clean run showed, with the effects that each knows. */
export type PassedPoints = Readonly<
  Record<Order, readonly { readonly point: string; readonly effects: readonly string[] }[]>
>;

/** The abilities of a broker. */
export interface Abilities {
  readonly plans: number;
  readonly canUpdate: boolean;
  readonly canBind: boolean;
  readonly canRestart: boolean;
}

const EFFECTS = ["reply", "lost-reply", "reset", "delay", "truncate", "error"] as const;
type EffectKind = (typeof EFFECTS)[number];

const isEffect = (name: string): name is EffectKind => EFFECTS.some((each) => each === name);

interface DrawnFault {
  readonly point: number;
  readonly effect: number;
  readonly skip: number;
  readonly count: number;
  readonly status: number;
  readonly delayMs: number;
}

/** More than the number of times that a broker tries a request. */
const TRIES_EXHAUSTED = 100;

const drawnFault: fc.Arbitrary<DrawnFault> = fc.record({
  point: fc.nat({ max: 999 }),
  effect: fc.nat({ max: 999 }),
  skip: fc.constantFrom(0, 0, 0, 1, 2),
  count: fc.constantFrom(1, 1, 2, 3, TRIES_EXHAUSTED),
  status: fc.constantFrom(500, 502, 503),
  delayMs: fc.integer({ min: 10, max: 1000 }),
});

function effectOf(kind: EffectKind, { status, delayMs }: DrawnFault): FaultRule["effect"] {
  switch (kind) {
    case "reply":
      return { kind, status, body: "" };
    case "delay":
      return { kind, delayMs };
    case "truncate":
      return { kind, bytes: 10 };
    case "error":
      return { kind, message: "the IaaS refused" };
    case "lost-reply":
    case "reset":
      return { kind };
  }
}

function aim(step: ExternalStep, passed: PassedPoints, drawn: DrawnFault): readonly FaultRule[] {
  if (step.do === "kill-broker") return [];
  const points = passed[step.do];
  const target = points[drawn.point % Math.max(1, points.length)];
  const kinds = target?.effects.filter(isEffect) ?? [];
  const kind = kinds[drawn.effect % Math.max(1, kinds.length)];
  if (target === undefined || kind === undefined) return [];
  const { skip, count } = drawn;
  return [{ point: target.point, skip, count, effect: effectOf(kind, drawn) }];
}

const index = fc.nat({ max: 7 });
const STANDING_MAX = 2;
const STEPS_MIN = 2;
const STEPS_MAX = 8;

function stepOf({ plans, canUpdate, canBind, canRestart }: Abilities): fc.Arbitrary<ExternalStep> {
  const provision = fc.record({ do: fc.constant("provision" as const), plan: fc.nat({ max: Math.max(0, plans - 1) }) });
  const weighted: (fc.WeightedArbitrary<ExternalStep> & { readonly applies: boolean })[] = [
    { weight: 4, applies: true, arbitrary: provision },
    {
      weight: 2,
      applies: canUpdate && plans > 1,
      arbitrary: fc.record({
        do: fc.constant("update" as const),
        instance: index,
        plan: fc.nat({ max: Math.max(0, plans - 1) }),
      }),
    },
    { weight: 3, applies: canBind, arbitrary: fc.record({ do: fc.constant("bind" as const), instance: index }) },
    { weight: 2, applies: canBind, arbitrary: fc.record({ do: fc.constant("unbind" as const), binding: index }) },
    { weight: 3, applies: true, arbitrary: fc.record({ do: fc.constant("deprovision" as const), instance: index }) },
    {
      weight: 1,
      applies: canRestart,
      arbitrary: fc.record({ do: fc.constant("kill-broker" as const), downMs: fc.integer({ min: 0, max: 500 }) }),
    },
  ];
  return fc.oneof(...weighted.filter(({ applies }) => applies).map(({ weight, arbitrary }) => ({ weight, arbitrary })));
}

/** Draws plans for a broker. For the same broker that passes the same points, a seed draws the same plan. */
export const externalPlans = (abilities: Abilities, passed: PassedPoints): fc.Arbitrary<ExternalPlan> =>
  fc
    .record({
      standing: fc.array(fc.nat({ max: Math.max(0, abilities.plans - 1) }), {
        minLength: 1,
        maxLength: STANDING_MAX,
        size: "max",
      }),
      steps: fc.array(drawnStep(abilities), { minLength: STEPS_MIN, maxLength: STEPS_MAX, size: "max" }),
    })
    .map(({ standing, steps }) => ({
      standing,
      steps: steps.map(({ step, faults, waits }) => ({
        step,
        waits,
        faults: faults.flatMap((each) => aim(step, passed, each)),
      })),
    }));

const drawnStep = (abilities: Abilities) =>
  fc.record({
    step: stepOf(abilities),
    faults: fc.array(drawnFault, { maxLength: 2, size: "max" }),
    waits: fc.integer({ min: 0, max: 3 }).map((drawn) => drawn > 0),
  });

/** Describes a rule, in one line for a person. */
export const describeRule = ({ point, skip, count, effect: { kind, ...how } }: FaultRule): string =>
  `fault ${kind} at ${point} ${JSON.stringify({ skip, count, ...how })}`;

/** Describes a step, in one line for a person. */
export function describeExternal({ step, waits }: PlannedExternal): string {
  const { do: verb, ...rest } = step;
  const details = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  return `${[verb, ...details].join(" ")}${waits ? ", until it has ended" : ""}`;
}
