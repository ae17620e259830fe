import { byKey, isObject } from "../../kernel/index.ts";
import { decodeJson } from "../wire/json/decode.ts";
import type { Service, ServiceAddress, ServicePort } from "../state/rows.ts";
import { addressBytes } from "../wire/codec/address.ts";
import { SERVICE, type ServiceFields, type SidecarFields } from "../wire/shapes.ts";
import { type CheckFields, NODE_CHECK } from "../wire/check-shapes.ts";
import { checkError, checkTypeOf, DefinitionError, isScript, isStatus, localCheck } from "./check-definitions.ts";
import type { LocalCheck } from "./local-check.ts";
import { gatewayFaults, isGateway, proxyFaults, proxyOf } from "./proxy-definitions.ts";
import { metaError, weightsError, weightsOf, isAnyAddress, portsError } from "./service-errors.ts";

/** A service of an agent with its checks. */
export interface ServiceDefinition {
  readonly service: Service;
  readonly checks: readonly LocalCheck[];
}

type AnyServiceFields = Omit<SidecarFields, "Connect"> & {
  readonly Connect?: { readonly Native?: boolean | undefined } | undefined;
};

/** Ports, with defaults for what is left out; absent if none are given. */
const portsOf = ({ Ports: ports = [] }: Pick<ServiceFields, "Ports">): readonly ServicePort[] | undefined =>
  ports.length === 0 ? undefined : ports.map(({ Name = "", Port = 0, Default = false }) => ({ Name, Port, Default }));

/** Region and zone, if given. */
export function localityOf(given: ServiceFields["Locality"]): Readonly<Record<string, string>> | undefined {
  if (given === undefined) return undefined;
  const { Region, Zone } = given;
  return { ...(Region && { Region }), ...(Zone && { Zone }) };
}

/** Members that most services lack. */
export const rareFieldsOf = (
  fields: Pick<ServiceFields, "Ports" | "SocketPath" | "Locality">,
): Pick<Service, "ports" | "socketPath" | "locality"> => {
  const [ports, locality] = [portsOf(fields), localityOf(fields.Locality)];
  return {
    ...(ports && { ports }),
    ...(fields.SocketPath && { socketPath: fields.SocketPath }),
    ...(locality && { locality }),
  };
};

/** A service from a decoded registration, unchecked. */
export function serviceOf(node: string, fields: AnyServiceFields): Service {
  const name = fields.Name ?? "";
  const kind = fields.Kind ?? "";
  const isProxy = kind === "connect-proxy" || isGateway(kind);
  const rare = rareFieldsOf(fields);
  return {
    node,
    id: fields.ID || name,
    name,
    address: fields.Address ?? "",
    port: fields.Port || (rare.ports?.find(({ Default }) => Default)?.Port ?? 0),
    tags: fields.Tags ?? [],
    meta: fields.Meta ?? null,
    weights: weightsOf(fields.Weights),
    taggedAddresses: taggedAddressesOf(fields),
    enableTagOverride: fields.EnableTagOverride ?? fields.enable_tag_override ?? false,
    kind,
    native: fields.Connect?.Native ?? false,
    ...(isProxy && { proxy: proxyOf(fields.Proxy ?? {}) }),
    ...rare,
  };
}

/** A service and its checks from a decoded registration. @throws DefinitionError */
export function readService(node: string, fields: ServiceFields, isToday: boolean): ServiceDefinition {
  const service = serviceOf(node, fields);
  const wrong = serviceError(service, fields, isToday);
  if (wrong !== undefined) throw new DefinitionError(wrong);
  return { service, checks: serviceChecks(service, fields, isToday) };
}

/** The error in a service, in Consul's words. */
function serviceError(service: Service, fields: ServiceFields, isToday: boolean): string | undefined {
  if (service.name === "") return "Missing service name";
  if (isAnyAddress(service.address)) return "Invalid service address";
  const wrongWeights = weightsError(service.weights);
  if (wrongWeights !== undefined) return `Invalid Weights: ${wrongWeights}`;
  const wrongMeta = metaError(service.meta);
  if (wrongMeta !== undefined) return `Invalid Service Meta: ${wrongMeta}`;
  const wrong = isToday ? serviceFaults(service, fields) : olderFaults(service, fields.Connect);
  return wrong.length === 0 ? undefined : (isToday ? "Validation failed: " : "") + listErrors(wrong);
}

/** Several errors in one text, as Consul's library lists them. */
export const listErrors = (wrong: readonly string[]): string =>
  `${wrong.length} error${wrong.length === 1 ? "" : "s"} occurred:\n${wrong.map((why) => `\t* ${why}\n`).join("")}\n`;

function proxyErrors({ kind, port, proxy }: Service): readonly string[] {
  if (kind !== "connect-proxy") return [];
  return [
    ...(proxy?.DestinationServiceName === undefined
      ? ["Proxy.DestinationServiceName must be non-empty for Connect proxy services"]
      : []),
    ...(port === 0 ? ["Port must be set for a Connect proxy"] : []),
  ];
}

/** Everything that the older release finds wrong with a service beside its name, address, weights and metadata. */
export function olderFaults(service: Service, connect: ServiceFields["Connect"]): readonly string[] {
  const { kind, port, proxy = {} } = service;
  const hasSidecar = connect?.SidecarService !== undefined;
  return isGateway(kind) ? [...gatewayFaults(kind, port, proxy, hasSidecar)] : proxyErrors(service);
}

