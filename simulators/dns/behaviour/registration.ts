import { isObject } from "../../kernel/index.ts";
import type { Check, Service } from "../state/rows.ts";
import { durationNs, durationText } from "../wire/duration.ts";
import type { DecodedStruct } from "../wire/json/shape.ts";
import { refuseInternally } from "../wire/refusal.ts";
import type { REGISTERED_CHECK, REGISTERED_SERVICE } from "../wire/shapes.ts";
import { addressesByTag, isAnyAddress, weightsError, weightsOf } from "./definitions.ts";

/** A service as a registration gives it. @throws HttpError 500 in Consul's words */
export function serviceOf(node: string, fields: DecodedStruct<typeof REGISTERED_SERVICE>): Service {
  const { Service: name = "", Address: address = "" } = fields;
  const id = fields.ID || name;
  if (id !== "" && name === "") refuseInternally("Must provide service name with ID");
  if (isAnyAddress(address)) refuseInternally("Invalid service address");
  const weights = weightsOf(fields.Weights);
  return {
    node,
    id,
    name,
    address,
    port: fields.Port ?? 0,
    tags: fields.Tags ?? [],
    meta: fields.Meta ?? null,
    // The catalog accepts weights that an agent would refuse, and drops them.
    weights: weightsError(weights) === undefined ? weights : { passing: 1, warning: 1 },
    taggedAddresses: fields.TaggedAddresses === undefined ? null : addressesByTag(fields.TaggedAddresses),
    enableTagOverride: fields.EnableTagOverride ?? false,
    kind: fields.Kind ?? "",
    native: fields.Connect?.Native ?? false,
  };
}

/** A check as a registration gives it. */
export const checkOf = (node: string, fields: DecodedStruct<typeof REGISTERED_CHECK>): Check => ({
  node: fields.Node || node,
  id: fields.CheckID || (fields.Name ?? ""),
  name: fields.Name ?? "",
  status: fields.Status ?? "",
  notes: fields.Notes ?? "",
  output: fields.Output ?? "",
  serviceId: fields.ServiceID ?? "",
  type: fields.Type || checkTypeOf(fields.Definition),
  definition: definitionOf(fields.Definition),
});

const DURATIONS = ["Interval", "Timeout", "DeregisterCriticalServiceAfter"];
const DEFAULTS = new Set<unknown>(["", "0s", 0, false, null, undefined]);

/** A definition as the catalog shows it: without defaults, durations in Go's form. */
function definitionOf(given: unknown): Readonly<Record<string, unknown>> {
  const entries = Object.entries(given ?? {}).map(([key, value]: [string, unknown]) => {
    const ns = DURATIONS.includes(key) && typeof value === "string" ? durationNs(value) : undefined;
    return [key, ns === undefined ? value : durationText(ns)] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => !DEFAULTS.has(value)));
}

function checkTypeOf(definition: unknown): string {
  if (!isObject(definition)) return "";
  return definition.HTTP ? "http" : definition.TCP ? "tcp" : "";
}
