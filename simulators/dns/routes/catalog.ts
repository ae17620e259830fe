import type { HttpReply, Route } from "../../kernel/index.ts";
import { isAnyAddress, str, weightsError, weightsOf } from "../behaviour/definitions.ts";
import { CONNECT, SERVICE_ADDRESSES, WEIGHTS } from "../behaviour/shapes.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { durationNs, durationText } from "../wire/duration.ts";
import {
  ANY,
  BOOL,
  DURATION,
  type Fields,
  INT,
  type Shape,
  STRING,
  STRINGS,
  type Struct,
  TEXTS,
} from "../wire/json/decode.ts";
import type { Authorizer } from "../state/acl-rules.ts";
import type { Check, Meta, NodeRow, Service, ServiceRow } from "../state/rows.ts";
import { checkUuid } from "../state/sessions.ts";
import { CATALOG_SERVICE, NODE, SERVICE } from "../wire/filter/types.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import {
  refuseBadRequest,
  type ConsulCall,
  decodeBody,
  deny,
  type ReadResult,
  HttpError,
  answerAtOnce,
  answerRead,
  type ConsulSim,
} from "../wire/frame.ts";
import { catalogServiceView, nodeView, serviceView } from "../wire/views.ts";

const NODE_SERVICE: Struct = {
  kind: "struct",
  name: "NodeService",
  go: "structs.NodeService",
  fields: {
    Kind: STRING,
    ID: STRING,
    Service: STRING,
    Tags: STRINGS,
    Address: STRING,
    TaggedAddresses: SERVICE_ADDRESSES,
    Meta: TEXTS,
    Port: INT,
    Weights: WEIGHTS,
    EnableTagOverride: BOOL,
    Proxy: ANY,
    Connect: CONNECT,
    CreateIndex: INT,
    ModifyIndex: INT,
  },
};

const HEALTH_CHECK: Struct = {
  kind: "struct",
  name: "HealthCheck",
  go: "structs.HealthCheck",
  fields: {
    Node: STRING,
    CheckID: STRING,
    Name: STRING,
    Status: STRING,
    Notes: STRING,
    Output: STRING,
    ServiceID: STRING,
    ServiceName: STRING,
    ServiceTags: STRINGS,
    Type: STRING,
    Definition: ANY,
    Interval: DURATION,
    Timeout: DURATION,
    CreateIndex: INT,
    ModifyIndex: INT,
  },
};

const struct = (name: string, fields: Readonly<Record<string, Shape>>): Struct => ({
  kind: "struct",
  name,
  go: `structs.${name}`,
  fields,
});

const REGISTER = struct("RegisterRequest", {
  Datacenter: STRING,
  ID: STRING,
  Node: STRING,
  Address: STRING,
  TaggedAddresses: TEXTS,
  NodeMeta: TEXTS,
  Service: NODE_SERVICE,
  Check: HEALTH_CHECK,
  Checks: { kind: "list", of: HEALTH_CHECK, go: "structs.HealthChecks" },
  SkipNodeUpdate: BOOL,
  WriteRequest: ANY,
  Token: STRING,
});

const DEREGISTER = struct("DeregisterRequest", {
  Datacenter: STRING,
  Node: STRING,
  ServiceID: STRING,
  CheckID: STRING,
  WriteRequest: ANY,
  Token: STRING,
});

const fail = (message: string): never => {
  throw new HttpError(500, message);
};

/** The token of a request may also stand in its body. */
const authorizerOf = (call: ConsulCall, datacenter: Datacenter): Authorizer => call.authorizer(datacenter);

