import { badValue, schemaViolation } from "./errors.ts";
import { type Coercion, domain, integerFrom, typeOf } from "./fields.ts";

/*
 * The name servers of a pool, as designate/objects/pool_ns_record.py of Zed converts and refuses them.
 */

const NS_PRIORITY_MAX = 10_000;

/** One name server of a pool. @throws Refusal 400 */
function nsRecord(value: unknown, at: number): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badValue("AttributeError", `'${typeOf(value)}' object has no attribute 'items'`);
  const { hostname, priority } = Object.fromEntries(Object.entries(value));
  const shown = { hostname: hostname === undefined ? undefined : domain(hostname, "hostname"), priority };
  if (priority !== undefined) shown.priority = integerFrom(1, NS_PRIORITY_MAX)(priority, "priority");
  for (const name of ["priority", "hostname"] as const)
    if (shown[name] === undefined)
      throw schemaViolation([name, "records", at], `'${name}' is a required property`, "required", [name]);
  return shown;
}

/** The name servers of a pool. */
export const nsRecords: Coercion = (value) => {
  if (value === null || typeof value === "number" || typeof value === "boolean")
    throw badValue("TypeError", `'${typeOf(value)}' object is not iterable`);
  const items: readonly unknown[] =
    typeof value === "string" ? Array.from(value) : Array.isArray(value) ? value : Object.keys(value ?? {});
  return items.map(nsRecord);
};
