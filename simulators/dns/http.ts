import {
  bodyJson,
  bodyText,
  defineService,
  type HttpReply,
  type HttpRequest,
  json,
  type Kernel,
  queryOf,
  type Route,
  type Service,
  text,
} from "../kernel/index.ts";
import type { Catalog, CheckRow, NodeRow, ServiceRow, Status } from "./catalog.ts";

export interface ConsulOptions {
  readonly domain: string;
  readonly datacenter: string;
  /** The agent's own node. */
  readonly node: { readonly name: string; readonly id: string; readonly address: string };
}

export interface Consul {
  readonly kernel: Kernel;
  readonly catalog: Catalog;
  readonly options: ConsulOptions;
}

type Fields = Readonly<Record<string, unknown>>;

const bad = (message: string): HttpReply => text(400, message, {});

const serviceFields = (row: ServiceRow): Fields => ({
  ServiceKind: "",
  ServiceID: row.id,
  ServiceName: row.name,
  ServiceTags: row.tags,
  ServiceAddress: row.address,
  ServiceWeights: { Passing: row.weights.passing, Warning: row.weights.warning },
  ServiceMeta: row.meta,
  ServicePort: row.port,
  ServiceEnableTagOverride: false,
  ServiceProxy: { MeshGateway: {}, Expose: {} },
  ServiceConnect: {},
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

const nodeFields = (row: NodeRow, datacenter: string): Fields => ({
  ID: row.id,
  Node: row.name,
  Address: row.address,
  Datacenter: datacenter,
  TaggedAddresses: row.taggedAddresses,
});

const checkFields = (row: CheckRow): Fields => ({
  Node: row.node,
  CheckID: row.id,
  Name: row.name,
  Status: row.status,
  Notes: row.notes,
  Output: row.output,
  ServiceID: row.serviceId,
  ServiceName: row.serviceName,
  ServiceTags: [],
  Type: "",
  Definition: {},
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
});

const str = (fields: Fields, name: string, fallback = ""): string =>
  typeof fields[name] === "string" ? (fields[name] as string) : fallback;
const record = (fields: Fields, name: string): Readonly<Record<string, string>> =>
  (fields[name] as Readonly<Record<string, string>> | undefined) ?? {};
const list = (fields: Fields, name: string): readonly string[] => (fields[name] as readonly string[] | undefined) ?? [];

function readService(node: string, fields: Fields): Omit<ServiceRow, "createIndex" | "modifyIndex"> {
  const name = str(fields, "Service", str(fields, "Name"));
  const weights = fields.Weights as { Passing?: number; Warning?: number } | undefined;
  return {
    node,
    id: str(fields, "ID", name) || name,
    name,
    address: str(fields, "Address"),
    port: Number(fields.Port ?? 0),
    tags: list(fields, "Tags"),
    meta: record(fields, "Meta"),
    weights: { passing: weights?.Passing ?? 1, warning: weights?.Warning ?? 1 },
  };
}

/** A check without a status begins critical. */
const status = (fields: Fields): Status =>
  ["passing", "warning"].includes(str(fields, "Status")) ? (str(fields, "Status") as Status) : "critical";

function readCheck(node: string, fields: Fields, serviceName: string): Omit<CheckRow, "createIndex" | "modifyIndex"> {
  const name = str(fields, "Name");
  return {
    node,
    id: str(fields, "CheckID", str(fields, "ID", name)) || name,
    name,
    status: status(fields),
    notes: str(fields, "Notes"),
    output: str(fields, "Output"),
    serviceId: str(fields, "ServiceID"),
    serviceName,
  };
}

function body(request: HttpRequest): Fields | HttpReply {
  const parsed = bodyJson(request);
  if (parsed.ok) return parsed.value as Fields;
  return bad(`Request decode failed: ${bodyText(request) === "" ? "EOF" : parsed.error}`);
}

const isReply = (value: Fields | HttpReply): value is HttpReply =>
  typeof (value as HttpReply).status === "number" && !("Node" in value) && !("Name" in value);

function register({ catalog }: Consul, request: HttpRequest): HttpReply {
  const fields = body(request);
  if (isReply(fields)) return fields;
  const [node, address] = [str(fields, "Node"), str(fields, "Address")];
  if (node === "" || (address === "" && fields.SkipNodeUpdate !== true)) return bad("Must provide node and address");
  catalog.registerNode(node, address, {
    ...(str(fields, "ID") && { id: str(fields, "ID") }),
    ...(fields.NodeMeta !== undefined && { meta: record(fields, "NodeMeta") }),
  });
  const service = fields.Service as Fields | undefined;
  if (service !== undefined && service !== null) catalog.registerService(readService(node, service));
  const checks = [
    ...((fields.Checks as readonly Fields[] | undefined) ?? []),
    ...(fields.Check === undefined || fields.Check === null ? [] : [fields.Check as Fields]),
  ];
  for (const check of checks)
    catalog.registerCheck(readCheck(node, check, service === undefined ? "" : str(service, "Service")));
  return json(200, true);
}

function deregister({ catalog }: Consul, request: HttpRequest): HttpReply {
  const fields = body(request);
  if (isReply(fields)) return fields;
  const node = str(fields, "Node");
  if (node === "") return bad("Must provide node");
  if (str(fields, "ServiceID") !== "") catalog.deregisterService(node, str(fields, "ServiceID"));
  else if (str(fields, "CheckID") !== "") catalog.deregisterCheck(node, str(fields, "CheckID"));
  else catalog.deregisterNode(node);
  return json(200, true);
}

function agentRegister({ catalog, options }: Consul, request: HttpRequest): HttpReply {
  const fields = body(request);
  if (isReply(fields) && !("Name" in fields)) return fields;
  const name = str(fields as Fields, "Name");
  if (name === "") return bad("Missing service name");
  const service = readService(options.node.name, { ...(fields as Fields), Service: name });
  catalog.registerService(service);
  const checks = [
    ...(((fields as Fields).Checks as readonly Fields[] | undefined) ?? []),
    ...((fields as Fields).Check === undefined ? [] : [(fields as Fields).Check as Fields]),
  ];
  checks.forEach((check, at) => {
    const id = checks.length === 1 ? `service:${service.id}` : `service:${service.id}:${at + 1}`;
    catalog.registerCheck({
      ...readCheck(options.node.name, check, name),
      id: str(check, "CheckID", id),
      name: str(check, "Name", `Service '${name}' check`),
      serviceId: service.id,
    });
  });
  return { status: 200, body: "" };
}

function setCheck({ catalog, options }: Consul, request: HttpRequest, to: Status): HttpReply {
  const id = request.params.id ?? "";
  const known = catalog.checksOf(options.node.name).find((check) => check.id === id);
  if (known === undefined) return text(404, `CheckID "${id}" does not have associated TTL`, {});
  catalog.registerCheck({ ...known, status: to, output: queryOf(request).get("note") ?? "" });
  return { status: 200, body: "" };
}

function health({ catalog, options }: Consul, request: HttpRequest): HttpReply {
  const query = queryOf(request);
  const rows = catalog
    .instancesOf(request.params.service ?? "")
    .filter((service) => !query.has("passing") || catalog.statusOf(service) === "passing");
  const tags = query.getAll("tag");
  return json(
    200,
    rows
      .filter((row) => tags.every((tag) => row.tags.includes(tag)))
      .map((row) => ({
        Node: {
          ...nodeFields(catalog.node(row.node) as NodeRow, options.datacenter),
          Meta: catalog.node(row.node)?.meta ?? {},
          CreateIndex: row.createIndex,
          ModifyIndex: row.modifyIndex,
        },
        Service: {
          ID: row.id,
          Service: row.name,
          Tags: row.tags,
          Address: row.address,
          Meta: row.meta,
          Port: row.port,
          Weights: { Passing: row.weights.passing, Warning: row.weights.warning },
          EnableTagOverride: false,
          Proxy: { MeshGateway: {}, Expose: {} },
          Connect: {},
          CreateIndex: row.createIndex,
          ModifyIndex: row.modifyIndex,
        },
        Checks: catalog
          .checksOf(row.node)
          .filter(({ serviceId }) => serviceId === "" || serviceId === row.id)
          .map(checkFields),
      })),
  );
}

const indexed = ({ catalog }: Consul, reply: HttpReply): HttpReply => ({
  ...reply,
  headers: {
    ...reply.headers,
    "X-Consul-Effective-Consistency": "leader",
    "X-Consul-Index": String(catalog.state.index),
    "X-Consul-KnownLeader": "true",
    "X-Consul-LastContact": "0",
  },
});

const ROUTES: readonly Route<Consul>[] = [
  { method: "PUT", path: "/v1/catalog/register", clients: ["consul"], handler: register },
  { method: "PUT", path: "/v1/catalog/deregister", clients: ["consul"], handler: deregister },
  { method: "GET", path: "/v1/catalog/datacenters", handler: ({ options }) => json(200, [options.datacenter]) },
  {
    method: "GET",
    path: "/v1/catalog/nodes",
    handler: (consul) =>
      indexed(
        consul,
        json(
          200,
          [...consul.catalog.state.nodes.values()]
            .sort((a, b) => (a.name < b.name ? -1 : 1))
            .map((row) => ({
              ...nodeFields(row, consul.options.datacenter),
              Meta: row.meta,
              CreateIndex: row.createIndex,
              ModifyIndex: row.modifyIndex,
            })),
        ),
      ),
  },
  {
    method: "GET",
    path: "/v1/catalog/services",
    handler: (consul) => {
      const tags: Record<string, readonly string[]> = {};
      for (const row of [...consul.catalog.state.services.values()].sort((a, b) => (a.name < b.name ? -1 : 1)))
        tags[row.name] = [...new Set([...(tags[row.name] ?? []), ...row.tags])];
      return indexed(consul, json(200, tags));
    },
  },
  {
    method: "GET",
    path: "/v1/catalog/service/:service",
    handler: (consul, request) =>
      indexed(
        consul,
        json(
          200,
          consul.catalog.instancesOf(request.params.service ?? "").map((row) => {
            const node = consul.catalog.node(row.node) as NodeRow;
            return { ...nodeFields(node, consul.options.datacenter), NodeMeta: node.meta, ...serviceFields(row) };
          }),
        ),
      ),
  },
  {
    method: "GET",
    path: "/v1/catalog/node/:node",
    handler: (consul, request) => {
      const node = consul.catalog.node(request.params.node ?? "");
      if (node === undefined) return indexed(consul, json(200, null));
      const services = [...consul.catalog.state.services.values()].filter((row) => row.node === node.name);
      const view = (row: ServiceRow): Fields => ({
        ID: row.id,
        Service: row.name,
        Tags: row.tags,
        Address: row.address,
        Meta: row.meta,
        Port: row.port,
      });
      return indexed(
        consul,
        json(200, {
          Node: { ...nodeFields(node, consul.options.datacenter), Meta: node.meta },
          Services: Object.fromEntries(services.map((row) => [row.id, view(row)])),
        }),
      );
    },
  },
  {
    method: "GET",
    path: "/v1/health/service/:service",
    clients: ["consul"],
    handler: (consul, request) => indexed(consul, health(consul, request)),
  },
  {
    method: "GET",
    path: "/v1/health/node/:node",
    handler: (consul, request) =>
      indexed(consul, json(200, consul.catalog.checksOf(request.params.node ?? "").map(checkFields))),
  },
  { method: "PUT", path: "/v1/agent/service/register", clients: ["consul"], handler: agentRegister },
  {
    method: "PUT",
    path: "/v1/agent/service/deregister/:id",
    clients: ["consul"],
    handler: ({ catalog, options }, request) => {
      catalog.deregisterService(options.node.name, request.params.id ?? "");
      return { status: 200, body: "" };
    },
  },
  ...(["pass", "warn", "fail"] as const).map(
    (verb): Route<Consul> => ({
      method: "PUT",
      path: `/v1/agent/check/${verb}/:id`,
      handler: (consul, request) =>
        setCheck(consul, request, verb === "pass" ? "passing" : verb === "warn" ? "warning" : "critical"),
    }),
  ),
  {
    method: "GET",
    path: "/v1/status/leader",
    clients: ["consul"],
    handler: ({ options }) => json(200, `${options.node.address}:8300`),
  },
  { method: "GET", path: "/v1/status/peers", handler: ({ options }) => json(200, [`${options.node.address}:8300`]) },
];

/** Consul's HTTP API: catalog, health, agent. Key/value store, sessions, transactions, prepared queries, ACLs and blocking queries are not simulated. */
export function createConsulHttp(consul: Consul): Service {
  return defineService<Consul>({
    name: "consul",
    kernel: consul.kernel,
    sim: consul,
    routes: ROUTES,
    unmatched: (_consul, request, allowed) =>
      allowed.length > 0
        ? text(405, `method ${request.method} not allowed`, { Allow: `OPTIONS,${allowed.join(",")}` })
        : { status: 404, body: "" },
  });
}
