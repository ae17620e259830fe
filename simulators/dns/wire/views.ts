import type { LocalCheck } from "../behaviour/local-check.ts";
import type { CheckRow, Meta, NodeRow, Service, ServiceRow } from "../state/rows.ts";
import type { SessionRow } from "../state/sessions.ts";

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
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

const weights = ({ weights: { passing, warning } }: Service): View => ({ Passing: passing, Warning: warning });
const PROXY = { MeshGateway: {}, Expose: {} };
const connect = ({ native }: Service): View => (native ? { Native: true } : {});

/** A service of a node. Some endpoints show no tags as null. */
export const serviceView = (row: ServiceRow, noTags: readonly string[] | null = []): View => ({
  ...(row.kind !== "" && { Kind: row.kind }),
  ID: row.id,
  Service: row.name,
  Tags: row.tags.length === 0 ? noTags : row.tags,
  Address: row.address,
  ...(!isEmpty(row.taggedAddresses) && { TaggedAddresses: row.taggedAddresses }),
  Meta: orNull(row.meta),
  Port: row.port,
  Weights: weights(row),
  EnableTagOverride: row.enableTagOverride,
  Proxy: PROXY,
  Connect: connect(row),
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

/** An instance in the catalog: its node's fields beside its own. */
export const catalogServiceView = (node: NodeRow, row: ServiceRow, datacenter: string): View => ({
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
  ServiceEnableTagOverride: row.enableTagOverride,
  ServiceProxy: PROXY,
  ServiceConnect: connect(row),
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

/** A check. Some endpoints show no tags as null. */
export const checkView = (row: CheckRow, noTags: readonly string[] | null = []): View => ({
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
  Definition: row.definition ?? {},
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

/** A service as its own agent knows it. */
export const agentServiceView = (service: Service): View => ({
  ...(service.kind !== "" && { Kind: service.kind }),
  ID: service.id,
  Service: service.name,
  Tags: service.tags,
  Meta: sortMembers(service.meta) ?? {},
  Port: service.port,
  Address: service.address,
  ...(!isEmpty(service.taggedAddresses) && { TaggedAddresses: service.taggedAddresses }),
  Weights: weights(service),
  EnableTagOverride: service.enableTagOverride,
});

/** A check as its agent knows it. */
export const localCheckView = ({ check, serviceName, serviceTags }: LocalCheck): View =>
  checkView({ ...check, serviceName, serviceTags, createIndex: 0, modifyIndex: 0 });

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

/** A check as part of the health of an agent's service: without tags and type. */
export const bareCheckView = ({ check, serviceName }: LocalCheck): View => ({
  ...checkView({ ...check, serviceName, serviceTags: [], type: "", createIndex: 0, modifyIndex: 0 }, null),
  Definition: NO_DEFINITION,
});

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
