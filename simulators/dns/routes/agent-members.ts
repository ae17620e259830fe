import { isIP } from "node:net";
import type { HttpReply } from "../../kernel/index.ts";
import type { Agent } from "../behaviour/agent.ts";
import { grpcPorts, SERVER_PORT } from "../behaviour/member.ts";
import type { ConsulCall } from "../wire/call.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import type { FilterType } from "../wire/filter/types.ts";
import { filterOf } from "./catalog-reads.ts";
import { EMPTY_REPLY } from "../wire/handler.ts";
import { refuseInternally } from "../wire/refusal.ts";
import { rightsOf } from "./agent-rights.ts";

const SERF_PORT = 8301;
const WAN_PORT = 8302;
/** A gossip pool's number for each state of a member. */
const STATUS = { alive: 1, left: 3, failed: 4 } as const;

/** A member as a gossip pool shows it; servers are also in a second pool, under another name. */
export function memberView(
  { options, membership, datacenter }: Agent,
  isWan: boolean,
): Readonly<Record<string, unknown>> {
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

/** The members of the gossip pools. */
export function listMembers(call: ConsulCall): HttpReply {
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

/** Makes a failed member count as having left. */
export function forceLeave(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "operator", "write");
  const { cluster, agent } = call.sim;
  const member = cluster.membersOf(agent.datacenter).find(({ name }) => name === call.rest);
  if (call.style.isToday && call.flag("wan")) return refuseInternally("agent: No node found with name ''");
  if (member === undefined) return refuseInternally(`agent: No node found with name '${call.rest}'`);
  if (member.membership === "failed") cluster.leave(member.name);
  if (call.style.isToday && call.flag("prune")) member.isPruned = true;
  return EMPTY_REPLY;
}

/** Joins an address. */
export function join(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "agent", "write", call.agent.name);
  const address = call.rest;
  const { cluster } = call.sim;
  const isKnown = [...cluster.agents.values()].some(({ options }) => options.address === address.replace(/:\d+$/, ""));
  if (!isKnown && isIP(address) !== 0) {
    const to = `${address.includes(":") ? `[${address}]` : address}:${SERF_PORT}`;
    const shown = call.style.isToday ? to : address;
    refuseInternally(`1 error occurred:\n\t* Failed to join ${shown}: dial tcp ${to}: connect: connection refused\n\n`);
  }
  if (!isKnown)
    refuseInternally(`1 error occurred:\n\t* Failed to resolve ${address}: lookup ${address}: no such host\n\n`);
  return EMPTY_REPLY;
}

/** Has the agent leave. */
export function leave(call: ConsulCall): HttpReply {
  call.require(rightsOf(call), "agent", "write", call.agent.name);
  call.sim.cluster.leave(call.agent.name);
  return EMPTY_REPLY;
}
