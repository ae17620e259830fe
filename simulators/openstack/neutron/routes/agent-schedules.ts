import { bodyJson, empty, json, type HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { networkHosts, routerHosts, wireRouter } from "../behaviour/schedules.ts";
import { type Agent, agentsOf } from "../state/agents.ts";
import type { NetworkRow, RouterRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { conflict, forbidden, internalError } from "../wire/errors.ts";
import { isDictionary } from "../wire/structures.ts";
import type { View } from "../wire/views.ts";
import { agentView, requireAgent } from "./agents.ts";
import { NETWORKS } from "./networks.ts";
import { requireRow } from "./resource.ts";
import { ROUTERS } from "./routers.ts";

/*
 * Which agents serve which routers and networks.
 */

/** The objects that agents of a kind serve: routers, or networks. */
interface Schedule<T extends { readonly id: string }> {
  readonly topic: string;
  readonly key: "l3" | "dhcp";
  /** The paths below the agent and below what it serves, and the member of bodies. */
  readonly path: string;
  readonly back: string;
  readonly collection: string;
  readonly member: string;
  readonly rows: (neutron: Neutron) => Iterable<T>;
  readonly require: (neutron: Neutron, context: RequestContext, id: string) => T;
  readonly hosts: (neutron: Neutron, row: T) => readonly string[];
  readonly view: (neutron: Neutron, context: RequestContext, row: T) => View;
  readonly refusal: (agent: Agent, id: string) => Refusal;
}

const ROUTER_SCHEDULE: Schedule<RouterRow> = {
  topic: "l3_agent",
  key: "l3",
  path: "l3-routers",
  back: "/v2.0/routers/:id/l3-agents",
  collection: "routers",
  member: "router_id",
  rows: ({ slot }) => slot.value.routers.values(),
  require: (neutron, { actor }, id) => requireRow(neutron, ROUTERS, actor, id),
  hosts: routerHosts,
  view: (neutron, { actor }, row) => ROUTERS.view(neutron, actor, row),
  refusal: (agent, id) =>
    conflict("RouterHostedByL3Agent", `The router ${id} has been already hosted by the L3 Agent ${agent.id}.`),
};

const NETWORK_SCHEDULE: Schedule<NetworkRow> = {
  topic: "dhcp_agent",
  key: "dhcp",
  path: "dhcp-networks",
  back: "/v2.0/networks/:id/dhcp-agents",
  collection: "networks",
  member: "network_id",
  rows: ({ slot }) => slot.value.networks.values(),
  require: (neutron, { actor }, id) => requireRow(neutron, NETWORKS, actor, id),
  hosts: networkHosts,
  view: (neutron, { actor }, row) => NETWORKS.view(neutron, actor, row),
  refusal: (agent, id) =>
    conflict("NetworkHostedByDHCPAgent", `The network ${id} has been already hosted by the DHCP Agent ${agent.id}.`),
};

/** An agent of the kind. @throws Refusal 404 */
function requireKind(neutron: Neutron, { topic, key }: { topic: string; key: string }, context: RequestContext): Agent {
  const agent = requireAgent(neutron, context);
  if (agent.topic === topic) return agent;
  throw new Refusal(404, "InvalidAgent", `Agent ${agent.id} is not a ${key.toUpperCase()} Agent or has been disabled`);
}

function setHosts(neutron: Neutron, key: string, id: string, hosts: readonly string[]): void {
  const { scheduled, routers } = neutron.slot.value;
  scheduled.set(`${key} ${id}`, hosts);
  const router = key === "l3" ? routers.get(id) : undefined;
  if (router !== undefined) wireRouter(neutron, router);
  neutron.cloud.kernel.record("neutron", "agent.schedule", id, { hosts });
}

function listServed<T extends { readonly id: string }>(
  neutron: Neutron,
  schedule: Schedule<T>,
  context: RequestContext,
): HttpReply {
  const { topic, host } = requireAgent(neutron, context);
  const rows = [...schedule.rows(neutron)].filter(
    (row) => topic === schedule.topic && schedule.hosts(neutron, row).includes(host),
  );
  return json(200, { [schedule.collection]: rows.map((row) => schedule.view(neutron, context, row)) });
}

function addServed<T extends { readonly id: string }>(
  neutron: Neutron,
  schedule: Schedule<T>,
  context: RequestContext,
): HttpReply {
  const body = bodyJson(context.request);
  const id = body.ok && isDictionary(body.value) ? body.value[schedule.member] : undefined;
  // The service reads it without looking.
  if (id === undefined) throw internalError();
  const agent = requireKind(neutron, schedule, context);
  const row = schedule.require(neutron, context, String(id));
  const hosts = schedule.hosts(neutron, row);
  if (hosts.includes(agent.host)) throw schedule.refusal(agent, row.id);
  setHosts(neutron, schedule.key, row.id, [...hosts, agent.host]);
  return json(201, null);
}

function removeServed<T extends { readonly id: string }>(
  neutron: Neutron,
  schedule: Schedule<T>,
  context: RequestContext,
): HttpReply {
  const { host } = requireKind(neutron, schedule, context);
  const row = schedule.require(neutron, context, context.params.id ?? "");
  const left = schedule.hosts(neutron, row).filter((each) => each !== host);
  setHosts(neutron, schedule.key, row.id, left);
  return empty(204);
}

function listServing<T extends { readonly id: string }>(
  neutron: Neutron,
  schedule: Schedule<T>,
  context: RequestContext,
): HttpReply {
  if (!context.actor.isAdmin) throw forbidden(`rule:get_${schedule.key}-agents`);
  const hosts = schedule.hosts(neutron, schedule.require(neutron, context, context.params.id ?? ""));
  const agents = agentsOf(neutron).filter(({ topic, host }) => topic === schedule.topic && hosts.includes(host));
  const ha = schedule.key === "l3" ? { ha_state: null } : {};
  return json(200, { agents: agents.map((agent) => ({ ...agentView(neutron, agent), ...ha })) });
}

function routesOf<T extends { readonly id: string }>(
  neutron: Neutron,
  schedule: Schedule<T>,
): readonly OpenStackRoute[] {
  const path = `/v2.0/agents/:agent/${schedule.path}`;
  // Policy comes before anything is looked up (neutron, `conf/policies/agent.py`).
  const forAdmins =
    (verb: string, work: (neutron: Neutron, schedule: Schedule<T>, context: RequestContext) => HttpReply) =>
    (context: RequestContext): HttpReply => {
      const what = verb === "get" ? schedule.path : schedule.path.slice(0, -1);
      if (!context.actor.isAdmin) throw forbidden(`rule:${verb}_${what}`);
      return work(neutron, schedule, context);
    };
  return [
    { method: "GET", path, handler: forAdmins("get", listServed) },
    { method: "POST", path, handler: forAdmins("create", addServed) },
    { method: "DELETE", path: `${path}/:id`, handler: forAdmins("delete", removeServed) },
    { method: "GET", path: schedule.back, handler: (context) => listServing(neutron, schedule, context) },
  ];
}

/** The objects of each agent, and the agents of a router or a network. */
export const agentScheduleRoutes = (neutron: Neutron): readonly OpenStackRoute[] => [
  ...routesOf(neutron, ROUTER_SCHEDULE),
  ...routesOf(neutron, NETWORK_SCHEDULE),
];
