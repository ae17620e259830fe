import { STATUS_CODES } from "node:http";
import { gzipSync } from "node:zlib";
import {
  defineService,
  type HttpReply,
  type HttpRequest,
  type Kernel,
  type Route,
  type Service,
} from "../../kernel/index.ts";
import type { ConsulVersion } from "../behaviour/profile.ts";
import type { ConsulSim } from "../wire/call.ts";
import { GO_FRONT } from "../wire/front.ts";
import { textReply } from "../wire/handler.ts";
import { ACL_1_8_ROUTES } from "./acl-1.8.ts";
import { ACL_AUTH_ROUTES } from "./acl-auth.ts";
import { ACL_ROLE_ROUTES, ACL_TEMPLATE_ROUTES } from "./acl-roles.ts";
import { ACL_ROUTES } from "./acl.ts";
import { AGENT_CHECK_ROUTES } from "./agent-checks.ts";
import { AGENT_CONNECT_ROUTES, AUTHORIZE_ROUTES } from "./agent-connect.ts";
import { AGENT_HEALTH_ROUTES } from "./agent-health.ts";
import { AGENT_SERVICE_ROUTES } from "./agent-services.ts";
import { AGENT_ROUTES } from "./agent.ts";
import { AGENT_FACT_ROUTES } from "./agent-facts.ts";
import { REGISTRATION_ROUTES } from "./catalog-registration.ts";
import { CATALOG_ROUTES } from "./catalog.ts";
import { CONFIG_1_8_ROUTES, CONFIG_ROUTES } from "./config.ts";
import { CONNECT_CA_ROUTES } from "./connect-ca.ts";
import { CONNECT_1_8_ROUTES } from "./connect.ts";
import { COORDINATE_ROUTES } from "./coordinate.ts";
import { DISCOVERY_CHAIN_ROUTES } from "./discovery-chain.ts";
import { EVENT_ROUTES } from "./event.ts";
import { guard, refuseEnterprise } from "./guard.ts";
import { HEALTH_ROUTES, INGRESS_ROUTES } from "./health.ts";
import { INTENTION_ROUTES } from "./connect-intentions.ts";
import { INTERNAL_SHARED_ROUTES, INTERNAL_TODAY_ROUTES } from "./internal-today.ts";
import { INTERNAL_UI_ROUTES } from "./internal-ui.ts";
import { KV_ROUTES } from "./kv.ts";
import { OPERATOR_ROUTES } from "./operator.ts";
import { KEYRING_ROUTES, OPERATOR_TODAY_ROUTES } from "./operator-today.ts";
import { PEERING_ROUTES } from "./peering.ts";
import { QUERY_ROUTES } from "./queries.ts";
import { SESSION_ROUTES } from "./sessions.ts";
import { RESTORE_ROUTES, SNAPSHOT_ROUTES } from "./snapshot.ts";
import { STATUS_ROUTES } from "./status.ts";
import { TXN_ROUTES } from "./txn.ts";
import { type Paths, pathsOf, cleanPath, patternOf, allowOf, emptyType } from "../wire/paths.ts";

const TO_PAGES: HttpReply = {
  status: 301,
  headers: { "Content-Type": "text/html; charset=utf-8", Location: "/ui/" },
  body: '<a href="/ui/">Moved Permanently</a>.\n\n',
};

/** Whether the web pages are switched on, as in development agents. */
const hasPages = ({ options }: ConsulSim["agent"]): boolean => options.config.ui_config?.enabled ?? options.isDev;

const GREETING: Route<ConsulSim> = {
  method: "GET",
  path: "/",
  handler: ({ agent }) =>
    hasPages(agent)
      ? TO_PAGES
      : textReply(
          200,
          agent.options.profile.isToday
            ? "Consul Agent: UI disabled. To enable, set ui_config.enabled=true in the agent configuration and restart."
            : "Consul Agent",
        ),
};

