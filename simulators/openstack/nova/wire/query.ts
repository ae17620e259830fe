import { failureMessage } from "./body.ts";
import { badRequest } from "./errors.ts";
import { FORMATS } from "./formats.ts";
import type { NovaCall } from "./request.ts";
import { repr } from "../../python/repr.ts";
import { type Schema, validate } from "../../schema/index.ts";

/** Checks a query: each parameter's schema is for one of its values. @throws Refusal 400 */
export function checkQuery(call: NovaCall, properties: Readonly<Record<string, Schema>>, strictFrom = 999): void {
  for (const name in properties) {
    for (const value of call.query.getAll(name)) {
      const failure = validate({ properties }, { [name]: value }, FORMATS);
      if (failure !== undefined) throw badRequest(failureMessage(failure, "query parameters"));
    }
  }
  if (call.version < strictFrom) return;
  const unknown = [...new Set(call.query.keys())].filter((name) => !Object.hasOwn(properties, name));
  if (unknown.length === 0) return;
  const verb = unknown.length === 1 ? "was" : "were";
  throw badRequest(`Additional properties are not allowed (${unknown.map(repr).join(", ")} ${verb} unexpected)`);
}

/** The requested page size, clamped as the service does. */
const LIMIT_MAX = 1000;
/** The requested page size, clamped as the service does. */
export function pageSize({ query }: NovaCall): number {
  const asked = query.getAll("limit").at(-1);
  return asked === undefined || asked === "" ? LIMIT_MAX : Math.min(LIMIT_MAX, Number(asked));
}