function register(call: ConsulCall): HttpReply {
  const fields = decodeBody(call, REGISTER);
  const datacenter = call.datacenter(str(fields, "Datacenter"));
  const authorizer = authorizerOf(call, datacenter);
  const [node, address, id] = [str(fields, "Node"), str(fields, "Address"), str(fields, "ID")];
  const skipNodeUpdate = fields.SkipNodeUpdate === true;
  if (node === "") fail("Must provide node");
  if (address === "" && !skipNodeUpdate) fail("Must provide address if SkipNodeUpdate is not set");
  if (id !== "") checkNodeId(id);
  const service = fields.Service === undefined ? undefined : serviceOf(node, fields.Service as Fields);
  const given = [
    ...((fields.Checks as readonly Fields[] | undefined) ?? []),
    ...(fields.Check === undefined ? [] : [fields.Check as Fields]),
  ];
  const checks = given.map((check) => checkOf(node, check));
  const registration = {
    id,
    node,
    address,
    meta: (fields.NodeMeta as Meta | undefined) ?? null,
    taggedAddresses: (fields.TaggedAddresses as Meta | undefined) ?? null,
    skipNodeUpdate,
    service,
    checks,
  };
  if (!mayRegister(authorizer, datacenter, registration)) deny();
  datacenter.catalog.register(registration);
  return call.json(true);
}

function checkNodeId(id: string): void {
  if (id.length !== 36) fail("Bad node ID: uuid string is wrong length");
  checkUuid(id, "Bad node ID");
}

export function serviceOf(node: string, fields: Fields): Service {
  const name = str(fields, "Service");
  const id = str(fields, "ID") || name;
  if (id !== "" && name === "") fail("Must provide service name with ID");
  const address = str(fields, "Address");
  if (isAnyAddress(address)) fail("Invalid service address");
  const weights = weightsOf(fields.Weights as Fields | undefined);
  return {
    node,
    id,
    name,
    address,
    port: (fields.Port as number | undefined) ?? 0,
    tags: (fields.Tags as readonly string[] | undefined) ?? [],
    meta: (fields.Meta as Meta | undefined) ?? null,
    // The catalog takes weights that an agent would refuse, and forgets them.
    weights: weightsError(weights) === undefined ? weights : { passing: 1, warning: 1 },
    taggedAddresses: (fields.TaggedAddresses as Service["taggedAddresses"] | undefined) ?? null,
    enableTagOverride: fields.EnableTagOverride === true,
    kind: str(fields, "Kind"),
    native: (fields.Connect as Fields | undefined)?.Native === true,
  };
}

export const checkOf = (node: string, fields: Fields): Check => ({
  node: str(fields, "Node") || node,
  id: str(fields, "CheckID") || str(fields, "Name"),
  name: str(fields, "Name"),
  status: str(fields, "Status"),
  notes: str(fields, "Notes"),
  output: str(fields, "Output"),
  serviceId: str(fields, "ServiceID"),
  type: str(fields, "Type") || typeOf(fields.Definition),
  definition: definitionOf(fields.Definition),
});

const DURATIONS = ["Interval", "Timeout", "DeregisterCriticalServiceAfter"];
const DEFAULTS = new Set<unknown>(["", "0s", 0, false, null, undefined]);

/** A definition as the catalog shows it: what is not the default, durations in Go's form. */
function definitionOf(given: unknown): Readonly<Record<string, unknown>> {
  const entries = Object.entries((given as Readonly<Record<string, unknown>> | undefined) ?? {}).map(([key, value]) => {
    const ns = DURATIONS.includes(key) && typeof value === "string" ? durationNs(value) : undefined;
    return [key, ns === undefined ? value : durationText(ns)] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => !DEFAULTS.has(value)));
}

function typeOf(given: unknown): string {
  const { HTTP, TCP } = (given ?? {}) as { readonly HTTP?: string; readonly TCP?: string };
  return HTTP ? "http" : TCP ? "tcp" : "";
}

function mayRegister(
  authorizer: Authorizer,
  { catalog }: Datacenter,
  {
    node,
    service,
    checks,
    skipNodeUpdate,
  }: {
    readonly node: string;
    readonly service: Service | undefined;
    readonly checks: readonly Check[];
    readonly skipNodeUpdate: boolean;
  },
): boolean {
  if (!skipNodeUpdate && !authorizer.writes("node", node)) return false;
  if (service !== undefined && !authorizer.writes("service", service.name)) return false;
  const entry = catalog.entry(node);
  return checks.every(({ serviceId }) => {
    if (serviceId === "") return authorizer.writes("node", node);
    const name = serviceId === service?.id ? service.name : entry?.services.get(serviceId.toLowerCase())?.name;
    return name === undefined || authorizer.writes("service", name);
  });
}