/** Routes of every release. */
const SHARED_ROUTES: readonly Route<ConsulSim>[] = [
  GREETING,
  ...REGISTRATION_ROUTES,
  ...CATALOG_ROUTES,
  ...HEALTH_ROUTES,
  ...AGENT_ROUTES,
  ...AGENT_SERVICE_ROUTES,
  ...AGENT_CHECK_ROUTES,
  ...AGENT_HEALTH_ROUTES,
  ...KV_ROUTES,
  ...SESSION_ROUTES,
  ...TXN_ROUTES,
  ...QUERY_ROUTES,
  ...STATUS_ROUTES,
  ...EVENT_ROUTES,
  ...COORDINATE_ROUTES,
  ...OPERATOR_ROUTES,
  ...INTERNAL_UI_ROUTES,
  ...SNAPSHOT_ROUTES,
  ...RESTORE_ROUTES,
  ...KEYRING_ROUTES,
  ...INTERNAL_SHARED_ROUTES,
  ...INGRESS_ROUTES,
  ...AUTHORIZE_ROUTES,
];

/** Every route of an agent's HTTP API, by release. */
export const ROUTES: Readonly<Record<ConsulVersion, readonly Route<ConsulSim>[]>> = {
  "1.8.7": [
    ...SHARED_ROUTES,
    ...ACL_ROUTES,
    ...ACL_ROLE_ROUTES,
    ...ACL_AUTH_ROUTES,
    ...ACL_1_8_ROUTES,
    ...CONFIG_1_8_ROUTES,
    ...CONNECT_1_8_ROUTES,
  ],
  "1.22.0": [
    ...SHARED_ROUTES,
    ...ACL_ROUTES,
    ...ACL_ROLE_ROUTES,
    ...ACL_TEMPLATE_ROUTES,
    ...ACL_AUTH_ROUTES,
    ...CONFIG_ROUTES,
    ...INTENTION_ROUTES,
    ...CONNECT_CA_ROUTES,
    ...DISCOVERY_CHAIN_ROUTES,
    ...AGENT_FACT_ROUTES,
    ...OPERATOR_TODAY_ROUTES,
    ...INTERNAL_TODAY_ROUTES,
    ...PEERING_ROUTES,
    ...AGENT_CONNECT_ROUTES,
  ],
};

const PATHS: Readonly<Record<ConsulVersion, Paths>> = {
  "1.8.7": pathsOf(ROUTES["1.8.7"]),
  "1.22.0": pathsOf(ROUTES["1.22.0"]),
};
const pathsFor = ({ agent }: ConsulSim): Paths => PATHS[agent.options.profile.version];

function redirect(sim: ConsulSim, { method, query }: HttpRequest, to: string): HttpReply {
  const location = query === "" ? to : `${to}?${query}`;
  const status = sim.agent.options.profile.redirectStatus;
  if (method !== "GET" && method !== "HEAD") return { status, headers: { Location: location }, body: "" };
  const headers = { "Content-Type": "text/html; charset=utf-8", Location: location };
  const body = `<a href="${location}">${STATUS_CODES[status]}</a>.\n\n`;
  return { status, headers, body: method === "HEAD" ? "" : body };
}

/** The answer to a malformed query. */
const refuseQuery = ({ agent }: ConsulSim): HttpReply =>
  agent.options.profile.isToday
    ? { status: 500, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: "" }
    : { status: 500, body: "" };

/** The work of the router of Consul's HTTP library before it calls a handler. */
function before(sim: ConsulSim, request: HttpRequest): HttpReply | undefined {
  // About the server as a whole, and so answered by Go itself (net/http, globalOptionsHandler).
  if (request.path === "*" && request.method === "OPTIONS") return { status: 200, body: "" };
  if (sim.agent.options.profile.isToday && /%00/.test(request.path)) return { status: 400, body: "" };
  if (request.path === "/ui" && hasPages(sim.agent)) return redirect(sim, request, "/ui/");
  const clean = cleanPath(request.path);
  if (clean !== request.path) return redirect(sim, request, clean);
  const paths = pathsFor(sim);
  if (paths.subtrees.has(`${request.path}/`)) return redirect(sim, request, `${request.path}/`);
  if (/%(?![0-9a-fA-F]{2})/.test(request.query)) return refuseQuery(sim);
  const methods = paths.patterns.get(patternOf(paths, request.path) ?? "");
  if (methods !== undefined && !methods.includes(request.method)) return refuseMethod(sim, request, methods);
  if (methods === undefined) return undefined;
  return sim.agent.options.profile.isToday ? guard(sim, request) : refuseEnterprise(sim.agent, request);
}

