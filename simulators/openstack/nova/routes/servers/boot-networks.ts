import { isUuidLike } from "../../../../kernel/index.ts";
import type { BootNic } from "../../behaviour/interfaces.ts";
import { badRequest, conflict } from "../../wire/errors.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { WantedServer } from "../schemas/servers.ts";

/** @throws Refusal 400 for a network whose id is not a UUID, unless a port is named instead */
export function checkNetworkIds({ networks }: WantedServer): void {
  if (networks === undefined || networks === "none" || networks === "auto") return;
  for (const { uuid, port } of networks) {
    if (port != null) continue;
    if (uuid === undefined) throw badRequest("Bad network format: missing 'uuid'");
    if (!isUuidLike(uuid)) throw badRequest(`Bad networks format: network uuid is not in proper format (${uuid})`);
  }
}

/**
 * The NICs of one server. Without networks: one on the only network that the project has, if any.
 *
 * @throws Refusal 400, 409
 */
export function planNics(call: NovaCall, wanted: WantedServer, max: number): readonly BootNic[] {
  const { ports } = call.nova.cloud;
  if (wanted.networks === "none") return [];
  if (wanted.networks === undefined || wanted.networks === "auto" || wanted.networks.length === 0) {
    const networks = ports.networksFor(call.actor).filter(({ subnets }) => subnets.length > 0);
    if (networks.length === 0 && wanted.networks === "auto")
      throw badRequest(`Unable to automatically allocate a network for project ${call.actor.projectId}`);
    if (networks.length > 1) throw conflict("Multiple possible networks found, use a Network ID to be more specific.");
    return networks.map(({ id }) => ({ networkId: id }));
  }
  const one = "Failed to launch instances: max_count cannot be greater than 1 if an";
  if (max > 1 && wanted.networks.some(({ fixed_ip }) => fixed_ip !== undefined))
    throw badRequest(`${one} fixed_ip is specified.`);
  if (max > 1 && wanted.networks.some(({ port }) => port != null))
    throw badRequest("Failed to launch multiple instances, when a port is specified.");
  return wanted.networks.map(({ uuid, port, fixed_ip: fixedIp, tag }) => ({
    ...(port != null ? planPortNic(call, port) : planNetworkNic(call, uuid, fixedIp)),
    ...(tag !== undefined && { tag }),
  }));
}

function planPortNic(call: NovaCall, portId: string): BootNic {
  const port = call.nova.cloud.ports.port(portId);
  if (port === undefined || (port.projectId !== call.actor.projectId && !call.actor.isAdmin))
    throw badRequest(`Port id ${portId} could not be found.`);
  if (port.deviceId !== "") throw conflict(`Port ${portId} is still in use.`);
  return { portId };
}

function planNetworkNic(call: NovaCall, networkId: string | undefined, fixedIp: string | undefined): BootNic {
  const { ports } = call.nova.cloud;
  if (networkId === undefined || !isUuidLike(networkId))
    throw badRequest(`Bad networks format: network uuid is not in proper format (${networkId})`);
  if (ports.network(call.actor, networkId) === undefined) throw badRequest(`Network ${networkId} could not be found.`);
  const holder = fixedIp === undefined ? undefined : ports.portAt(networkId, fixedIp);
  if (holder !== undefined)
    throw badRequest(`Fixed IP address ${fixedIp} is already in use on instance ${holder.deviceId}.`);
  return { networkId, ...(fixedIp !== undefined && { fixedIp }) };
}
