import { type HttpReply, Kernel, makeRequest, Process, replyHeader, type Service } from "../../kernel/index.ts";
import { compileRoutes } from "../../kernel/http/router.ts";
import { createOpenStack, type OpenStack, SERVICE_NAMES, type ServiceName } from "../index.ts";
import { withoutSlashes } from "../url.ts";
import type { SentRequest } from "./client.ts";

/** A route of the page: who was seen to use it, and whether it answers at all. */
export interface RouteStatus {
  readonly service: ServiceName;
  readonly method: string;
  readonly path: string;
  /** `token`, or `none` for an open route. */
  readonly auth: string;
  /** Real clients, and `recorded` for requests of the recordings. */
  readonly seenFrom: readonly string[];
  /** False: it refuses with 501, in the service's own error form. */
  readonly isSimulated: boolean;
}

/** Scenarios whose requests are those of the director's CPI. */
const CPI_SCENARIO = /^cpi-/;

/** Requests of a recorded scenario. */
export interface ScenarioTraffic {
  readonly id: string;
  readonly requests: readonly SentRequest[];
}

/** What stands before the paths of a service's routes in its addresses. */
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

const keyOf = (service: string, method: string, path: string): string => `${service} ${method} ${path}`;

/** Every route of a cloud, with who was seen to use it in the recordings. */
export function routeStatuses(traffic: readonly ScenarioTraffic[]): readonly RouteStatus[] {
  const openstack = createOpenStack(new Kernel({ seed: "parity" }));
  const recorded = usersByRoute(openstack, traffic);
  const refuses = createProbe(openstack);
  return SERVICE_NAMES.flatMap((service) =>
    openstack.services[service].routes.map(({ method, path, auth, clients }) => {
      const seen = new Set([...clients, ...(recorded.get(keyOf(service, method, path)) ?? [])]);
      const isSimulated = !refuses(service, method, path);
      return { service, method, path, auth, seenFrom: [...seen].sort(), isSimulated };
    }),
  );
}

/** Who sent a recorded request to which route. */
function usersByRoute(openstack: OpenStack, traffic: readonly ScenarioTraffic[]): ReadonlyMap<string, Set<string>> {
  const routers = new Map(SERVICE_NAMES.map((name) => [name, compileRoutes(openstack.services[name].routes)]));
  const users = new Map<string, Set<string>>();
  for (const { id, requests } of traffic)
    for (const { service, method, path } of requests) {
      const route = routers.get(service)?.match(method, routedPath(service, path)).route;
      if (route === undefined) continue;
      const key = keyOf(service, route.method, route.path);
      const seen = users.get(key) ?? new Set();
      users.set(key, seen.add(CPI_SCENARIO.test(id) ? "bosh" : "recorded"));
    }
  return users;
}

/** A check that asks each route as the administrator: does it refuse because it is not simulated? */
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

/** Rows of the table `| Service | Route | Needs | Seen from | |`. */
export const routeRows = (statuses: readonly RouteStatus[]): readonly string[] =>
  statuses.map(
    ({ service, method, path, auth, seenFrom, isSimulated }) =>
      `| ${service} | \`${method} ${path}\` | ${auth} | ${seenFrom.join(", ")} | ${isSimulated ? "" : "not simulated"} |`,
  );