/** The answer to a path outside the API. */
function refusePath({ options }: ConsulSim["agent"], { path, method }: HttpRequest): HttpReply {
  if (!options.profile.isToday) return { status: 404, body: "" };
  if (path.startsWith("/api/")) return textReply(404, "404 page not found\n", { "X-Content-Type-Options": "nosniff" });
  const why = path.includes("/v1/")
    ? "not a recognized HTTP API endpoint"
    : "if attempting to use the HTTP API, ensure the path starts with '/v1/'";
  const reply = textReply(404, `Invalid URL path: ${why}\n`);
  return method === "HEAD" ? { ...reply, body: "" } : reply;
}

function refuseMethod({ agent }: ConsulSim, request: HttpRequest, allowed: readonly string[]): HttpReply {
  const isAcl = request.path.startsWith("/v1/acl/") && !agent.datacenter.acl.options.enabled;
  if (allowed.length === 0) return refusePath(agent, request);
  const Allow = allowOf(request.path, allowed);
  if (request.method === "OPTIONS" && !isAcl) return { status: 200, headers: { Allow }, body: "" };
  const reply = textReply(405, `method ${request.method} not allowed`, { Allow });
  return request.method === "HEAD" ? { ...reply, body: "" } : reply;
}

/** The additions of today's release to each reply of the API. */
function addTodaysHeaders(sim: ConsulSim, request: HttpRequest, reply: HttpReply): HttpReply {
  const { agent } = sim;
  if (!agent.options.profile.isToday || reply.wire !== undefined) return reply;
  if (patternOf(pathsFor(sim), request.path) === undefined)
    return { ...reply, headers: { ...responseHeaders(agent), ...reply.headers } };
  if (request.path === "/" || reply.status === agent.options.profile.redirectStatus) return reply;
  const isEmpty =
    reply.status === 200 &&
    request.path !== "/v1/agent/monitor" &&
    (reply.body === undefined || reply.body.length === 0);
  const type = isEmpty && reply.headers?.["Content-Type"] === undefined ? { "Content-Type": emptyType(request) } : {};
  const policy = agent.options.config.acl?.default_policy ?? "allow";
  const headers = { ...responseHeaders(agent), ...reply.headers, ...type, "X-Consul-Default-Acl-Policy": policy };
  return { ...reply, headers };
}

/** Headers that the configuration adds to every reply. */
const responseHeaders = ({ options }: ConsulSim["agent"]): Readonly<Record<string, string>> =>
  options.config.http_config?.response_headers ?? {};

function after(sim: ConsulSim, request: HttpRequest, given: HttpReply): HttpReply {
  const reply = addTodaysHeaders(sim, request, given);
  const { body } = reply;
  const { gzipBytesMin } = sim.agent.options.profile;
  if (body === undefined || body.length < gzipBytesMin || !/\bgzip\b/.test(request.headers["accept-encoding"] ?? ""))
    return reply;
  return {
    ...reply,
    headers: { ...reply.headers, "Content-Encoding": "gzip", Vary: "Accept-Encoding" },
    body: gzipSync(body),
  };
}

/** The HTTP API of one agent. `name` distinguishes it from the others in fault points. */
export function createConsulHttp(kernel: Kernel, name: string, sim: ConsulSim): Service {
  return defineService<ConsulSim>({
    name,
    kernel,
    sim,
    routes: ROUTES[sim.agent.options.profile.version],
    before,
    unmatched: refuseMethod,
    after,
    front: GO_FRONT,
  });
}
