import { isObject } from "../../kernel/index.ts";
import type { DecodedStruct } from "../wire/json/shape.ts";
import type { PROXY_FIELDS, UPSTREAM_FIELDS } from "../wire/shapes.ts";

type ProxyFields = DecodedStruct<typeof PROXY_FIELDS>;
type UpstreamFields = DecodedStruct<typeof UPSTREAM_FIELDS>;

const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== "" && value !== 0 && value !== false && value !== null;

/** The members that are given. */
const pickGiven = (members: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => isGiven(value)));

/** A proxy, as the catalog keeps it, in Consul's own shape, without defaults. */
export function proxyOf(fields: ProxyFields): Readonly<Record<string, unknown>> {
  const config = fields.Config ?? {};
  return {
    ...pickGiven({
      EnvoyExtensions: fields.EnvoyExtensions ?? fields.envoy_extensions,
      DestinationServiceName: fields.DestinationServiceName || fields.destination_service_name,
      DestinationServiceID: fields.DestinationServiceID || fields.destination_service_id,
      LocalServiceAddress: fields.LocalServiceAddress || fields.local_service_address,
      LocalServicePort: fields.LocalServicePort || fields.local_service_port,
      LocalServiceSocketPath: fields.LocalServiceSocketPath || fields.local_service_socket_path,
      Mode: fields.Mode,
    }),
    ...(Object.keys(config).length > 0 && { Config: config }),
    ...((fields.Upstreams ?? []).length > 0 && { Upstreams: (fields.Upstreams ?? []).map(upstreamOf) }),
    MeshGateway: pickGiven({ Mode: fields.MeshGateway?.Mode ?? fields.mesh_gateway?.Mode }),
    Expose: pickGiven({ Checks: fields.Expose?.Checks, Paths: fields.Expose?.Paths?.map(pickGiven) }),
  };
}

function upstreamOf(fields: UpstreamFields): Readonly<Record<string, unknown>> {
  const config = fields.Config ?? {};
  return {
    DestinationType: fields.DestinationType || fields.destination_type || "service",
    ...pickGiven({ DestinationPeer: fields.DestinationPeer || fields.destination_peer }),
    DestinationName: fields.DestinationName || fields.destination_name || "",
    ...pickGiven({
      Datacenter: fields.Datacenter,
      LocalBindAddress: fields.LocalBindAddress || fields.local_bind_address,
      LocalBindPort: fields.LocalBindPort || fields.local_bind_port,
      LocalBindSocketPath: fields.LocalBindSocketPath || fields.local_bind_socket_path,
      LocalBindSocketMode: fields.LocalBindSocketMode || fields.local_bind_socket_mode,
    }),
    ...(Object.keys(config).length > 0 && { Config: config }),
    MeshGateway: pickGiven({ Mode: fields.MeshGateway?.Mode ?? fields.mesh_gateway?.Mode }),
  };
}

/** The error in a proxy, in Consul's words. */
export function* proxyFaults(proxy: Readonly<Record<string, unknown>>, isNative: boolean): Generator<string> {
  const name = String(proxy.DestinationServiceName ?? "").trim();
  if (name === "") yield "Proxy.DestinationServiceName must be non-empty for Connect proxy services";
  if (name === "*") yield "Proxy.DestinationServiceName must not be a wildcard for Connect proxy services";
  if (isNative) yield "A Proxy cannot also be Connect Native, only typical services";
  yield* upstreamFaults(objectsIn(proxy.Upstreams));
  yield* exposeFaults(isObject(proxy.Expose) ? objectsIn(proxy.Expose.Paths) : []);
}

/** The objects of a list; none for anything else. */
const objectsIn = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

const LOOPBACK = "127.0.0.1";

