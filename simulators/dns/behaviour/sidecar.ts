import type { Service } from "../state/rows.ts";
import type { ServiceFields, SidecarFields } from "../wire/shapes.ts";
import { DefinitionError } from "./check-definitions.ts";
import {
  agentFaults,
  checksOf,
  listErrors,
  serviceChecks,
  type ServiceDefinition,
  serviceOf,
  taggedAddressesOf,
} from "./definitions.ts";
import { metaError } from "./service-errors.ts";

const SUFFIX = "-sidecar-proxy";
const PORT_MIN = 21_000;
const PORT_MAX = 21_255;
const LOOPBACK = "127.0.0.1";
/** How often a check tests whether a sidecar listens, in ns. */
const LISTENING_INTERVAL_NS = 10e9;

/** The id of a service's sidecar. */
export const sidecarId = (service: string): string => service + SUFFIX;

/** The sidecar that a registration asks for with its service; undefined if it asks for none. */
export const sidecarIn = ({ Connect }: ServiceFields): SidecarFields | undefined =>
  Connect?.SidecarService ?? Connect?.sidecar_service;

/** A sidecar for a service, with its checks. `others`: the agent's services. @throws DefinitionError */
export function sidecarOf(service: Service, fields: SidecarFields, others: readonly Service[]): ServiceDefinition {
  const bare = serviceOf(service.node, {
    ...fields,
    Kind: fields.Kind || "connect-proxy",
    Name: fields.Name || sidecarId(service.name),
  });
  const wrongMeta = metaError(bare.meta);
  if (wrongMeta !== undefined) throw new DefinitionError(`Invalid SidecarService: ${wrongMeta}`);
  const id = sidecarId(service.id);
  const address = bare.address || service.address;
  const port = bare.port || freePort(id, others);
  const sidecar: Service = {
    ...bare,
    id,
    address,
    port,
    tags: bare.tags.length === 0 ? service.tags : bare.tags,
    meta: Object.keys(bare.meta ?? {}).length === 0 ? service.meta : bare.meta,
    taggedAddresses: taggedAddressesOf({ TaggedAddresses: fields.TaggedAddresses, Address: address, Port: port }),
    ...(bare.locality === undefined && service.locality !== undefined && { locality: service.locality }),
    proxy: proxyFor(service, bare.proxy ?? {}),
  };
  const wrong = agentFaults(sidecar, port, undefined);
  if (wrong.length > 0) throw new DefinitionError(`Failed Validation: ${listErrors(wrong)}`);
  const given = serviceChecks(sidecar, fields, true, "Invalid check in sidecar_service");
  return { service: sidecar, checks: given.length > 0 ? given : defaultChecks(sidecar, service.id) };
}

function proxyFor(service: Service, given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const proxy: Record<string, unknown> = { ...given };
  proxy.DestinationServiceName ??= service.name;
  proxy.DestinationServiceID ??= service.id;
  const leads = proxy.LocalServiceAddress !== undefined && proxy.LocalServicePort !== undefined;
  if (proxy.LocalServiceSocketPath !== undefined || leads) return proxy;
  if (service.socketPath !== undefined) proxy.LocalServiceSocketPath = service.socketPath;
  else {
    proxy.LocalServiceAddress ??= LOOPBACK;
    if (service.port > 0) proxy.LocalServicePort ??= service.port;
  }
  return proxy;
}

/** The port that a sidecar had, or the first that no other service of the agent has. @throws DefinitionError */
function freePort(id: string, others: readonly Service[]): number {
  const own = others.find((other) => other.id === id && other.port >= PORT_MIN && other.port <= PORT_MAX);
  if (own !== undefined) return own.port;
  const used = new Set(others.map(({ port }) => port));
  for (let port = PORT_MIN; port <= PORT_MAX; port++) if (!used.has(port)) return port;
  throw new DefinitionError(
    `Invalid SidecarService: no port provided for sidecar_service and none left in the configured range [${PORT_MIN}, ${PORT_MAX}]`,
  );
}

const defaultChecks = (sidecar: Service, service: string): ServiceDefinition["checks"] =>
  checksOf(sidecar, [
    {
      Name: "Connect Sidecar Listening",
      TCP: `${sidecar.address || String(sidecar.proxy?.LocalServiceAddress ?? LOOPBACK)}:${sidecar.port}`,
      Interval: LISTENING_INTERVAL_NS,
    },
    { Name: `Connect Sidecar Aliasing ${service}`, AliasService: service },
  ]);
