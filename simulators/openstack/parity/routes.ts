import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type HttpReply, Kernel, makeRequest, Process, replyHeader, type Service } from "../../kernel/index.ts";
import { compileRoutes } from "../../kernel/http/router.ts";
import { createOpenStack, type OpenStack, SERVICE_NAMES, type ServiceName } from "../index.ts";
import { withoutSlashes } from "../url.ts";
import type { SentRequest } from "./client.ts";

/** A route of the page: who uses it, and whether it is served at all. */
interface RouteStatus {
  readonly service: ServiceName;
  /** Two where HEAD acts as GET. */
  readonly methods: readonly string[];
  readonly path: string;
  /** `token`, or `none` for an open route. */
  readonly auth: string;
  /**
   * Real clients that were observed to use it: those that the route declares, the CPI if its recorded sequences use it, and the clients that were
   * run.
   */
  readonly clients: readonly string[];
  /** Requests of the recordings that it answered, those of the CPI's sequences among them. */
  readonly recorded: number;
  /** False: it refuses with 501, in the service's own error form. */
  readonly isServed: boolean;
}

/** Scenarios whose requests are those of the director's CPI. */
const CPI_SCENARIO = /^cpi-/;

/** Requests of a recorded scenario. */
interface ScenarioTraffic {
  readonly id: string;
  readonly requests: readonly SentRequest[];
}

/** The prefix of a service's routes in its addresses. */
const PREFIXES: Readonly<Partial<Record<ServiceName, string>>> = { nova: "/v2.1" };

/** The path of a route behind the service's prefix. The documents of versions have none. */
function addressOf(service: ServiceName, path: string): string {
  const prefix = PREFIXES[service] ?? "";
  return path === "/" || path.startsWith("/v2") ? path : prefix + path;
}

/** A path as its service's router sees it: an escaped slash is one, one at the end means nothing to Keystone. */
function routedPath(service: ServiceName, path: string): string {
  const decoded = path.replaceAll(/%2f/gi, "/");
  if (service === "keystone") return withoutSlashes(decoded) || "/";
  const prefix = PREFIXES[service];
  return prefix !== undefined && decoded.startsWith(`${prefix}/`) ? decoded.slice(prefix.length) : decoded;
}

/** The recorded requests to a route. */
interface RouteTraffic {
  requests: number;
  isOfCpi: boolean;
}

const keyOf = (service: string, method: string, path: string): string => `${service} ${method} ${path}`;

/** A real client, and the routes (`nova:GET /servers`) that it called when it was run in a cloud. */
interface ClientTraffic {
  /** `openstack 10.5.0` */
  readonly client: string;
  readonly routes: readonly string[];
}

/** Reads what `npm run clients` has written beside the recordings. */
export function readClientTraffic(directory: string): ClientTraffic {
  return JSON.parse(readFileSync(join(directory, "openstack-cli.json"), "utf8"));
}

/** Every route of a cloud, with its declared real clients, those that were run, and its recorded requests. */
export function routeStatuses(
  traffic: readonly ScenarioTraffic[],
  { client, routes }: ClientTraffic,
): readonly RouteStatus[] {
  const openstack = createOpenStack(new Kernel({ seed: "parity" }));
  const recorded = trafficByRoute(openstack, traffic);
  const refuses = createProbe(openstack);
  const called = new Set(routes);
  const [name = client] = client.split(" ");
  return SERVICE_NAMES.flatMap((service) => {
    const statuses = openstack.services[service].routes.map(({ method, path, auth, clients }): RouteStatus => {
      const seen = recorded.get(keyOf(service, method, path));
      const known = new Set(seen?.isOfCpi ? [...clients, "bosh"] : clients);
      if (called.has(`${service}:${method} ${path}`)) known.add(name);
      return {
        service,
        methods: [method],
        path,
        auth,
        clients: [...known].sort(),
        recorded: seen?.requests ?? 0,
        isServed: !refuses(service, method, path),
      };
    });
    return mergeHeads(statuses);
  });
}

/** One row for GET and HEAD of a path if both are served, or both refused. */
function mergeHeads(statuses: readonly RouteStatus[]): readonly RouteStatus[] {
  const heads = new Map(statuses.filter(({ methods }) => methods[0] === "HEAD").map((head) => [head.path, head]));
  const merged = new Set<RouteStatus>();
  const rows = statuses.map((status): RouteStatus => {
    const head = heads.get(status.path);
    if (status.methods[0] !== "GET" || head === undefined || head.isServed !== status.isServed) return status;
    merged.add(head);
    return {
      ...status,
      methods: ["GET", "HEAD"],
      clients: [...new Set([...status.clients, ...head.clients])].sort(),
      recorded: status.recorded + head.recorded,
    };
  });
  return rows.filter((status) => !merged.has(status));
}