function deregister(call: ConsulCall): HttpReply {
  const fields = decodeBody(call, DEREGISTER);
  const datacenter = call.datacenter(str(fields, "Datacenter"));
  const authorizer = authorizerOf(call, datacenter);
  const [node, service, check] = [str(fields, "Node"), str(fields, "ServiceID"), str(fields, "CheckID")];
  if (node === "") fail("Must provide node");
  const { catalog } = datacenter;
  const known = catalog.entry(node)?.services.get(service.toLowerCase());
  if (!authorizer.writes("node", node) && !(known !== undefined && authorizer.writes("service", known.name))) deny();
  if (service !== "") catalog.deregisterService(node, service);
  else if (check !== "") catalog.deregisterCheck(node, check);
  else catalog.deregisterNode(node);
  return call.json(true);
}

/** Pairs of `?node-meta=key:value`. */
export function metaFilter(call: ConsulCall): (meta: Meta) => boolean {
  const wanted = call.query.getAll("node-meta").map((pair) => {
    const colon = pair.indexOf(":");
    return colon < 0 ? ([pair, ""] as const) : ([pair.slice(0, colon), pair.slice(colon + 1)] as const);
  });
  return (meta) => wanted.every(([key, value]) => meta?.[key] === value);
}

/** The node that results are sorted from. */
export const nearOf = (call: ConsulCall): string => {
  const near = call.query.get("near") ?? "";
  return near === "_agent" ? call.agent.name : near;
};

const hasTags = (row: ServiceRow, wanted: readonly string[]): boolean => {
  const tags = row.tags.map((tag) => tag.toLowerCase());
  return wanted.every((tag) => tags.includes(tag.toLowerCase()));
};

const filterOf = (call: ConsulCall): string => call.query.get("filter") ?? "";

function nodes(call: ConsulCall): ReadResult {
  const { catalog, store, name, coordinates, ...rest } = withRights(call);
  const filter = compileFilter(filterOf(call), NODE);
  const matches = metaFilter(call);
  const rows = catalog.nodes().filter((row) => rest.authorizer.reads("node", row.name) && matches(row.meta));
  const sorted = coordinates.sortByDistance(nearOf(call), rows, (row) => row.name);
  const translation = call.translation(name);
  return {
    index: store.latest("nodes"),
    value: sorted.map((row) => nodeView(translation.node(row), name)).filter(filter),
  };
}

/** The datacenter asked for, with what the caller may see there. */
export function withRights(
  call: ConsulCall,
): Pick<Datacenter, "catalog" | "store" | "name" | "coordinates"> & { readonly authorizer: Authorizer } {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  const { catalog, store, name, coordinates } = datacenter;
  return { catalog, store, name, coordinates, authorizer };
}

function services(call: ConsulCall): ReadResult {
  const { catalog, store, authorizer } = withRights(call);
  const matches = metaFilter(call);
  const tags = new Map<string, Set<string>>();
  for (const { row, services: own } of catalog.entries()) {
    if (!matches(row.meta)) continue;
    for (const service of own.values()) {
      if (!authorizer.reads("service", service.name)) continue;
      const seen = tags.get(service.name) ?? new Set<string>();
      for (const tag of service.tags) seen.add(tag);
      tags.set(service.name, seen);
    }
  }
  const names = [...tags].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, seen]) => [name, [...seen]] as const);
  const tables = call.query.has("node-meta") ? ["services", "nodes"] : ["services"];
  return { index: store.latest(...tables), value: Object.fromEntries(names) };
}

