import { isObject } from "../../../client/http/json.ts";
import type { Script } from "./behaviour.ts";
import type { Facts } from "./facts.ts";
import type { Situation } from "./table.ts";
import type { Change } from "./things.ts";

/** Everything that may take time. */
export const EVERYTHING: readonly Change[] = ["provision", "update", "deprovision", "bind", "unbind"];

/** How a deletion is answered if there is nothing to delete. */
export const NOTHING_TO_DELETE = [
  "deprovision: never was",
  "deprovision: gone",
  "unbind: never was",
  "unbind: gone",
] as const satisfies readonly Situation[];

/** How requests are answered while something else is in progress. */
export const BUSY = [
  "provision: busy",
  "update: busy",
  "deprovision: busy",
  "bind: busy",
  "unbind: busy",
] as const satisfies readonly Situation[];

/** How a broker that takes time answers a platform without `accepts_incomplete`. */
export const NEEDS_ASYNC = [
  "provision: needs async",
  "update: needs async",
  "deprovision: needs async",
  "bind: needs async",
  "unbind: needs async",
] as const satisfies readonly Situation[];

/** The same answer in several situations. */
export function inEach(situations: readonly Situation[], script: Script): Partial<Record<Situation, Script>> {
  return Object.fromEntries(situations.map((situation) => [situation, script]));
}

/** Whether a request has parameters that are not empty. */
export function hasParameters({ body }: Facts): boolean {
  const parameters = body?.["parameters"];
  return isObject(parameters) && Object.keys(parameters).length > 0;
}
