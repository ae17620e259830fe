import { bodyJson, json, type HttpReply } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { type Agent, agentsOf } from "../state/agents.ts";
import type { Neutron } from "../state/state.ts";
import { conflict, httpBadRequest, notFoundAs } from "../wire/errors.ts";
import { isDictionary } from "../wire/structures.ts";
import type { View } from "../wire/views.ts";
import { listOfOwn } from "./read-only.ts";

/** How long ago a live agent last reported: half of `report_interval`. */
const HEARTBEAT_MS = 15_000;

const withSpace = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

/** The view of an agent. */
export function agentView({ cloud, slot }: Neutron, agent: Agent): View {
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
export function requireAgent(neutron: Neutron, { actor, params }: RequestContext): Agent {
  const found = actor.isAdmin ? agentsOf(neutron).find(({ id }) => id === params.agent) : undefined;
  if (found === undefined) throw notFoundAs("AgentNotFound", `Agent ${params.agent} could not be found.`);
  return found;
}

function update(neutron: Neutron, context: RequestContext): HttpReply {
  const agent = requireAgent(neutron, context);
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
  return json(200, { agent: agentView(neutron, agent) });
}

/** `/v2.0/agents` */
export const agentRoutes = (neutron: Neutron): readonly OpenStackRoute[] => [
  listOfOwn("agents", "agents", ({ actor }) =>
    actor.isAdmin ? agentsOf(neutron).map((agent) => agentView(neutron, agent)) : [],
  ),
  {
    method: "GET",
    path: "/v2.0/agents/:agent",
    handler: (context) => json(200, { agent: agentView(neutron, requireAgent(neutron, context)) }),
  },
  { method: "PUT", path: "/v2.0/agents/:agent", handler: (context) => update(neutron, context) },
  {
    method: "DELETE",
    path: "/v2.0/agents/:agent",
    handler: (context) => {
      const { id } = requireAgent(neutron, context);
      throw conflict("AgentInUse", `Agent ${id} is alive and can't be deleted.`);
    },
  },
];
