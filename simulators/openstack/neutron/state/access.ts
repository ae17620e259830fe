import { type Actor, controls } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { PolicyNetwork } from "../wire/policies.ts";
import type { NetworkRow, PortRow, SubnetRow } from "./rows.ts";
import { isSharedWith } from "./sharing.ts";
import type { Neutron } from "./state.ts";

/** Whether the actor may plug ports into the network, and see its subnets. */
const canUseNetwork = (neutron: Neutron, actor: Actor, row: NetworkRow): boolean =>
  controls(actor, row) || isSharedWith(neutron, row.id, actor.projectId);

/** Whether the actor sees the network: one that it may use, or take addresses of. */
export const canSeeNetwork = (neutron: Neutron, actor: Actor, row: NetworkRow): boolean =>
  canUseNetwork(neutron, actor, row) || isSharedWith(neutron, row.id, actor.projectId, "access_as_external");

/** Whether the actor sees a subnet: its own, or one of a network that it may use. */
export function canSeeSubnet(neutron: Neutron, actor: Actor, row: SubnetRow): boolean {
  const network = neutron.slot.value.networks.get(row.networkId);
  return controls(actor, row) || (network !== undefined && canUseNetwork(neutron, actor, network));
}

/** Whether the actor may see and change a port: its project's, or one of another project on its own network. */
export function controlsPort({ slot }: Neutron, actor: Actor, row: PortRow): boolean {
  const network = slot.value.networks.get(row.networkId);
  return controls(actor, row) || (network !== undefined && controls(actor, network) && row.projectId !== "");
}

/** What the rules about a port's attributes ask of its network. */
export function policyNetwork(neutron: Neutron, actor: Actor, networkId: string | undefined): PolicyNetwork {
  const row = neutron.slot.value.networks.get(networkId ?? "");
  if (row === undefined) return { isOwn: false, isShared: false };
  return { isOwn: row.projectId === actor.projectId, isShared: isSharedWith(neutron, row.id, actor.projectId) };
}

/** Only users of a network may put ports and subnets onto it. @throws Refusal 403, 404 */
export function checkNetworkOwner({ slot }: Neutron, actor: Actor, networkId: string, what: string): void {
  const row = slot.value.networks.get(networkId);
  if (actor.isAdmin || row === undefined || row.projectId === actor.projectId) return;
  if (isSharedWith({ slot }, networkId, actor.projectId) || !row.external) return;
  throw new Refusal(403, "HTTPForbidden", `Tenant ${actor.projectId} not allowed to create ${what} on this network`);
}
