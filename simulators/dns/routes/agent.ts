import { type Body, type HttpReply, type HttpRequest, type Route, within } from "../../kernel/index.ts";
import { type Agent, SERVER_PORT, VERSION } from "../behaviour/agent.ts";
import {
  checkError,
  isStatus,
  checkTypeOf,
  localCheck,
  readService,
  runsScript,
  str,
  DefinitionError,
} from "../behaviour/definitions.ts";
import { CHECK_UPDATE, NODE_CHECK, SERVICE } from "../behaviour/shapes.ts";
import { durationNs } from "../wire/duration.ts";
import type { Fields } from "../wire/json/decode.ts";
import type { Authorizer } from "../state/acl-rules.ts";
import { aggregate } from "../state/health.ts";
import { contentHash } from "../wire/content-hash.ts";
import { CHECK, SERVICE as SERVICE_FILTER } from "../wire/filter/types.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import {
  refuseBadRequest,
  ConsulCall,
  decodeBody,
  deny,
  EMPTY_REPLY,
  HttpError,
  refuseNotSimulated,
  answerAtOnce,
  type ConsulReply,
  type ConsulSim,
} from "../wire/frame.ts";
import { agentServiceView, bareCheckView, localCheckView } from "../wire/views.ts";

const SERF_PORT = 8301;
const WAN_PORT = 8302;
const ALIVE = { alive: 1, left: 3, failed: 4 } as const;

const fail = (message: string): never => {
  throw new HttpError(500, message);
};

/** The caller's rights on this agent; the agent answers for itself also without a leader. */
const rightsOf = (call: ConsulCall): Authorizer => call.authorizer(call.agent.datacenter);
const requireRight = (isAllowed: boolean, detail = ""): void => {
  if (!isAllowed) deny(detail);
};
const hasAcl = (call: ConsulCall): boolean => call.agent.datacenter.acl.options.enabled;

/** Go refuses what it can't start. @throws HttpError */
function refuseScripts(fields: Fields): void {
  if (runsScript(fields))
    fail("Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true");
}

function registerService(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const fields = decodeBody(call, SERVICE);
  const { service, checks } = refuseBadDefinition(() => readService(call.agent.name, fields));
  const known = call.agent.local.service(service.id)?.service;
  requireRight(authorizer.writes("service", service.name), `: Missing service:write on ${service.name}`);
  if (known !== undefined)
    requireRight(authorizer.writes("service", known.name), `: Missing service:write on ${known.name}`);
  refuseScripts(fields);
  call.agent.local.addService(service, checks, call.flag("replace-existing-checks"));
  return EMPTY_REPLY;
}

/** Definitions are refused with 400. */
function refuseBadDefinition<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DefinitionError) return refuseBadRequest(error.message);
    throw error;
  }
}

/** With ACLs on, an unknown service can't be vetted; without, it is nobody's. */
function vetService(call: ConsulCall, id: string): void {
  const authorizer = rightsOf(call);
  if (!hasAcl(call)) return;
  const service = call.agent.local.service(id)?.service ?? fail(`Unknown service {"${id}" {}}`);
  requireRight(authorizer.writes("service", service.name), `: Missing service:write on ${service.name}`);
}

function vetCheck(call: ConsulCall, id: string): void {
  const authorizer = rightsOf(call);
  if (!hasAcl(call)) return;
  const check = call.agent.local.check(id) ?? fail(`Unknown check "${id}"`);
  if (check.serviceName === "")
    requireRight(authorizer.writes("node", call.agent.name), `: Missing node:write on ${call.agent.name}`);
  else requireRight(authorizer.writes("service", check.serviceName), `: Missing service:write on ${check.serviceName}`);
}

function deregisterService(call: ConsulCall): HttpReply {
  vetService(call, call.rest);
  if (call.rest === "") fail("ServiceID missing");
  call.agent.local.removeService(call.rest);
  return EMPTY_REPLY;
}

