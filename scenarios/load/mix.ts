import { QuantityError } from "./quantities.ts";

/** The operations that a platform orders under load. */
export const LOAD_OPERATIONS = ["catalog", "provision", "fetch", "update", "bind", "unbind", "deprovision"] as const;
/** One of these operations. */
export type LoadOperation = (typeof LOAD_OPERATIONS)[number];

/** How often each operation is ordered, as weights. */
type Mix = Readonly<Partial<Record<LoadOperation, number>>>;

/** Operations that need an instance on which nothing is in progress. */
const ON_INSTANCES: ReadonlySet<LoadOperation> = new Set(["fetch", "update", "bind", "unbind", "deprovision"]);

/** Whether a mix needs instances that exist from the start. */
export const needsInstances = (mix: Mix): boolean =>
  LOAD_OPERATIONS.some((each) => ON_INSTANCES.has(each) && (mix[each] ?? 0) > 0);

const isOperation = (name: string): name is LoadOperation => LOAD_OPERATIONS.some((each) => each === name);

/** Reads a mix such as `provision=2,bind=5`; a name without a weight weighs 1. @throws QuantityError */
export function parseMix(text: string): Mix {
  const expected = `weights of ${LOAD_OPERATIONS.join(", ")}, such as provision=2,bind=5`;
  const mix: Partial<Record<LoadOperation, number>> = {};
  for (const part of text.split(",")) {
    const [name = "", weight = "1"] = part.trim().split("=");
    if (!isOperation(name) || !/^\d+(\.\d+)?$/.test(weight)) throw new QuantityError("the mix", text, expected);
    mix[name] = (mix[name] ?? 0) + Number(weight);
  }
  if (Object.values(mix).every((weight) => weight === 0)) throw new QuantityError("the mix", text, expected);
  return mix;
}

/** Draws an operation by its weight. @param drawn a number from 0 to below 1 */
export function drawOperation(mix: Mix, drawn: number): LoadOperation {
  const weighted = LOAD_OPERATIONS.filter((each) => (mix[each] ?? 0) > 0);
  let rest = drawn * weighted.reduce((sum, each) => sum + (mix[each] ?? 0), 0);
  for (const each of weighted) {
    rest -= mix[each] ?? 0;
    if (rest < 0) return each;
  }
  const last = weighted.at(-1);
  if (last === undefined) throw new RangeError("a mix without operations");
  return last;
}
