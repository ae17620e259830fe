import { bodyJson } from "../../kernel/index.ts";
import { isHash } from "../configs/fields.ts";
import type { RequestContext } from "./context.ts";

/**
 * Input that the director's own handler did not foresee: Ruby raises an exception, and its framework answers
 * `broken`.
 */
export class Unforeseen extends Error {}

/** For the right-hand side of `??`. @throws Unforeseen */
export function raiseUnforeseen(): never {
  throw new Unforeseen();
}

/** Whether there is no value. JSON's null counts as no value. */
export const isNil = (value: unknown): value is null | undefined => value === undefined || value === null;

/**
 * A body that must be a JSON object; `undefined` if it can't be parsed or has no names to look up, which most
 * routes answer with 500. In Ruby, looking up a name in a text gives nil.
 */
export function jsonObject({ request }: RequestContext): Readonly<Record<string, unknown>> | undefined {
  const body = bodyJson(request);
  if (!body.ok) return undefined;
  if (typeof body.value === "string") return {};
  return isHash(body.value) ? body.value : undefined;
}