/** The recorded requests to each route. */
function trafficByRoute(
  openstack: OpenStack,
  traffic: readonly ScenarioTraffic[],
): ReadonlyMap<string, Readonly<RouteTraffic>> {
  const routers = new Map(SERVICE_NAMES.map((name) => [name, compileRoutes(openstack.services[name].routes)]));
  const routes = new Map<string, RouteTraffic>();
  for (const { id, requests } of traffic)
    for (const { service, method, path } of requests) {
      const route = routers.get(service)?.match(method, routedPath(service, path)).route;
      if (route === undefined) continue;
      const key = keyOf(service, route.method, route.path);
      const seen = routes.get(key) ?? { requests: 0, isOfCpi: false };
      seen.requests++;
      seen.isOfCpi ||= CPI_SCENARIO.test(id);
      routes.set(key, seen);
    }
  return routes;
}

/** Makes a check that calls a route as the administrator to see whether it refuses because it is not simulated. */
function createProbe(openstack: OpenStack): (service: ServiceName, method: string, path: string) => boolean {
  const { token, project } = logIn(openstack);
  return (service, method, template) => {
    const path = addressOf(service, template)
      .replaceAll(":account", `AUTH_${project}`)
      .replaceAll(/:(project|project_id|tenant)\b/g, project)
      .replaceAll(/[:*]\w+/g, "x");
    const headers = { "x-auth-token": token, accept: "application/json", "content-type": "application/json" };
    const reply = callNow(openstack.services[service], method, path, headers, method === "GET" ? "" : "{}");
    return reply?.status === 501 && JSON.stringify(reply.json ?? textOf(reply)).includes("not simulated");
  };
}

const textOf = ({ body = "" }: HttpReply): string => Buffer.from(body).toString("utf8");

function logIn({ cloud, services }: OpenStack): { readonly token: string; readonly project: string } {
  const { user: name, password, project } = cloud.admin;
  const domain = { id: "default" };
  const identity = { methods: ["password"], password: { user: { name, password, domain } } };
  const body = JSON.stringify({ auth: { identity, scope: { project: { name: project, domain } } } });
  const reply = callNow(services.keystone, "POST", "/v3/auth/tokens", { "content-type": "application/json" }, body);
  const token = (reply && replyHeader(reply, "x-subject-token")) ?? "";
  return { token, project: cloud.identity.actor(token)?.projectId ?? "" };
}

/** The reply to a request; `undefined` where it takes time. */
function callNow(
  service: Service,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): HttpReply | undefined {
  const reply = service.call(makeRequest(method, path, { headers, body }));
  return reply instanceof Process ? undefined : reply;
}

const nameOf = ({ methods, path }: RouteStatus): string => `\`${methods.join(", ")} ${path}\``;

/** Rows of the table `| Service | Route | Needs | Real clients | Recorded |`, of the routes that are served. */
export const servedRows = (statuses: readonly RouteStatus[]): readonly string[] =>
  statuses
    .filter(({ isServed }) => isServed)
    .map((status) => {
      const { service, auth, clients, recorded } = status;
      return `| ${service} | ${nameOf(status)} | ${auth} | ${clients.join(", ")} | ${recorded === 0 ? "" : recorded} |`;
    });

/** Rows of the table `| Service | Route |`, for routes that exist only to refuse. */
export const refusedRows = (statuses: readonly RouteStatus[]): readonly string[] =>
  statuses.filter(({ isServed }) => !isServed).map((status) => `| ${status.service} | ${nameOf(status)} |`);

/** Rows of the table `| Service | Served | Of real clients | Only recorded | Neither | Refused |`: how many routes there are of each. */
export function routeTotals(statuses: readonly RouteStatus[]): readonly string[] {
  const row = (name: string, routes: readonly RouteStatus[]): string => {
    const served = routes.filter(({ isServed }) => isServed);
    const used = served.filter(({ clients }) => clients.length > 0).length;
    const onlyRecorded = served.filter(({ clients, recorded }) => clients.length === 0 && recorded > 0).length;
    const neither = served.length - used - onlyRecorded;
    return `| ${name} | ${served.length} | ${used} | ${onlyRecorded} | ${neither} | ${routes.length - served.length} |`;
  };
  const services = SERVICE_NAMES.map((name) =>
    row(
      name,
      statuses.filter(({ service }) => service === name),
    ),
  );
  return [...services, row("total", statuses)];
}
