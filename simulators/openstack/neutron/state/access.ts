import { type Actor, controls } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { NetworkRow, PortRow, SubnetRow } from "./rows.ts";
import type { Neutron } from "./state.ts";

/** Whether an RBAC policy shares the network with a project that does not own it. */
export function isSharedWith({ slot }: Pick<Neutron, "slot">, networkId: string, projectId: string): boolean {
  for (const { objectId, action, target } of slot.value.rbac.values())
    if (objectId === networkId && action === "access_as_shared" && (target === projectId || target === "*"))
      return true;
  return false;
}

/** Whether the actor may plug ports into the network, and see its subnets. */
const canUseNetwork = (neutron: Neutron, actor: Actor, row: NetworkRow): boolean =>
  controls(actor, row) || row.shared || isSharedWith(neutron, row.id, actor.projectId);

/** Whether the actor sees the network; everybody sees external ones. */
export const canSeeNetwork = (neutron: Neutron, actor: Actor, row: NetworkRow): boolean =>
  row.external || canUseNetwork(neutron, actor, row);

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

/** Only users of a network may put ports and subnets onto it. @throws Refusal 403, 404 */
export function checkNetworkOwner({ slot }: Neutron, actor: Actor, networkId: string, what: string): void {
  const row = slot.value.networks.get(networkId);
  if (actor.isAdmin || row === undefined || row.shared || row.projectId === actor.projectId) return;
  if (isSharedWith({ slot }, networkId, actor.projectId) || !row.external) return;
  throw new Refusal(403, "HTTPForbidden", `Tenant ${actor.projectId} not allowed to create ${what} on this network`);
}
