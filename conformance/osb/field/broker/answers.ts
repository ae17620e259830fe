import { isObject } from "../../../client/http/json.ts";
import type { Script } from "./behaviour.ts";
import type { Facts } from "./facts.ts";
import type { Situation } from "./table.ts";
import type { Change } from "./things.ts";

/** Everything that can take time. */
export const EVERYTHING: readonly Change[] = ["provision", "update", "deprovision", "bind", "unbind"];

/** What a deletion finds when there is nothing to delete. */
export const NOTHING_TO_DELETE = [
  "deprovision: never was",
  "deprovision: gone",
  "unbind: never was",
  "unbind: gone",
] as const satisfies readonly Situation[];

/** What comes while something else is in progress. */
export const BUSY = [
  "provision: busy",
  "update: busy",
  "deprovision: busy",
  "bind: busy",
  "unbind: busy",
] as const satisfies readonly Situation[];

/** A platform that gave no `accepts_incomplete` to a broker that takes time. */
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
