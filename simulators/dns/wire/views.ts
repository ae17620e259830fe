import type { LocalCheck } from "../behaviour/local-check.ts";
import type { CheckRow, Meta, NodeRow, Service, ServiceRow } from "../state/rows.ts";
import type { SessionRow } from "../state/sessions.ts";

/** How a release shows objects. */
export interface ViewStyle {
  readonly isToday: boolean;
  /** The datacenter of the agent. */
  readonly datacenter: string;
}

/** Objects as Consul's API shows them, with members in its order. */
type View = Readonly<Record<string, unknown>>;

const sortMembers = (meta: Readonly<Record<string, unknown>> | null): View | null =>
  meta === null ? null : Object.fromEntries(Object.entries(meta).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
const isEmpty = (meta: Readonly<Record<string, unknown>> | null): boolean =>
  meta === null || Object.keys(meta).length === 0;
const orNull = (meta: Meta): View | null => (isEmpty(meta) ? null : sortMembers(meta));

/** A node. */
export const nodeView = (row: NodeRow, datacenter: string): View => ({
  ID: row.id,
  Node: row.name,
  Address: row.address,
  Datacenter: datacenter,
  TaggedAddresses: sortMembers(row.taggedAddresses),
  Meta: orNull(row.meta),
  ...(row.peer !== undefined && { PeerName: row.peer }),
  ...(row.locality !== undefined && { Locality: row.locality }),
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

const weights = ({ weights: { passing, warning } }: Service): View => ({ Passing: passing, Warning: warning });
const PROXY = { MeshGateway: {}, Expose: {} };
const PROXY_TODAY = { Mode: "", ...PROXY };
/** The proxy settings of a service. */
const proxyView = ({ proxy }: Service, { isToday }: ViewStyle): View =>
  proxy === undefined
    ? isToday
      ? PROXY_TODAY
      : PROXY
    : isToday
      ? proxyMembers(proxy)
      : { ...PROXY, ...agentProxyView(proxy) };

const PROXY_MEMBERS = [
  "DestinationServiceName",
  "DestinationServiceID",
  "LocalServiceAddress",
  "LocalServicePort",
  "LocalServiceSocketPath",
  "Mode",
  "Config",
  "Upstreams",
  "MeshGateway",
  "Expose",
  "TransparentProxy",
  "AccessLogs",
  "MutualTLSMode",
];

/** The members of a proxy in Consul's order, including those that are always present. */
function proxyMembers(proxy: Readonly<Record<string, unknown>>): View {
  const full: Record<string, unknown> = { ...PROXY_TODAY, ...proxy };
  return Object.fromEntries(PROXY_MEMBERS.filter((name) => full[name] !== undefined).map((name) => [name, full[name]]));
}

const connect = ({ native }: Service): View => (native ? { Native: true } : {});

/** Members of a service that today's release added and that most services lack. */
const rareMembers = ({ socketPath, ports, locality }: Service): View => ({
  ...(socketPath !== undefined && { SocketPath: socketPath }),
  ...(ports !== undefined && { Ports: ports }),
  ...(locality !== undefined && { Locality: locality }),
});

/** A service of a node. Some endpoints show no tags as null. */
export const serviceView = (row: ServiceRow, style: ViewStyle, noTags: readonly string[] | null = []): View => ({
  ...(row.kind !== "" && { Kind: row.kind }),
  ID: row.id,
  Service: row.name,
  Tags: row.tags.length === 0 ? noTags : row.tags,
  Address: row.address,
  ...(!isEmpty(row.taggedAddresses) && { TaggedAddresses: row.taggedAddresses }),
  Meta: orNull(row.meta),
  ...(!(style.isToday && row.port === 0) && { Port: row.port }),
  ...rareMembers(row),
  Weights: weights(row),
  EnableTagOverride: row.enableTagOverride,
  Proxy: proxyView(row, style),
  Connect: connect(row),
  ...(style.isToday && { PeerName: row.peer ?? "" }),
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

/** An instance in the catalog: its node's fields beside its own. */
export const catalogServiceView = (node: NodeRow, row: ServiceRow, datacenter: string, style: ViewStyle): View => ({
  ID: node.id,
  Node: node.name,
  Address: node.address,
  Datacenter: datacenter,
  TaggedAddresses: sortMembers(node.taggedAddresses),
  NodeMeta: orNull(node.meta),
  ServiceKind: row.kind,
  ServiceID: row.id,
  ServiceName: row.name,
  ServiceTags: row.tags,
  ServiceAddress: row.address,
  ...(!isEmpty(row.taggedAddresses) && { ServiceTaggedAddresses: row.taggedAddresses }),
  ServiceWeights: weights(row),
  ServiceMeta: sortMembers(row.meta) ?? {},
  ServicePort: row.port,
  ...(style.isToday && {
    ServicePorts: row.ports ?? null,
    ServiceSocketPath: row.socketPath ?? "",
    ServiceLocality: row.locality ?? null,
  }),
  ServiceEnableTagOverride: row.enableTagOverride,
  ServiceProxy: proxyView(row, style),
  ServiceConnect: connect(row),
  ...(row.peer !== undefined && { PeerName: row.peer }),
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

/** A check. Some endpoints show no tags as null. */
export const checkView = (row: CheckRow, style: ViewStyle, noTags: readonly string[] | null = []): View => ({
  Node: row.node,
  CheckID: row.id,
  Name: row.name,
  Status: row.status,
  Notes: row.notes,
  Output: row.output,
  ServiceID: row.serviceId,
  ServiceName: row.serviceName,
  ServiceTags: row.serviceTags.length === 0 ? noTags : row.serviceTags,
  Type: row.type,
  ...(style.isToday && {
    Interval: row.interval ?? "",
    Timeout: row.timeout ?? "",
    ExposedPort: row.exposedPort ?? 0,
    ...(row.peer !== undefined && { PeerName: row.peer }),
  }),
  Definition: row.definition ?? {},
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

/** A service as its own agent knows it. */
export const agentServiceView = (service: Service, { isToday, datacenter }: ViewStyle): View => ({
  ...(service.kind !== "" && { Kind: service.kind }),
  ID: service.id,
  Service: service.name,
  Tags: service.tags,
  Meta: sortMembers(service.meta) ?? {},
  Port: service.port,
  Address: service.address,
  ...(isToday && rareMembers(service)),
  ...(!isEmpty(service.taggedAddresses) && { TaggedAddresses: service.taggedAddresses }),
  Weights: weights(service),
  EnableTagOverride: service.enableTagOverride,
  ...(service.proxy !== undefined && { Proxy: agentProxyView(service.proxy) }),
  ...(service.native && { Connect: { Native: true } }),
  ...(isToday && { Datacenter: datacenter }),
});

/** A proxy as its own agent shows it: without defaults. */
const agentProxyView = (proxy: Readonly<Record<string, unknown>>): View => {
  const { Mode, ...members } = proxyMembers(proxy);
  return { ...members, ...(Mode !== "" && { Mode }) };
};

/** A check as its agent knows it. */
export const localCheckView = ({ check, serviceName, serviceTags }: LocalCheck, style: ViewStyle): View =>
  checkView({ ...check, serviceName, serviceTags, createIndex: 0, modifyIndex: 0 }, style);

const NO_DEFINITION = {
  Interval: "0s",
  Timeout: "0s",
  DeregisterCriticalServiceAfter: "0s",
  HTTP: "",
  Header: null,
  Method: "",
  Body: "",
  TLSSkipVerify: false,
  TCP: "",
};
const NO_DEFINITION_TODAY = {
  ...NO_DEFINITION,
  TLSServerName: "",
  TCPUseTLS: false,
  UDP: "",
  GRPC: "",
  OSService: "",
  GRPCUseTLS: false,
};

/** A check as part of the health of an agent's service: without tags, type and times. */
export function bareCheckView({ check, serviceName }: LocalCheck, style: ViewStyle): View {
  const full = checkView(
    { ...check, serviceName, serviceTags: [], type: "", createIndex: 0, modifyIndex: 0 },
    style,
    null,
  );
  const { Interval: _interval, Timeout: _timeout, ...bare } = full;
  return { ...bare, Definition: style.isToday ? NO_DEFINITION_TODAY : NO_DEFINITION };
}

/** A session. */
export const sessionView = (row: SessionRow): View => ({
  ID: row.id,
  Name: row.name,
  Node: row.node,
  LockDelay: row.lockDelayNs,
  Behavior: row.behavior,
  TTL: row.ttl,
  NodeChecks: row.nodeChecks,
  ServiceChecks: row.serviceChecks,
  ...(row.checks !== null && { Checks: row.checks }),
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});
