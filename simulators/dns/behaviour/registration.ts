import { isObject } from "../../kernel/index.ts";
import type { Check, Service } from "../state/rows.ts";
import { durationNs, durationText } from "../wire/duration.ts";
import type { DecodedStruct } from "../wire/json/shape.ts";
import { refuseInternally } from "../wire/refusal.ts";
import type { REGISTERED_CHECK, REGISTERED_SERVICE_TODAY } from "../wire/shapes.ts";
import { addressesByTag, listErrors, olderFaults, rareFieldsOf, serviceFaults } from "./definitions.ts";
import { isAnyAddress, weightsError, weightsOf } from "./service-errors.ts";
import { isGateway, proxyOf } from "./proxy-definitions.ts";

/** A service, as a registration gives it. @throws HttpError 500 in Consul's words */
export function serviceOf(node: string, fields: RegisteredService, isToday: boolean): Service {
  const { Service: name = "", Address: address = "" } = fields;
  const id = fields.ID || name;
  const kind = fields.Kind ?? "";
  const rare = rareFieldsOf(fields);
  const weights = weightsOf(fields.Weights);
  const isProxy = kind === "connect-proxy" || isGateway(kind);
  const service: Service = {
    node,
    id,
    name,
    address,
    port: fields.Port || (rare.ports?.find(({ Default }) => Default)?.Port ?? 0),
    tags: fields.Tags ?? [],
    meta: fields.Meta ?? null,
    // The catalog accepts weights that an agent would refuse, and drops them.
    weights: weightsError(weights) === undefined ? weights : { passing: 1, warning: 1 },
    taggedAddresses: fields.TaggedAddresses === undefined ? null : addressesByTag(fields.TaggedAddresses),
    enableTagOverride: fields.EnableTagOverride ?? false,
    kind,
    native: fields.Connect?.Native ?? false,
    ...(isProxy && { proxy: proxyOf(fields.Proxy ?? {}) }),
    ...rare,
  };
  const older = isToday ? [] : olderFaults(service, undefined);
  const wrong = isToday ? todaysError(service, fields) : older.length > 0 ? listErrors(older) : undefined;
  if (wrong !== undefined) refuseInternally(wrong);
  if (!isToday && id !== "" && name === "") refuseInternally("Must provide service name with ID");
  if (isAnyAddress(address)) refuseInternally("Invalid service address");
  return service;
}

type RegisteredService = DecodedStruct<typeof REGISTERED_SERVICE_TODAY>;

function todaysError(service: Service, fields: RegisteredService): string | undefined {
  const wrong = serviceFaults(service, fields);
  if (wrong.length > 0) return listErrors(wrong);
  if (service.id === "")
    return "service name (Service.Service) is required; both Service ID (Service.ID) and Service Name cannot be empty";
  return service.name === "" ? "Must provide service name (Service.Service) when service ID is provided" : undefined;
}

/** A check as a registration gives it. */
export const checkOf = (node: string, fields: RegisteredCheck, isToday: boolean): Check => ({
  node: fields.Node || node,
  id: fields.CheckID || (fields.Name ?? ""),
  name: fields.Name ?? "",
  status: fields.Status ?? "",
  notes: fields.Notes ?? "",
  output: fields.Output ?? "",
  serviceId: fields.ServiceID ?? "",
  type: fields.Type || checkTypeOf(fields.Definition, isToday),
  definition: definitionOf(fields.Definition),
  ...(isToday && {
    interval: textOf(fields.Interval),
    timeout: textOf(fields.Timeout),
    ...(fields.ExposedPort && { exposedPort: fields.ExposedPort }),
  }),
});

type RegisteredCheck = DecodedStruct<typeof REGISTERED_CHECK> & {
  readonly Interval?: unknown;
  readonly Timeout?: unknown;
  readonly ExposedPort?: number | undefined;
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

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

function checkTypeOf(definition: unknown, isToday: boolean): string {
  if (!isObject(definition)) return "";
  const kinds = isToday ? TYPES_TODAY : TYPES;
  return kinds.find(([name]) => Boolean(definition[name]))?.[1] ?? "";
}

const TYPES: readonly (readonly [member: string, type: string])[] = [
  ["HTTP", "http"],
  ["TCP", "tcp"],
];
const TYPES_TODAY: typeof TYPES = [
  ["GRPC", "grpc"],
  ["HTTP", "http"],
  ["TTL", "ttl"],
  ["TCP", "tcp"],
  ["UDP", "udp"],
  ["AliasNode", "alias"],
  ["AliasService", "alias"],
  ["DockerContainerID", "docker"],
  ["ScriptArgs", "script"],
  ["H2PING", "h2ping"],
  ["OSService", "os_service"],
];