function registerCheck(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const fields = decodeBody(call, NODE_CHECK);
  const name = str(fields, "Name");
  if (name === "") refuseBadRequest("Missing check name");
  if (str(fields, "Status") !== "" && !isStatus(str(fields, "Status"))) refuseBadRequest("Bad check status");
  const wrong = checkError(fields);
  if (wrong !== undefined) refuseBadRequest(`Invalid check: ${wrong}`);
  const serviceId = str(fields, "ServiceID");
  const service = call.agent.local.service(serviceId)?.service;
  if (service === undefined)
    requireRight(authorizer.writes("node", call.agent.name), `: Missing node:write on ${call.agent.name}`);
  else requireRight(authorizer.writes("service", service.name), `: Missing service:write on ${service.name}`);
  if (serviceId !== "" && service === undefined) fail(`ServiceID "${serviceId}" does not exist`);
  refuseScripts(fields);
  call.agent.local.addCheck(
    localCheck(call.agent.name, str(fields, "ID") || name, name, fields, service, checkTypeOf(fields)),
  );
  return EMPTY_REPLY;
}

function deregisterCheck(call: ConsulCall): HttpReply {
  vetCheck(call, call.rest);
  if (call.rest === "") fail("CheckID missing");
  call.agent.local.removeCheck(call.rest);
  return EMPTY_REPLY;
}

function updateTtl(call: ConsulCall, status: string, output: string): HttpReply {
  vetCheck(call, call.rest);
  if (!call.agent.local.updateTtl(call.rest, status, output))
    fail(`CheckID "${call.rest}" does not have associated TTL`);
  return EMPTY_REPLY;
}

function updateCheck(call: ConsulCall): HttpReply {
  const fields = decodeBody(call, CHECK_UPDATE);
  const status = str(fields, "Status");
  if (!isStatus(status)) refuseBadRequest(`Invalid check status: '${status}'`);
  return updateTtl(call, status, str(fields, "Output"));
}

