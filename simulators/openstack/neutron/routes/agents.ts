import { json } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { notFoundAs } from "../wire/errors.ts";
import type { View } from "../wire/views.ts";
import { listOfOwn } from "./read-only.ts";

/** The agents of a network node, each as its service reports it. */
const AGENTS = [
  ["DHCP agent", "neutron-dhcp-agent", "dhcp_agent"],
  ["L3 agent", "neutron-l3-agent", "l3_agent"],
  ["Metadata agent", "neutron-metadata-agent", "N/A"],
  ["Open vSwitch agent", "neutron-openvswitch-agent", "N/A"],
] as const;
const HOST = "network-1";
/** How long ago a live agent last reported: half of `report_interval`. */
const HEARTBEAT_MS = 15_000;

const withSpace = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

/** The agents, for administrators; a bare control plane has none. */
function agentsFor({ actor, cloud }: RequestContext): readonly View[] {
  if (cloud.profile !== "agents" || !actor.isAdmin) return [];
  return AGENTS.map(([type, binary, topic], at) => ({
    id: `6d1f3c52-0d3a-4c39-8b8e-2f6f0a7c4e0${at + 1}`,
    agent_type: type,
    binary,
    topic,
    host: HOST,
    admin_state_up: true,
    created_at: withSpace(0),
    started_at: withSpace(0),
    heartbeat_timestamp: withSpace(cloud.kernel.nowMs - (cloud.kernel.nowMs % HEARTBEAT_MS)),
    description: null,
    resources_synced: null,
    availability_zone: topic === "N/A" ? null : cloud.zones[0],
    alive: true,
    configurations: {},
  }));
}

/** `/v2.0/agents` */
export const AGENT_ROUTES: readonly OpenStackRoute[] = [
  listOfOwn("agents", "agents", agentsFor),
  {
    method: "GET",
    path: "/v2.0/agents/:id",
    handler: (context) => {
      const agent = agentsFor(context).find(({ id }) => id === context.params.id);
      if (agent === undefined) throw notFoundAs("AgentNotFound", `Agent ${context.params.id} could not be found.`);
      return json(200, { agent });
    },
  },
];