/** Everything that today's release finds wrong with a service beside its name, address, weights and metadata. */
export function serviceFaults(
  service: Service,
  { Port = 0, Connect }: Pick<ServiceFields, "Port" | "Connect">,
): readonly string[] {
  const { kind, ports = [], socketPath, locality } = service;
  const wrong: string[] = [];
  if (locality?.Zone !== undefined && locality.Region === undefined) wrong.push("zone cannot be set without region");
  if (kind === "connect-proxy") {
    if (ports.length > 0) wrong.push(`Ports cannot be set for a ${kind}`);
    if (Port === 0 && socketPath === undefined) wrong.push(`Port or SocketPath must be set for a ${kind}`);
  }
  wrong.push(...agentFaults(service, Port, Connect));
  if (ports.length > 0 && Port !== 0) wrong.push("Cannot set both Port and Ports");
  const wrongPorts = portsError(ports);
  if (wrongPorts !== undefined) wrong.push(wrongPorts);
  return wrong;
}

/** An agent's objection to a registration, including its sidecar. */
export function agentFaults(service: Service, port: number, connect: ServiceFields["Connect"]): readonly string[] {
  const { kind, proxy = {}, ports = [], socketPath, native } = service;
  const wrong: string[] = [];
  const sidecar = connect?.SidecarService ?? connect?.sidecar_service;
  if (kind === "connect-proxy") wrong.push(...proxyFaults(proxy, native));
  if (isGateway(kind)) {
    if (ports.length > 0) wrong.push(`Ports cannot be set for a ${kind}`);
    wrong.push(...gatewayFaults(kind, port, proxy, sidecar !== undefined));
  }
  if (sidecar?.ID) wrong.push("A SidecarService cannot specify an ID as this is managed by the agent");
  if ((sidecar?.Connect?.SidecarService ?? sidecar?.Connect?.sidecar_service) !== undefined)
    wrong.push("A SidecarService cannot have a nested SidecarService");
  if (native && port === 0 && socketPath === undefined && ports.length === 0)
    wrong.push("Port or SocketPath must be set for a Connect native service.");
  return wrong;
}

/** Addresses by tag, exactly as given. */
export const addressesByTag = (given: ServiceFields["TaggedAddresses"] = {}): Record<string, ServiceAddress> =>
  Object.fromEntries(
    Object.entries(given).map(([tag, { Address = "", Port = 0 }]) => [tag, { Address, Port }] as const),
  );

/** The addresses that a service gives by tag, and those that its own address implies. */
export function taggedAddressesOf(
  fields: Pick<ServiceFields, "TaggedAddresses" | "tagged_addresses" | "Address" | "Port">,
): Service["taggedAddresses"] {
  const { Address: address = "", Port: port = 0 } = fields;
  const tagged = addressesByTag(fields.TaggedAddresses ?? fields.tagged_addresses);
  const bytes = addressBytes(address);
  if (bytes !== undefined) {
    const family = bytes.length === 4 ? "ipv4" : "ipv6";
    for (const tag of [`lan_${family}`, `wan_${family}`]) tagged[tag] ??= { Address: address, Port: port };
  }
  const entries = Object.entries(tagged).sort(byKey);
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

type ServiceCheckFields = NonNullable<ServiceFields["Check"]>;

/** The checks of a service; empty ones count as none. */
const givenChecks = ({
  Check = {},
  Checks = [],
}: Pick<ServiceFields, "Check" | "Checks">): readonly ServiceCheckFields[] =>
  [Check, ...Checks].filter((check) => Object.keys(check).length > 0);

/** The checks of a service. `where` names their place in refusals. @throws DefinitionError */
export function serviceChecks(
  service: Service,
  fields: Pick<ServiceFields, "Check" | "Checks">,
  isToday: boolean,
  where = "Invalid check",
): readonly LocalCheck[] {
  const checks = givenChecks(fields);
  for (const check of checks) {
    const wrong = checkError(check, isToday);
    if (wrong !== undefined) throw new DefinitionError(`${where}: ${wrong}`);
  }
  if (checks.some(({ Status = "" }) => Status !== "" && !isStatus(Status)))
    throw new DefinitionError("Status for checks must 'passing', 'warning', 'critical'");
  return checksOf(service, checks);
}

/** Checks with the names that a service gives them. */
export const checksOf = (
  service: Service,
  checks: readonly (CheckFields & { readonly CheckID?: string | undefined })[],
): readonly LocalCheck[] =>
  checks.map((check, at) => {
    const number = checks.length > 1 ? `:${at + 1}` : "";
    const id = check.CheckID || `service:${service.id}${number}`;
    const name = check.Name || `Service '${service.name}' check`;
    return localCheck(service.node, id, name, check, service, checkTypeOf(check), true);
  });

/** Whether a service has a check that runs a script. */
export const hasScript = (fields: ServiceFields): boolean => givenChecks(fields).some(isScript);

/** Keys of configuration files: those of the API, with underscores. */
function dropUnderscores(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropUnderscores);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.replaceAll("_", ""), dropUnderscores(member)]),
  );
}

/** A service of the agent's configuration. @throws DefinitionError, JsonError */
export const configuredService = (
  node: string,
  given: Readonly<Record<string, unknown>>,
  isToday: boolean,
): ServiceDefinition => readService(node, decodeJson(JSON.stringify(dropUnderscores(given)), SERVICE) ?? {}, isToday);

/** A check of the agent's configuration; like the real one, it has no type. @throws DefinitionError, JsonError */
export function configuredCheck(node: string, given: Readonly<Record<string, unknown>>, isToday: boolean): LocalCheck {
  const fields = decodeJson(JSON.stringify(dropUnderscores(given)), NODE_CHECK) ?? {};
  const wrong = checkError(fields, isToday);
  if (wrong !== undefined) throw new DefinitionError(`Invalid check: ${wrong}`);
  const { Name: name = "" } = fields;
  return localCheck(node, fields.ID || name, name, fields, undefined, "");
}