/** `?enable=` of a maintenance request. @throws HttpError */
function readEnable({ query }: ConsulCall): boolean {
  const given = query.get("enable");
  if (given === null) return refuseBadRequest("Missing value for enable");
  if (/^(?:1|t|T|TRUE|true|True)$/.test(given)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(given) ? false : refuseBadRequest(`Invalid value for enable: "${given}"`);
}

function nodeMaintenance(call: ConsulCall): HttpReply {
  const isOn = readEnable(call);
  requireRight(rightsOf(call).writes("node", call.agent.name));
  if (isOn) call.agent.local.enterMaintenance(call.agent.name, undefined, call.query.get("reason") ?? "");
  else call.agent.local.leaveMaintenance(undefined);
  return EMPTY_REPLY;
}

function serviceMaintenance(call: ConsulCall): HttpReply {
  if (call.rest === "") refuseBadRequest("Missing service ID");
  const isOn = readEnable(call);
  vetService(call, call.rest);
  const service = call.agent.local.service(call.rest)?.service;
  if (service === undefined) throw new HttpError(404, `No service registered with ID "${call.rest}"`);
  if (isOn) call.agent.local.enterMaintenance(call.agent.name, service, call.query.get("reason") ?? "");
  else call.agent.local.leaveMaintenance(service.id);
  return EMPTY_REPLY;
}

const byKey = <T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

function services(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const filter = compileFilter(call.query.get("filter") ?? "", SERVICE_FILTER);
  const list = byKey(call.agent.local.state.services)
    .filter(([, { service }]) => authorizer.reads("service", service.name))
    .map(([id, { service }]) => [id, agentServiceView(service)] as const)
    .filter(([, view]) => filter({ TaggedAddresses: {}, ...view }));
  return call.json(Object.fromEntries(list));
}

function checks(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const filter = compileFilter(call.query.get("filter") ?? "", CHECK);
  const list = byKey(call.agent.local.state.checks)
    .filter(([, { serviceName }]) =>
      serviceName === "" ? authorizer.reads("node", call.agent.name) : authorizer.reads("service", serviceName),
    )
    .map(([id, check]) => [id, localCheckView(check)] as const)
    .filter(([, view]) => filter(view));
  return call.json(Object.fromEntries(list));
}

const HASH_WAIT_MS = 600_000;

/** One service; with `?hash=` the answer waits until it is another. */
function service(sim: ConsulSim, request: HttpRequest): ConsulReply {
  const call = new ConsulCall(sim, request);
  const asked = call.query.get("hash") ?? "";
  const first = oneService(sim, request);
  if (asked === "" || first.headers?.["X-Consul-Contenthash"] !== asked) return first;
  const waitMs = (durationNs(call.query.get("wait") ?? "") ?? 0) / 1e6;
  return waitForChange(sim, request, asked, waitMs > 0 ? Math.min(waitMs, HASH_WAIT_MS) : HASH_WAIT_MS);
}

function* waitForChange(sim: ConsulSim, request: HttpRequest, asked: string, waitMs: number): Body<HttpReply> {
  const { kernel, local } = sim.agent;
  const untilMs = kernel.nowMs + waitMs;
  for (;;) {
    const leftMs = untilMs - kernel.nowMs;
    const woken = leftMs > 0 ? yield* within(kernel, local.changed, leftMs) : undefined;
    const reply = oneService(sim, request);
    if (woken === undefined || reply.headers?.["X-Consul-Contenthash"] !== asked) return reply;
  }
}

const oneService = answerAtOnce((call) => {
  const known = call.agent.local.service(call.rest)?.service;
  if (known === undefined) throw new HttpError(404, `unknown service ID: ${call.rest}`);
  requireRight(rightsOf(call).reads("service", known.name));
  const view = agentServiceView(known);
  const hash = contentHash(view);
  return call.json({ ...view, ContentHash: hash }, { "X-Consul-Contenthash": hash });
}) as (sim: ConsulSim, request: HttpRequest) => HttpReply;

/** HTTP status of a health, for load balancers. */
const HEALTH_STATUS: Readonly<Record<string, number>> = { passing: 200, warning: 429, critical: 503, maintenance: 503 };

const isText = ({ query, request }: ConsulCall): boolean =>
  query.get("format") === "text" || (request.headers.accept ?? "").startsWith("text/plain");

function healthReply(call: ConsulCall, status: number, reason: string, value: unknown): HttpReply {
  const headers = { "X-Consul-Reason": reason };
  if (!isText(call)) return call.json(value, headers, status);
  return { status, headers: { ...headers, "Content-Type": "text/plain" }, body: reason };
}

function healthOf(call: ConsulCall, id: string): { readonly status: string; readonly view: unknown } {
  const known = call.agent.local.service(id)?.service;
  const own = [...call.agent.local.state.checks.values()].filter(
    ({ check }) => check.serviceId === "" || check.serviceId === id,
  );
  const status = aggregate(own.map(({ check }) => check));
  const view = { AggregatedStatus: status, Service: known && agentServiceView(known), Checks: own.map(bareCheckView) };
  return { status, view };
}

function healthById(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  if (call.rest === "") fail("Bad request: Missing serviceID");
  const known = call.agent.local.service(call.rest)?.service;
  if (known === undefined) {
    const reason = `ServiceId ${call.rest} not found`;
    const headers = { "X-Consul-Reason": reason };
    if (isText(call)) return call.json(reason, headers, 404);
    return call.json({ AggregatedStatus: "critical", Service: null, Checks: null }, headers, 404);
  }
  requireRight(authorizer.reads("service", known.name));
  const { status, view } = healthOf(call, call.rest);
  return healthReply(call, HEALTH_STATUS[status] ?? 503, status, view);
}

const SEVERITY = ["passing", "warning", "critical", "maintenance"];

function healthByName(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  if (call.rest === "") fail("Bad request: Missing service Name");
  requireRight(authorizer.reads("service", call.rest));
  const ids = byKey(call.agent.local.state.services)
    .filter(([, { service: known }]) => known.name === call.rest)
    .map(([id]) => healthOf(call, id));
  if (ids.length === 0) return healthReply(call, 404, `ServiceName ${call.rest} Not Found`, []);
  const worst = ids.map(({ status }) => status).sort((a, b) => SEVERITY.indexOf(b) - SEVERITY.indexOf(a))[0] as string;
  return healthReply(
    call,
    HEALTH_STATUS[worst] ?? 503,
    worst,
    ids.map(({ view }) => view),
  );
}

/** A member as the gossip pool shows it; servers are in a second pool as well, under another name. */
function memberView({ options, membership, datacenter }: Agent, isWan: boolean): Readonly<Record<string, unknown>> {
  const { name, id, address, isServer, isDev, config } = options;
  const expect = config.bootstrap_expect;
  const tags: Record<string, string> = {
    acls: datacenter.acl.options.enabled ? "1" : "0",
    ...(isServer && !isDev && expect === undefined && { bootstrap: "1" }),
    build: `${VERSION}:`,
    dc: datacenter.name,
    ...(expect !== undefined && { expect: String(expect) }),
    ...(isServer && { ft_fs: "1" }),
    id,
    ...(isServer && { port: String(SERVER_PORT), raft_vsn: "3" }),
    role: isServer ? "consul" : "node",
    segment: "",
    vsn: "2",
    vsn_max: "3",
    vsn_min: "2",
    ...(isServer && !isWan && { wan_join_port: String(WAN_PORT) }),
  };
  return {
    Name: isWan ? `${name}.${datacenter.name}` : name,
    Addr: address,
    Port: isWan ? WAN_PORT : SERF_PORT,
    Tags: tags,
    Status: ALIVE[membership],
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  };
}

function members(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const segment = call.query.get("segment") ?? "";
  if (segment !== "" && segment !== "_all") fail("Network segments are not supported in this version of Consul");
  // A bare `?wan` is no: the parameter must have a value.
  const isWan = (call.query.get("wan") ?? "") !== "";
  const { cluster, agent } = call.sim;
  const list = isWan
    ? [...cluster.agents.values()].filter(({ options }) => options.isServer)
    : cluster.membersOf(agent.datacenter);
  return call.json(
    list.filter(({ name }) => authorizer.reads("node", name)).map((member) => memberView(member, isWan)),
  );
}

const COORDINATE = { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 1e-5 };

function self(call: ConsulCall): HttpReply {
  requireRight(rightsOf(call).reads("agent", call.agent.name));
  const { name, id, isServer, isDev, config } = call.agent.options;
  return call.json({
    Config: {
      Datacenter: call.agent.datacenter.name,
      NodeName: name,
      NodeID: id,
      Revision: "",
      Server: isServer,
      Version: VERSION,
    },
    DebugConfig: { DNSDomain: `${config.domain ?? "consul"}.`, Datacenter: call.agent.datacenter.name, NodeName: name },
    Coord: COORDINATE,
    Member: memberView(call.agent, false),
    Stats: {
      agent: {
        services: String(call.agent.local.state.services.size),
        checks: String(call.agent.local.state.checks.size),
      },
    },
    Meta: { "consul-network-segment": "", ...config.node_meta },
    ...(isDev && { xDS: { SupportedProxies: { envoy: ["1.14.5", "1.13.6", "1.12.7", "1.11.2"] } } }),
  });
}

function forceLeave(call: ConsulCall): HttpReply {
  requireRight(rightsOf(call).writes("operator"));
  const { cluster, agent } = call.sim;
  const member = cluster.membersOf(agent.datacenter).find(({ name }) => name === call.rest);
  if (member === undefined) return fail(`agent: No node found with name '${call.rest}'`);
  if (member.membership === "failed") cluster.leave(member.name);
  return EMPTY_REPLY;
}

function join(call: ConsulCall): HttpReply {
  requireRight(rightsOf(call).writes("agent", call.agent.name));
  const address = call.rest;
  const { cluster } = call.sim;
  const isKnown = [...cluster.agents.values()].some(({ options }) => options.address === address.replace(/:\d+$/, ""));
  if (!isKnown) fail(`1 error occurred:\n\t* Failed to resolve ${address}: lookup ${address}: no such host\n\n`);
  return EMPTY_REPLY;
}

function leave(call: ConsulCall): HttpReply {
  requireRight(rightsOf(call).writes("agent", call.agent.name));
  call.sim.cluster.leave(call.agent.name);
  return EMPTY_REPLY;
}

function reload(call: ConsulCall): HttpReply {
  requireRight(rightsOf(call).writes("agent", call.agent.name));
  return EMPTY_REPLY;
}

function token(call: ConsulCall): HttpReply {
  if (!hasAcl(call)) throw new HttpError(401, "ACL support disabled");
  return refuseNotSimulated("changing the tokens of an agent");
}

function metrics(call: ConsulCall): HttpReply {
  requireRight(rightsOf(call).reads("agent", call.agent.name));
  return call.json({ Timestamp: "", Gauges: [], Points: [], Counters: [], Samples: [] });
}

function monitor(call: ConsulCall): HttpReply {
  requireRight(rightsOf(call).reads("agent", call.agent.name));
  const level = (call.query.get("loglevel") ?? "info").toUpperCase();
  if (!["TRACE", "DEBUG", "INFO", "WARN", "ERR"].includes(level))
    refuseBadRequest(`Bad request: Unknown log level: ${call.query.get("loglevel")}`);
  return refuseNotSimulated("log streams");
}

/** Routes whose last segment may be empty: Consul's own handler sees it. */
const both = (
  method: string,
  path: string,
  handler: Route<ConsulSim>["handler"],
  clients: readonly string[] = [],
): readonly Route<ConsulSim>[] => ["", "*rest"].map((rest) => ({ method, path: path + rest, handler, clients }));

export const AGENT_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/agent/self", handler: answerAtOnce(self) },
  { method: "GET", path: "/v1/agent/members", handler: answerAtOnce(members) },
  { method: "GET", path: "/v1/agent/services", clients: ["consul"], handler: answerAtOnce(services) },
  { method: "GET", path: "/v1/agent/checks", handler: answerAtOnce(checks) },
  { method: "GET", path: "/v1/agent/metrics", handler: answerAtOnce(metrics) },
  { method: "GET", path: "/v1/agent/monitor", handler: answerAtOnce(monitor) },
  ...both("GET", "/v1/agent/service/", service),
  { method: "PUT", path: "/v1/agent/service/register", clients: ["consul"], handler: answerAtOnce(registerService) },
  ...both("PUT", "/v1/agent/service/deregister/", answerAtOnce(deregisterService), ["consul"]),
  ...both("PUT", "/v1/agent/service/maintenance/", answerAtOnce(serviceMaintenance)),
  ...both("GET", "/v1/agent/health/service/id/", answerAtOnce(healthById)),
  ...both("GET", "/v1/agent/health/service/name/", answerAtOnce(healthByName)),
  { method: "PUT", path: "/v1/agent/maintenance", handler: answerAtOnce(nodeMaintenance) },
  { method: "PUT", path: "/v1/agent/check/register", handler: answerAtOnce(registerCheck) },
  ...both("PUT", "/v1/agent/check/deregister/", answerAtOnce(deregisterCheck)),
  ...both(
    "PUT",
    "/v1/agent/check/pass/",
    answerAtOnce((call) => updateTtl(call, "passing", call.query.get("note") ?? "")),
  ),
  ...both(
    "PUT",
    "/v1/agent/check/warn/",
    answerAtOnce((call) => updateTtl(call, "warning", call.query.get("note") ?? "")),
  ),
  ...both(
    "PUT",
    "/v1/agent/check/fail/",
    answerAtOnce((call) => updateTtl(call, "critical", call.query.get("note") ?? "")),
  ),
  ...both("PUT", "/v1/agent/check/update/", answerAtOnce(updateCheck)),
  ...both("PUT", "/v1/agent/join/", answerAtOnce(join)),
  ...both("PUT", "/v1/agent/force-leave/", answerAtOnce(forceLeave)),
  { method: "PUT", path: "/v1/agent/leave", handler: answerAtOnce(leave) },
  { method: "PUT", path: "/v1/agent/reload", handler: answerAtOnce(reload) },
  ...both("PUT", "/v1/agent/token/", answerAtOnce(token)),
];
