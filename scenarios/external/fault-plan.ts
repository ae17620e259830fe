import { setTimeout as sleep } from "node:timers/promises";
import Type, { type Static } from "typebox";
import { parse } from "yaml";
import { type FaultRule, parseRule } from "../../simulators/kernel/index.ts";
import { isOf } from "../clients/answers.ts";
import { parseDuration } from "../load/quantities.ts";
import type { CloudControl } from "./cloud-control.ts";

const Entry = Type.Object({
  at: Type.Optional(Type.String()),
});
const Document = Type.Object({
  /** The seed of the cloud. */
  seed: Type.Optional(Type.Integer({ minimum: 0 })),
  faults: Type.Array(Type.Intersect([Entry, Type.Record(Type.String(), Type.Unknown())]), { minItems: 1 }),
});

/** A rule of a fault plan, and when it is armed. */
export interface TimedFault {
  /** After the traffic has begun, in ms. */
  readonly atMs: number;
  readonly rule: FaultRule;
}

/** A fault plan that hits whatever traffic there is. */
interface FaultPlan {
  readonly seed: number | undefined;
  readonly faults: readonly TimedFault[];
}

/** A fault plan that can't be read. */
class FaultPlanError extends Error {
  readonly code = "FAULT_BAD_PLAN";

  constructor(what: string) {
    super(`FAULT_BAD_PLAN: ${what}`);
    this.name = "FaultPlanError";
  }
}

/** Reads a plan: `faults: [{at: 2s, point: …, effect: {kind: …}, count: 2}]`. @throws FaultPlanError, QuantityError */
export function parseFaultPlan(text: string): FaultPlan {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new FaultPlanError(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
  if (!isOf(Document, document)) throw new FaultPlanError("expected `faults`, a list of rules, and optionally `seed`");
  return { seed: document.seed, faults: document.faults.map(parseEntry) };
}

function parseEntry(entry: Static<typeof Document>["faults"][number], number: number): TimedFault {
  const { at, ...rule } = entry;
  try {
    return { atMs: at === undefined || at === "0s" ? 0 : parseDuration(at), rule: parseRule(rule) };
  } catch (error) {
    throw new FaultPlanError(`fault ${number + 1}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Arms each rule of a plan at its time, until `signal` is aborted. Returns the ids of those that were armed. @throws ScenarioError if a rule is refused */
export async function armInTime(
  { faults }: FaultPlan,
  control: CloudControl,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, TimedFault>> {
  const armed = new Map<number, TimedFault>();
  const begin = performance.now();
  for (const each of faults.toSorted((a, b) => a.atMs - b.atMs)) {
    const leftMs = each.atMs - (performance.now() - begin);
    if (leftMs > 0) await sleep(leftMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return armed;
    armed.set(await control.arm(each.rule), each);
  }
  return armed;
}
