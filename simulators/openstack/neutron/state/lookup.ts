import type { Actor } from "../../cloud.ts";
import { notFound } from "../wire/errors.ts";
import { canSeeNetwork, canSeeSubnet, controlsPort } from "./access.ts";
import type { AddressGroupRow, NetworkRow, PortRow, SecurityGroupRow, SubnetRow } from "./rows.ts";
import { mayUse } from "./sharing.ts";
import type { Neutron } from "./state.ts";

/*
 * Rows that an actor names. One that the actor may not see counts as missing.
 */

/** @throws Refusal 404 */
export function requireNetwork(neutron: Neutron, actor: Actor, id: string): NetworkRow {
  const row = neutron.slot.value.networks.get(id);
  if (row === undefined || !canSeeNetwork(neutron, actor, row)) throw notFound("Network", id);
  return row;
}

/** @throws Refusal 404 */
export function requireSubnet(neutron: Neutron, actor: Actor, id: string): SubnetRow {
  const row = neutron.slot.value.subnets.get(id);
  if (row === undefined || !canSeeSubnet(neutron, actor, row)) throw notFound("Subnet", id);
  return row;
}

/** @throws Refusal 404 */
export function requirePort(neutron: Neutron, actor: Actor, id: string): PortRow {
  const row = neutron.slot.value.ports.get(id);
  if (row === undefined || !controlsPort(neutron, actor, row)) throw notFound("Port", id);
  return row;
}

/** @throws Refusal 404 */
export function requireGroup(neutron: Neutron, actor: Actor, id: string): SecurityGroupRow {
  const row = neutron.slot.value.groups.get(id);
  if (row === undefined || !mayUse(neutron, actor, row)) throw notFound("SecurityGroup", id);
  return row;
}

/** @throws Refusal 404 */
export function requireAddressGroup(neutron: Neutron, actor: Actor, id: string): AddressGroupRow {
  const row = neutron.slot.value.addressGroups.get(id);
  if (row === undefined || !mayUse(neutron, actor, row)) throw notFound("AddressGroup", id);
  return row;
}
