import type { HttpReply, Route } from "../../kernel/index.ts";
import { type Agent, type AgentTokens, grpcPorts, SERVER_PORT } from "../behaviour/agent.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { parseBool } from "../wire/bool.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import type { FilterType } from "../wire/filter/types.ts";
import { STRING, structOf } from "../wire/json/shape.ts";
import { filterOf } from "./catalog-reads.ts";
import { answerAtOnce, EMPTY_REPLY } from "../wire/handler.ts";
import { HttpError, refuseBadRequest, refuseInternally, refuseNotSimulated } from "../wire/refusal.ts";
import { hasAcl, rightsOf, withEmptyRest } from "./agent-rights.ts";

const SERF_PORT = 8301;
const WAN_PORT = 8302;
/** A gossip pool's number for each state of a member. */
const STATUS = { alive: 1, left: 3, failed: 4 } as const;

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

/** A member as a gossip pool shows it; servers are also in a second pool, under another name. */
function memberView({ options, membership, datacenter }: Agent, isWan: boolean): Readonly<Record<string, unknown>> {
  const { name, id, address, isServer, isDev, config, profile } = options;
  const expect = config.bootstrap_expect;
  const tags: Record<string, string> = {
    ...((isServer || !profile.isToday) && { acls: datacenter.acl.options.enabled ? "1" : "0" }),
    ...(isServer && !isDev && expect === undefined && { bootstrap: "1" }),
    build: `${profile.version}:`,
    dc: datacenter.name,
    ...(expect !== undefined && { expect: String(expect) }),
    ...(isServer && { ft_fs: "1" }),
    ...(isServer && profile.isToday && { ft_si: "1" }),
    ...grpcPorts(options),
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
    Status: STATUS[membership],
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  };
}

function listMembers(call: ConsulCall): HttpReply {
  const authorizer = rightsOf(call);
  const segment = call.query.get("segment") ?? "";
  if (segment !== "" && segment !== "_all")
    refuseInternally("Network segments are not supported in this version of Consul");
  // A bare `?wan` means no: the parameter needs a value.
  const isWan = (call.query.get("wan") ?? "") !== "";
  const { cluster, agent } = call.sim;
  const matches = call.style.isToday ? compileFilter(filterOf(call), MEMBER) : () => true;
  const list = isWan
    ? [...cluster.agents.values()].filter(({ options }) => options.isServer)
    : cluster.membersOf(agent.datacenter).filter(({ isPruned }) => !isPruned);
  return call.json(
    list
      .filter(({ name }) => authorizer.sees("node", name))
      .map((member) => memberView(member, isWan))
      .filter(matches),
  );
}

const MEMBER: Readonly<Record<string, FilterType>> = {
  Name: "string",
  Addr: "string",
  Port: "int",
  Tags: "map",
  Status: "int",
  ProtocolMin: "int",
  ProtocolMax: "int",
  ProtocolCur: "int",
  DelegateMin: "int",
  DelegateMax: "int",
  DelegateCur: "int",
};

/** A build from source has no date of its own. */
const BUILD_DATE = "1970-01-01T00:00:01Z";
const COORDINATE = { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 1e-5 };

/** What the agent tells proxies of itself. */
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

function forceLeave(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "operator", "write");
  const { cluster, agent } = call.sim;
  const member = cluster.membersOf(agent.datacenter).find(({ name }) => name === call.rest);
  if (call.style.isToday && call.flag("wan")) return refuseInternally("agent: No node found with name ''");
  if (member === undefined) return refuseInternally(`agent: No node found with name '${call.rest}'`);
  if (member.membership === "failed") cluster.leave(member.name);
  if (call.style.isToday && call.flag("prune")) member.isPruned = true;
  return EMPTY_REPLY;
}

function join(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "agent", "write", call.agent.name);
  const address = call.rest;
  const { cluster } = call.sim;
  const isKnown = [...cluster.agents.values()].some(({ options }) => options.address === address.replace(/:\d+$/, ""));
  if (!isKnown)
    refuseInternally(`1 error occurred:\n\t* Failed to resolve ${address}: lookup ${address}: no such host\n\n`);
  return EMPTY_REPLY;
}

function leave(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "agent", "write", call.agent.name);
  call.sim.cluster.leave(call.agent.name);
  return EMPTY_REPLY;
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

function readVersion(call: ConsulCall): HttpReply {
  return call.json({ SHA: "", BuildDate: BUILD_DATE, HumanVersion: call.agent.options.profile.version, FIPS: "" });
}

/** What the agent knows of the machine that it is on: a simulated one. */
function readHost(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "operator", "read");
  const { name, kernel } = call.agent;
  return call.json({
    Memory: {
      total: MEMORY_BYTES,
      available: MEMORY_BYTES / 2,
      used: MEMORY_BYTES / 2,
      usedPercent: 50,
      free: MEMORY_BYTES / 2,
    },
    CPU: [
      {
        cpu: 0,
        vendorId: "",
        family: "",
        model: "",
        stepping: 0,
        physicalId: "0",
        coreId: "0",
        cores: 1,
        modelName: "",
        mhz: 0,
        cacheSize: 0,
        flags: null,
        microcode: "",
      },
    ],
    Host: {
      hostname: name,
      uptime: 0,
      bootTime: 0,
      procs: 1,
      os: "linux",
      platform: "",
      platformFamily: "",
      platformVersion: "",
      kernelVersion: "",
      kernelArch: "x86_64",
      virtualizationSystem: "",
      virtualizationRole: "",
      hostId: call.agent.options.id,
    },
    Disk: {
      path: "/",
      fstype: "",
      total: 0,
      free: 0,
      used: 0,
      usedPercent: 0,
      inodesTotal: 0,
      inodesUsed: 0,
      inodesFree: 0,
      inodesUsedPercent: 0,
    },
    CollectionTime: kernel.nowMs * NS_PER_MS,
    Errors: null,
  });
}

const MEMORY_BYTES = 2 ** 32;
const NS_PER_MS = 1e6;

function readMetrics(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "agent", "read", call.agent.name);
  if (call.query.get("format") === "prometheus" && call.style.isToday) {
    const why = "Prometheus is not enabled since its retention time is not positive";
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
  // The log of an agent is not simulated: the stream has begun and says nothing.
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

/** What the agent tells since 1.22. */
export const AGENT_FACT_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/agent/version", handler: answerAtOnce(readVersion) },
  { method: "GET", path: "/v1/agent/host", handler: answerAtOnce(readHost) },
];
