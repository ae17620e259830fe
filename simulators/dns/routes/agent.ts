import type { HttpReply, Route } from "../../kernel/index.ts";
import { type Agent, type AgentTokens } from "../behaviour/agent.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { parseBool } from "../wire/bool.ts";
import { STRING, structOf } from "../wire/json/shape.ts";
import { answerAtOnce, EMPTY_REPLY } from "../wire/handler.ts";
import { HttpError, refuseBadRequest, refuseInternally, refuseNotSimulated } from "../wire/refusal.ts";
import { hasAcl, rightsOf, withEmptyRest } from "./agent-rights.ts";
import { BUILD_DATE, COORDINATE } from "./agent-facts.ts";
import { memberView, listMembers, forceLeave, join, leave } from "./agent-members.ts";

/** `?enable=` of a maintenance request. @throws HttpError 400 */
export function readEnable({ query }: ConsulCall): boolean {
  const given = query.get("enable");
  if (given === null) return refuseBadRequest("Missing value for enable");
  return parseBool(given) ?? refuseBadRequest(`Invalid value for enable: "${given}"`);
}

function maintainNode(call: ConsulCall): HttpReply {
  const isOn = readEnable(call);
  call.require(rightsOf(call), "node", "write", call.agent.name);
  if (isOn) call.agent.local.enterMaintenance(call.agent.name, undefined, call.query.get("reason") ?? "");
  else call.agent.local.leaveMaintenance(undefined);
  return EMPTY_REPLY;
}

/** The agent's description of itself for proxies. */
function xdsView({ isToday }: Agent["options"]["profile"]): unknown {
  if (!isToday) return { SupportedProxies: { envoy: ["1.14.5", "1.13.6", "1.12.7", "1.11.2"] } };
  const envoy = ["1.35.3", "1.34.7", "1.33.9", "1.32.12"];
  return { SupportedProxies: { envoy }, Port: 8503, Ports: { Plaintext: 8502, TLS: 8503 } };
}

function self(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "agent", "read", call.agent.name);
  const { name, id, address, isServer, isDev, config, profile } = call.agent.options;
  return call.json({
    Config: {
      Datacenter: call.agent.datacenter.name,
      ...(profile.isToday && { PrimaryDatacenter: config.primary_datacenter ?? call.agent.datacenter.name }),
      NodeName: name,
      NodeID: id,
      Revision: "",
      Server: isServer,
      Version: profile.version,
      ...(profile.isToday && { BuildDate: BUILD_DATE, BindAddr: address }),
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
    Meta: call.agent.nodeMeta,
    ...(isDev && { xDS: xdsView(profile) }),
  });
}

function reload(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "agent", "write", call.agent.name);
  const wrong = call.agent.reload();
  if (wrong !== undefined) refuseInternally(wrong);
  return EMPTY_REPLY;
}

const TOKEN = structOf("api.AgentToken", { Token: STRING });
/** The tokens of an agent by the names that the API gives them. */
const TOKENS: Readonly<Record<string, keyof AgentTokens>> = {
  default: "default",
  acl_token: "default",
  agent: "agent",
  acl_agent_token: "agent",
  agent_master: "agent_recovery",
  acl_agent_master_token: "agent_recovery",
  agent_recovery: "agent_recovery",
  replication: "replication",
  acl_replication_token: "replication",
  config_file_service_registration: "config_file_service_registration",
  dns: "dns",
};

function updateToken(call: ConsulCall): HttpReply {
  if (!hasAcl(call)) throw new HttpError(401, "ACL support disabled");
  if (!call.style.isToday) return refuseNotSimulated("changing the tokens of an agent");
  call.require(rightsOf(call), "agent", "write", call.agent.name);
  const fields = call.decode(TOKEN) ?? {};
  const kind = TOKENS[call.rest];
  if (kind === undefined) throw new HttpError(404, `Token "${call.rest}" is unknown`);
  call.agent.setToken(kind, fields.Token ?? "");
  return EMPTY_REPLY;
}

function readMetrics(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "agent", "read", call.agent.name);
  if (call.query.get("format") === "prometheus") {
    const why = "Prometheus is not enabled since its retention time is not positive";
    if (!call.style.isToday) throw new HttpError(415, why);
    return { status: 200, headers: { "X-Consul-Reason": why }, body: "" };
  }
  return call.json({ Timestamp: "", Gauges: [], Points: [], Counters: [], Samples: [] });
}

function monitor(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "agent", "read", call.agent.name);
  const level = (call.query.get("loglevel") ?? "info").toUpperCase();
  if (!["TRACE", "DEBUG", "INFO", "WARN", "ERR"].includes(level))
    refuseBadRequest(`${call.agent.options.profile.badRequestPrefix}Unknown log level: ${call.query.get("loglevel")}`);
  if (!call.style.isToday) return refuseNotSimulated("log streams");
  // The log of an agent is not simulated: the stream begins but stays empty.
  return { status: 200, body: "" };
}

/** `/v1/agent/…`: the agent itself (Consul 1.8, "Agent HTTP API"). */
export const AGENT_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/agent/self", handler: answerAtOnce(self) },
  { method: "GET", path: "/v1/agent/members", handler: answerAtOnce(listMembers) },
  { method: "GET", path: "/v1/agent/metrics", handler: answerAtOnce(readMetrics) },
  { method: "GET", path: "/v1/agent/monitor", handler: answerAtOnce(monitor) },
  { method: "PUT", path: "/v1/agent/maintenance", handler: answerAtOnce(maintainNode) },
  ...withEmptyRest("PUT", "/v1/agent/join/", answerAtOnce(join)),
  ...withEmptyRest("PUT", "/v1/agent/force-leave/", answerAtOnce(forceLeave)),
  { method: "PUT", path: "/v1/agent/leave", handler: answerAtOnce(leave) },
  { method: "PUT", path: "/v1/agent/reload", handler: answerAtOnce(reload) },
  ...withEmptyRest("PUT", "/v1/agent/token/", answerAtOnce(updateToken)),
];
