import type { Agent } from "../behaviour/agent.ts";
import type { Cluster } from "../behaviour/cluster.ts";
import type { DnsSettings } from "./settings.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";

/** Why nothing can be looked up: nobody leads, the datacenter is unknown, or the request is refused: the agent's token is unknown or no server answers. */
export type LookupTrouble = "no-leader" | "no-path" | "denied";

/** A datacenter with what the agent may see there. */
export interface ReachedDatacenter {
  readonly datacenter: Datacenter;
  readonly authorizer: Authorizer;
}

/** The datacenter of a name (the agent's own when it names none) and what the agent may see there, or what is in the way. */
export function reachDatacenter(
  cluster: Cluster,
  agent: Agent,
  settings: DnsSettings,
  name: string | undefined,
): ReachedDatacenter | LookupTrouble {
  const own = agent.datacenter;
  const datacenter = name === undefined || name === own.name ? own : cluster.datacenters.get(name);
  if (datacenter === undefined) return "no-path";
  const reach = datacenter === own ? "reached" : cluster.reachOf(datacenter);
  if (reach !== "reached") return reach === "unknown" ? "no-path" : "denied";
  if (!datacenter.hasLeader && !(settings.takesStale && datacenter.hasData)) return "no-leader";
  const authorizer = datacenter.acl.resolve(agent.tokens.dns || agent.tokens.default);
  return authorizer === undefined ? "denied" : { datacenter, authorizer };
}