/** Instances of a service with `?tag=`, `?node-meta=` and `?near=` applied, as the caller may see them. */
export function instancesAsked(call: ConsulCall, service: string, isConnect: boolean): readonly ServiceRow[] {
  const { catalog, coordinates, authorizer } = withRights(call);
  const matches = metaFilter(call);
  const tags = call.query.getAll("tag");
  const rows = catalog
    .instancesOf(service)
    .filter((row) => !isConnect || row.native)
    .filter((row) => tags.length === 0 || hasTags(row, tags))
    .filter((row) => matches(catalog.node(row.node)?.meta ?? null))
    .filter((row) => authorizer.reads("node", row.node) && authorizer.reads("service", row.name));
  return coordinates.sortByDistance(nearOf(call), rows, ({ node }) => node);
}

const instances =
  (isConnect: boolean) =>
  (call: ConsulCall): ReadResult => {
    const service = call.rest;
    const { catalog, name } = withRights(call);
    const filter = compileFilter(filterOf(call), CATALOG_SERVICE);
    const rows = instancesAsked(call, service, isConnect);
    const { node, service: moved } = call.translation(name);
    const value = rows
      .map((row) => catalogServiceView(node(catalog.node(row.node) as NodeRow), moved(row), name))
      .filter(filter);
    return { index: catalog.serviceIndex(service, catalog.instancesOf(service).length > 0), value };
  };

/** A node with its services, as an object by id or as a list. */
const nodeServices =
  (asList: boolean) =>
  (call: ConsulCall): ReadResult => {
    const { catalog, store, name, authorizer } = withRights(call);
    const filter = compileFilter(filterOf(call), SERVICE);
    const row = catalog.node(call.rest);
    const nothing = asList ? { Node: null, Services: null } : null;
    if (row === undefined) return { index: 0, value: nothing };
    const index = store.latest("nodes", "services");
    if (!authorizer.reads("node", row.name)) return { index, value: nothing };
    const translation = call.translation(name);
    const own = catalog
      .servicesOf(row.name)
      .filter((service) => authorizer.reads("service", service.name))
      .map((service) => serviceView(translation.service(service)))
      .filter(filter);
    const list = asList ? own : Object.fromEntries(own.map((service) => [service.ID, service]));
    return { index, value: { Node: nodeView(translation.node(row), name), Services: list } };
  };

const datacenters = answerAtOnce((call) => {
  const { cluster, agent } = call.sim;
  const names = [...cluster.datacenters.values()]
    .filter((datacenter) => datacenter === agent.datacenter || cluster.serversOf(datacenter).length > 0)
    .map(({ name }) => name);
  return call.json(names);
});

const missing = (what: string) => answerAtOnce(() => refuseBadRequest(`Missing ${what}`));

export const CATALOG_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "PUT", path: "/v1/catalog/register", clients: ["consul"], handler: answerAtOnce(register) },
  { method: "PUT", path: "/v1/catalog/deregister", clients: ["consul"], handler: answerAtOnce(deregister) },
  { method: "GET", path: "/v1/catalog/datacenters", handler: datacenters },
  { method: "GET", path: "/v1/catalog/nodes", handler: answerRead("consistency", nodes) },
  { method: "GET", path: "/v1/catalog/services", handler: answerRead("cacheable", services) },
  { method: "GET", path: "/v1/catalog/service/", handler: missing("service name") },
  { method: "GET", path: "/v1/catalog/service/*rest", handler: answerRead("cacheable", instances(false)) },
  { method: "GET", path: "/v1/catalog/connect/", handler: missing("service name") },
  { method: "GET", path: "/v1/catalog/connect/*rest", handler: answerRead("cacheable", instances(true)) },
  { method: "GET", path: "/v1/catalog/node/", handler: missing("node name") },
  { method: "GET", path: "/v1/catalog/node/*rest", handler: answerRead("consistency", nodeServices(false)) },
  { method: "GET", path: "/v1/catalog/node-services/", handler: missing("node name") },
  { method: "GET", path: "/v1/catalog/node-services/*rest", handler: answerRead("consistency", nodeServices(true)) },
  {
    method: "GET",
    path: "/v1/catalog/gateway-services/*rest",
    // Gateways are not simulated, so none has services.
    handler: answerRead("consistency", (call) => {
      withRights(call);
      return { index: 0, value: null };
    }),
  },
];
