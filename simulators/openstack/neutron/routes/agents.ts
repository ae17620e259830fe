import { bodyJson, empty, json, type HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { type Agent, agentsOf } from "../state/agents.ts";
import type { NetworkRow, RouterRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { conflict, forbidden, httpBadRequest, notFoundAs } from "../wire/errors.ts";
import { isDictionary } from "../wire/structures.ts";
import type { View } from "../wire/views.ts";
import { NETWORKS } from "./networks.ts";
import { listOfOwn } from "./read-only.ts";
import { requireRow } from "./resource.ts";
import { ROUTERS } from "./routers.ts";

/** How long ago an agent that lives said so last: half of `report_interval`. */
const HEARTBEAT_MS = 15_000;

const withSpace = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

function viewOf({ cloud, slot }: Neutron, agent: Agent): View {
  const { nowMs } = cloud.kernel;
  const change = slot.value.agentChanges.get(agent.id);
  return {
    id: agent.id,
    agent_type: agent.type,
    binary: agent.binary,
    topic: agent.topic,
    host: agent.host,
    admin_state_up: change?.isUp ?? true,
    created_at: withSpace(cloud.bootMs),
    started_at: withSpace(cloud.bootMs),
    heartbeat_timestamp: withSpace(nowMs - (nowMs % HEARTBEAT_MS)),
    description: change?.description ?? null,
    resources_synced: null,
    availability_zone: agent.zone,
    alive: true,
    configurations: {},
  };
}

/** @throws Refusal 404 for members as well, who see no agents */
function requireAgent(neutron: Neutron, { actor, params }: RequestContext): Agent {
  const found = actor.isAdmin ? agentsOf(neutron).find(({ id }) => id === params.agent) : undefined;
  if (found === undefined) throw notFoundAs("AgentNotFound", `Agent ${params.agent} could not be found.`);
  return found;
}

/** The agents of a kind, on these hosts. */
const onHosts = (neutron: Neutron, topic: string, hosts: readonly string[]): readonly Agent[] =>
  agentsOf(neutron).filter((agent) => agent.topic === topic && hosts.includes(agent.host));

const nodes = (neutron: Neutron, topic: string): readonly string[] =>
  agentsOf(neutron).flatMap((agent) => (agent.topic === topic ? [agent.host] : []));

/** The hosts whose L3 agents serve a router: all of a highly available one, else that of its zone. */
function routerHosts(neutron: Neutron, row: RouterRow): readonly string[] {
  const chosen = neutron.slot.value.scheduled.get(`l3 ${row.id}`);
  if (chosen !== undefined) return chosen;
  const all = nodes(neutron, "l3_agent");
  if (row.ha) return all;
  const inZone = agentsOf(neutron).filter(
    ({ topic, zone }) => topic === "l3_agent" && row.zoneHints.includes(zone ?? ""),
  );
  return inZone[0] === undefined ? all.slice(0, 1) : [inZone[0].host];
}

/** The hosts whose DHCP agents serve a network: one, once it has a subnet that wants them. */
function networkHosts(neutron: Neutron, row: NetworkRow): readonly string[] {
  const chosen = neutron.slot.value.scheduled.get(`dhcp ${row.id}`);
  if (chosen !== undefined) return chosen;
  const isServed = row.subnets.some((id) => neutron.slot.value.subnets.get(id)?.enableDhcp === true);
  return isServed ? nodes(neutron, "dhcp_agent").slice(0, 1) : [];
}

function update(neutron: Neutron, context: RequestContext): HttpReply {
  const agent = requireAgent(neutron, { ...context, params: { agent: context.params.id ?? "" } });
  const body = bodyJson(context.request);
  const fields = body.ok && isDictionary(body.value) ? body.value.agent : undefined;
  if (!isDictionary(fields)) throw httpBadRequest("Unable to find 'agent' in request body");
  const { admin_state_up: isUp, description, ...others } = fields;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw httpBadRequest(`Cannot update read-only attribute ${unknown}`);
  const before = neutron.slot.value.agentChanges.get(agent.id);
  neutron.slot.value.agentChanges.set(agent.id, {
    isUp: typeof isUp === "boolean" ? isUp : (before?.isUp ?? true),
    description: typeof description === "string" ? description : (before?.description ?? null),
  });
  neutron.cloud.kernel.record("neutron", "agent.update", agent.id, {});
  return json(200, { agent: viewOf(neutron, agent) });
}

/** What an agent serves: routers, or networks. */
interface Schedule<T extends { readonly id: string }> {
  readonly topic: string;
  readonly key: string;
  /** The paths below the agent and below what it serves, and the member of bodies. */
  readonly path: string;
  readonly back: string;
  readonly collection: string;
  readonly member: string;
  readonly rows: () => Iterable<T>;
  readonly require: (context: RequestContext, id: string) => T;
  readonly hosts: (row: T) => readonly string[];
  readonly view: (context: RequestContext, row: T) => View;
  readonly refusal: (agent: Agent, id: string) => Refusal;
}

function scheduleRoutes<T extends { readonly id: string }>(
  neutron: Neutron,
  schedule: Schedule<T>,
): readonly OpenStackRoute[] {
  const { topic, key, path, back, collection, member } = schedule;
  const own = `/v2.0/agents/:agent/${path}`;
  const set = (row: T, hosts: readonly string[]): void => {
    neutron.slot.value.scheduled.set(`${key} ${row.id}`, hosts);
    neutron.cloud.kernel.record("neutron", "agent.schedule", row.id, { hosts });
  };
  const agentOf = (context: RequestContext): Agent => {
    const agent = requireAgent(neutron, context);
    if (agent.topic === topic) return agent;
    throw new Refusal(
      404,
      "InvalidAgent",
      `Agent ${agent.id} is not a ${key.toUpperCase()} Agent or has been disabled`,
    );
  };
  return [
    {
      method: "GET",
      path: own,
      handler: (context) => {
        const agent = requireAgent(neutron, context);
        const rows = [...schedule.rows()].filter(
          (row) => agent.topic === topic && schedule.hosts(row).includes(agent.host),
        );
        return json(200, { [collection]: rows.map((row) => schedule.view(context, row)) });
      },
    },
    {
      method: "POST",
      path: own,
      handler: (context) => {
        const agent = agentOf(context);
        const body = bodyJson(context.request);
        const id = body.ok && isDictionary(body.value) ? body.value[member] : undefined;
        const row = schedule.require(context, String(id));
        if (schedule.hosts(row).includes(agent.host)) throw schedule.refusal(agent, row.id);
        set(row, [...schedule.hosts(row), agent.host]);
        return json(201, null);
      },
    },
    {
      method: "DELETE",
      path: `${own}/:id`,
      handler: (context) => {
        const agent = agentOf(context);
        const row = schedule.require(context, context.params.id ?? "");
        set(
          row,
          schedule.hosts(row).filter((host) => host !== agent.host),
        );
        return empty(204);
      },
    },
    {
      method: "GET",
      path: back,
      handler: (context) => {
        if (!context.actor.isAdmin) throw forbidden(`rule:get_${key}-agents`);
        const row = schedule.require(context, context.params.id ?? "");
        const ha = key === "l3" ? { ha_state: null } : {};
        return json(200, {
          agents: onHosts(neutron, topic, schedule.hosts(row)).map((agent) => ({ ...viewOf(neutron, agent), ...ha })),
        });
      },
    },
  ];
}

/** `/v2.0/agents`, and what each of them serves. */
export function agentRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const routers: Schedule<RouterRow> = {
    topic: "l3_agent",
    key: "l3",
    path: "l3-routers",
    back: "/v2.0/routers/:id/l3-agents",
    collection: "routers",
    member: "router_id",
    rows: () => neutron.slot.value.routers.values(),
    require: ({ actor }, id) => requireRow(neutron, ROUTERS, actor, id),
    hosts: (row) => routerHosts(neutron, row),
    view: ({ actor }, row) => ROUTERS.view(neutron, actor, row),
    refusal: (agent, id) =>
      conflict("RouterHostedByL3Agent", `The router ${id} has been already hosted by the L3 Agent ${agent.id}.`),
  };
  const networks: Schedule<NetworkRow> = {
    topic: "dhcp_agent",
    key: "dhcp",
    path: "dhcp-networks",
    back: "/v2.0/networks/:id/dhcp-agents",
    collection: "networks",
    member: "network_id",
    rows: () => neutron.slot.value.networks.values(),
    require: ({ actor }, id) => requireRow(neutron, NETWORKS, actor, id),
    hosts: (row) => networkHosts(neutron, row),
    view: ({ actor }, row) => NETWORKS.view(neutron, actor, row),
    refusal: (agent, id) =>
      conflict("NetworkHostedByDHCPAgent", `The network ${id} has been already hosted by the DHCP Agent ${agent.id}.`),
  };
  return [
    listOfOwn("agents", "agents", ({ actor }) =>
      actor.isAdmin ? agentsOf(neutron).map((agent) => viewOf(neutron, agent)) : [],
    ),
    {
      method: "GET",
      path: "/v2.0/agents/:agent",
      handler: (context) => json(200, { agent: viewOf(neutron, requireAgent(neutron, context)) }),
    },
    { method: "PUT", path: "/v2.0/agents/:id", handler: (context) => update(neutron, context) },
    {
      method: "DELETE",
      path: "/v2.0/agents/:agent",
      handler: (context) => {
        const { id } = requireAgent(neutron, context);
        throw conflict("AgentInUse", `Agent ${id} is alive and can't be deleted.`);
      },
    },
    ...scheduleRoutes(neutron, routers),
    ...scheduleRoutes(neutron, networks),
  ];
}