function* upstreamFaults(upstreams: readonly Readonly<Record<string, unknown>>[]): Generator<string> {
  const [keys, addresses] = [new Set<string>(), new Set<string>()];
  for (const upstream of upstreams) {
    const fault = upstreamFault(upstream);
    if (fault !== undefined) {
      yield fault;
      continue;
    }
    const key = upstreamKey(upstream);
    if (keys.has(key)) {
      yield `upstreams cannot contain duplicates of ${key}`;
      continue;
    }
    keys.add(key);
    const { LocalBindSocketPath: path, LocalBindAddress: host = LOOPBACK, LocalBindPort: port } = upstream;
    const address = path === undefined ? `${String(host)}:${String(port)}` : String(path);
    if (addresses.has(address))
      yield `upstreams cannot contain duplicates by local bind address and port or unix path; "${address}" is specified twice`;
    addresses.add(address);
  }
}

const upstreamKey = ({ DestinationType, DestinationName, Datacenter }: Readonly<Record<string, unknown>>): string =>
  `${DestinationType === "service" ? "" : `${String(DestinationType)}:`}${String(DestinationName)}${Datacenter === undefined ? "" : `?dc=${String(Datacenter)}`}`;

function upstreamFault(upstream: Readonly<Record<string, unknown>>): string | undefined {
  const { DestinationType: type, DestinationName: name, DestinationPeer, Datacenter } = upstream;
  const { LocalBindPort, LocalBindSocketPath } = upstream;
  if (type !== "service" && type !== "prepared_query") return `unknown upstream destination type: "${String(type)}"`;
  if (name === "") return "upstream destination name cannot be empty";
  if (name === "*") return "upstream destination name cannot be a wildcard";
  if (DestinationPeer !== undefined && Datacenter !== undefined)
    return "upstream cannot specify both destination peer and datacenter";
  if (LocalBindPort === undefined && LocalBindSocketPath === undefined)
    return "upstream local bind port or local socket path must be defined and nonzero";
  return LocalBindPort !== undefined && LocalBindSocketPath !== undefined
    ? "only one of upstream local bind port or local socket path can be defined and nonzero"
    : undefined;
}

const PORT_MAX = 65_535;

function* exposeFaults(paths: readonly Readonly<Record<string, unknown>>[]): Generator<string> {
  const ports = new Set<number>();
  for (const { Path = "", ListenerPort = 0, Protocol = "" } of paths) {
    const [path, port, protocol] = [String(Path), Number(ListenerPort), String(Protocol).toLowerCase()];
    if (path === "") yield "expose.paths: empty path exposed";
    if (ports.has(port)) yield "expose.paths: duplicate listener ports exposed";
    ports.add(port);
    if (port <= 0 || port > PORT_MAX) yield `expose.paths: invalid listener port: ${port}`;
    if (!["", "http", "http2"].includes(protocol))
      yield `protocol '${protocol}' not supported for path: ${path}, must be in: [http http2]`;
  }
}

const GATEWAYS = ["mesh-gateway", "terminating-gateway", "ingress-gateway", "api-gateway"];
/** Whether services of this kind lead into or out of the mesh. */
export const isGateway = (kind: string): boolean => GATEWAYS.includes(kind);

const NOT_OF_GATEWAYS = [
  "DestinationServiceName",
  "DestinationServiceID",
  "LocalServiceAddress",
  "LocalServicePort",
  "LocalServiceSocketPath",
  "Upstreams",
];

/** The error in a gateway, in Consul's words. */
export function* gatewayFaults(
  kind: string,
  port: number,
  proxy: Readonly<Record<string, unknown>>,
  hasSidecar: boolean,
): Generator<string> {
  if (port === 0 && kind !== "ingress-gateway" && kind !== "api-gateway") yield `Port must be non-zero for a ${kind}`;
  if (hasSidecar) yield `A ${kind} cannot have a sidecar service defined`;
  for (const name of NOT_OF_GATEWAYS)
    if (proxy[name] !== undefined) yield `The Proxy.${name} configuration is invalid for a ${kind}`;
}
