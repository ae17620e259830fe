import type { Actor } from "../../cloud.ts";
import type { Subport, TrunkRow } from "../state/extension-rows.ts";
import { requirePort } from "../state/lookup.ts";
import type { PortRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { badInput, conflict, notFoundAs } from "../wire/errors.ts";
import { setDevice, SUBPORT_OWNER, trunkOf } from "./devices.ts";

/*
 * Trunks (neutron, `services/trunk/rules.py`): one port of a server carries several networks, each as the port of its own.
 */

const VLAN_MAX = 4094;

const parentInUse = (id: string) =>
  conflict("ParentPortInUse", `Port ${id} is currently in use and is not eligible for use as a parent port.`);

/** Checks that a port is in no trunk. @throws Refusal 409 */
function checkFree(neutron: Neutron, portId: string): void {
  const trunk = trunkOf(neutron, portId);
  if (trunk === undefined) return;
  if (trunk.portId === portId) throw parentInUse(portId);
  throw conflict("TrunkPortInUse", `Port ${portId} is in use by another trunk.`);
}

/** The port that may become the parent of a trunk. @throws Refusal 404, 409 */
export function requireParent(neutron: Neutron, actor: Actor, portId: string): PortRow {
  const port = requirePort(neutron, actor, portId);
  checkFree(neutron, portId);
  return port;
}

const mtuOf = ({ slot }: Neutron, { networkId }: PortRow): number => slot.value.networks.get(networkId)?.mtu ?? 0;

/** Checks that ports may join a trunk, in the service's order. @throws Refusal 400, 404, 409 */
export function checkSubports(
  neutron: Neutron,
  actor: Actor,
  parentId: string,
  wanted: readonly Readonly<Record<string, unknown>>[],
): readonly Subport[] {
  const parent = requirePort(neutron, actor, parentId);
  return wanted.map((subport) => {
    const { port_id: given, segmentation_type: type, segmentation_id: number } = subport;
    const portId = String(given);
    if (portId === parentId) throw parentInUse(portId);
    const port = requirePort(neutron, actor, portId);
    if (mtuOf(neutron, port) > mtuOf(neutron, parent))
      throw conflict(
        "SubPortMtuGreaterThanTrunkPortMtu",
        `MTU ${mtuOf(neutron, port)} of subport ${portId} cannot be greater than MTU ${mtuOf(neutron, parent)} of trunk ${parentId}.`,
      );
    const segmentation = segmentationOf(neutron, port, type, number);
    checkFree(neutron, portId);
    if (port.deviceId !== "")
      throw conflict(
        "PortInUse",
        `Unable to complete operation on port ${portId} for network ${port.networkId}. Port already has an attached device ${port.deviceId}.`,
      );
    return { port_id: portId, ...segmentation };
  });
}

/** @throws Refusal 400 */
function segmentationOf(
  { slot }: Neutron,
  port: PortRow,
  type: unknown,
  number: unknown,
): Pick<Subport, "segmentation_type" | "segmentation_id"> {
  const network = slot.value.networks.get(port.networkId);
  if (type === "inherit") {
    const segment = slot.value.segments.get(network?.segments[0] ?? "");
    if (segment?.networkType !== "vlan") throw badInput(`Cannot accept segmentation type ${segment?.networkType}`);
    return { segmentation_type: "vlan", segmentation_id: segment.segmentationId ?? 0 };
  }
  const id = Number(number);
  if (!/^-?\d+$/.test(String(number)))
    throw badInput(`Invalid subport details: segmentation_id '${String(number)}' is not an integer`);
  if (type !== "vlan") throw badInput(`Unknown segmentation_type '${String(type)}'`);
  if (id < 1 || id > VLAN_MAX) throw badInput(`Segmentation ID '${id}' is not in range`);
  return { segmentation_type: "vlan", segmentation_id: id };
}

/** Adds ports to a trunk: they are wired where its parent is. @throws Refusal 409 */
export function addSubports(neutron: Neutron, trunk: TrunkRow, added: readonly Subport[]): void {
  for (const each of added)
    if (trunk.subports.some((other) => other.segmentation_id === each.segmentation_id))
      throw conflict(
        "DuplicateSubPort",
        `segmentation_type ${each.segmentation_type} and segmentation_id ${each.segmentation_id} already in use on trunk ${trunk.id}.`,
      );
  const { ports, trunkByPort } = neutron.slot.value;
  const host = ports.get(trunk.portId)?.hostId ?? "";
  trunk.subports = [...trunk.subports, ...added];
  for (const { port_id: id } of added) {
    trunkByPort.set(id, trunk.id);
    const port = ports.get(id);
    if (port !== undefined) setDevice(neutron, port, "", SUBPORT_OWNER, host);
  }
}

/** Takes ports out of a trunk. @throws Refusal 404 */
export function removeSubports(neutron: Neutron, trunk: TrunkRow, ids: readonly string[]): void {
  for (const id of ids)
    if (!trunk.subports.some((each) => each.port_id === id))
      throw notFoundAs("SubPortNotFound", `SubPort on trunk ${trunk.id} with parent port ${id} could not be found.`);
  trunk.subports = trunk.subports.filter((each) => !ids.includes(each.port_id));
  for (const id of ids) releaseSubport(neutron, id);
}

function releaseSubport(neutron: Neutron, id: string): void {
  const { ports, trunkByPort } = neutron.slot.value;
  trunkByPort.delete(id);
  const port = ports.get(id);
  if (port !== undefined) setDevice(neutron, port, "", "", "");
}

/** Ends a trunk; its ports stay. */
export function endTrunk(neutron: Neutron, trunk: TrunkRow): void {
  const { trunks, trunkByPort } = neutron.slot.value;
  for (const { port_id: id } of trunk.subports) releaseSubport(neutron, id);
  trunkByPort.delete(trunk.portId);
  trunks.delete(trunk.id);
  neutron.cloud.kernel.record("neutron", "trunk.delete", trunk.id);
}

/** A port has gone: its trunk loses it, and ends where it was the parent. */
export function forgetTrunkPort(neutron: Neutron, portId: string): void {
  const trunk = trunkOf(neutron, portId);
  if (trunk === undefined) return;
  if (trunk.portId === portId) return endTrunk(neutron, trunk);
  trunk.subports = trunk.subports.filter((each) => each.port_id !== portId);
  neutron.slot.value.trunkByPort.delete(portId);
}

/** Refuses to delete a port that a trunk needs. @throws Refusal 409 */
export function checkNotTrunked(neutron: Neutron, portId: string): void {
  const trunk = trunkOf(neutron, portId);
  if (trunk === undefined) return;
  if (trunk.portId === portId)
    throw conflict("PortInUseAsTrunkParent", `Port ${portId} is currently a parent port for trunk ${trunk.id}.`);
  throw conflict("PortInUseAsSubPort", `Port ${portId} is currently a subport for trunk ${trunk.id}.`);
}
