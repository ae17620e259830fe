import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { FloatingIpRow, NetworkRow, PortRow, RouterRow } from "../state/rows.ts";
import { addToCount } from "../state/quotas.ts";
import type { Neutron } from "../state/state.ts";
import { badRequest, conflict } from "../wire/errors.ts";
import { deletePort } from "./ports.ts";

/** The association of a floating IP; nulls if there is none. */
type Association = Pick<FloatingIpRow, "portId" | "fixedIp" | "routerId">;

const NO_ASSOCIATION: Association = { portId: null, fixedIp: null, routerId: null };

function setAssociation({ slot }: Neutron, row: FloatingIpRow, to: Association): void {
  const { floatingByPort } = slot.value;
  if (row.portId !== null) {
    const left = (floatingByPort.get(row.portId) ?? []).filter((id) => id !== row.id);
    if (left.length === 0) floatingByPort.delete(row.portId);
    else floatingByPort.set(row.portId, left);
  }
  Object.assign(row, to);
  if (to.portId !== null) floatingByPort.set(to.portId, [...(floatingByPort.get(to.portId) ?? []), row.id]);
}

/**
 * Associates a floating IP with a port, or with none.
 *
 * @param fixedIp default: the first IPv4 address of the port
 * @throws Refusal 400, 404, 409
 */
export function associate(
  neutron: Neutron,
  actor: Actor,
  row: FloatingIpRow,
  port: PortRow | null,
  fixedIp?: string | null,
): void {
  if (port !== null && port.projectId !== row.projectId && !actor.isAdmin)
    throw badRequest(
      "floatingip",
      `Cannot process floating IP association with Port ${port.id}, since that port is owned by a different tenant.`,
    );
  setAssociation(
    neutron,
    row,
    port === null ? NO_ASSOCIATION : associationWith(neutron, row, port, fixedIp ?? undefined),
  );
  neutron.cloud.kernel.record("neutron", "floatingip.associate", row.id, { address: row.address, port: row.portId });
}

function associationWith(
  neutron: Neutron,
  row: FloatingIpRow,
  port: PortRow,
  fixedIp: string | undefined,
): Association {
  const candidates = port.fixedIps.filter(({ ip }) => !ip.includes(":"));
  const address = candidates.find(({ ip }) => fixedIp === undefined || ip === fixedIp);
  if (fixedIp !== undefined && address === undefined)
    throw badRequest("floatingip", `Port ${port.id} does not have fixed ip ${fixedIp}.`);
  if (address === undefined)
    throw badRequest("floatingip", `Cannot add floating IP to port ${port.id} that has no fixed IPv4 addresses.`);
  if (fixedIp === undefined && candidates.length > 1)
    throw badRequest(
      "floatingip",
      `Port ${port.id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP.`,
    );
  checkUnassociated(neutron, row, port.id, address.ip);
  const router = findRouterBetween(neutron, row.networkId, address.subnetId);
  if (router === undefined)
    throw new Refusal(
      404,
      "ExternalGatewayForFloatingIPNotFound",
      `External network ${row.networkId} is not reachable from subnet ${address.subnetId}.  Therefore, cannot associate Port ${port.id} with a Floating IP.`,
    );
  return { portId: port.id, fixedIp: address.ip, routerId: router.id };
}

/** @throws Refusal 409 if another floating IP is associated with the fixed address */
function checkUnassociated({ slot }: Neutron, row: FloatingIpRow, portId: string, fixedIp: string): void {
  const { floatingByPort, floatingIps } = slot.value;
  const others = (floatingByPort.get(portId) ?? []).flatMap((id) => floatingIps.get(id) ?? []);
  if (others.some((other) => other !== row && other.fixedIp === fixedIp))
    throw conflict(
      "FloatingIPPortAlreadyAssociated",
      `Cannot associate floating IP ${row.address} (${row.id}) with port ${portId} using fixed IP ${fixedIp}, as that fixed IP already has a floating IP on external network ${row.networkId}.`,
    );
}

/** The router through which an external network reaches a subnet. */
export function findRouterBetween({ slot }: Neutron, networkId: string, subnetId: string): RouterRow | undefined {
  const { subnets, portsByDevice, ports, routers } = slot.value;
  if (!subnets.has(subnetId)) return undefined;
  const isConnected = (router: RouterRow): boolean =>
    (portsByDevice.get(router.id) ?? []).some((id) =>
      ports.get(id)?.fixedIps.some((each) => each.subnetId === subnetId),
    );
  return routers.values().find((router) => router.gatewayNetworkId === networkId && isConnected(router));
}

/** Deletes a floating IP with the port that holds its address. */
export function deleteFloatingIp(neutron: Neutron, row: FloatingIpRow): void {
  const own = neutron.slot.value.ports.get(row.ownPortId);
  if (own !== undefined) deletePort(neutron, own);
  setAssociation(neutron, row, NO_ASSOCIATION);
  neutron.slot.value.floatingIps.delete(row.id);
  addToCount(neutron, row.projectId, "floatingip", -1);
  neutron.cloud.kernel.record("neutron", "floatingip.delete", row.id);
}

/** Deletes a network's floating IPs that are associated with nothing, as they don't prevent its deletion. */
export function deleteIdleFloatingIps(neutron: Neutron, network: NetworkRow): void {
  for (const row of neutron.slot.value.floatingIps.values())
    if (row.networkId === network.id && row.portId === null) deleteFloatingIp(neutron, row);
}
