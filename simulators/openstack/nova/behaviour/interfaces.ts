import { Refusal } from "../../refusal.ts";
import { findHost, zoneOf } from "../state/host.ts";
import { type Nova, recordChange } from "../state/nova.ts";
import { type Nic, ownerOf, type Server } from "../state/server.ts";
import { findServer, touchServer } from "../state/servers.ts";
import { WORK_MS } from "./work.ts";

/** A network as the boot request asked for it. */
export interface BootNic {
  readonly networkId?: string;
  readonly portId?: string;
  readonly fixedIp?: string;
  readonly tag?: string;
}

/** One more address of a network (`address` empty), or one less (`networkId` empty). */
export interface FixedIpChange {
  readonly serverId: string;
  readonly networkId: string;
  readonly address: string;
}

function deviceOwner(nova: Nova, server: Server): string {
  const host = findHost(nova, server.host ?? "");
  return `compute:${host === undefined ? (nova.cloud.zones[0] ?? "nova") : zoneOf(nova, host)}`;
}

/** Binds the named port, or a new one. Without `groupIds` a new port has the default group. @throws Refusal as Neutron */
export function plugNic(nova: Nova, server: Server, wanted: BootNic, groupIds: readonly string[] | null): Nic {
  const { ports } = nova.cloud;
  const tag = wanted.tag === undefined ? {} : { tag: wanted.tag };
  const device = { deviceId: server.id, deviceOwner: deviceOwner(nova, server), hostId: server.host ?? "" };
  if (wanted.portId !== undefined) {
    ports.bind(wanted.portId, device);
    return { portId: wanted.portId, isOwn: false, ...tag };
  }
  const owner = ownerOf(server);
  const networkId = wanted.networkId ?? "";
  const port = ports.create(owner, {
    projectId: server.projectId,
    networkId,
    ...(wanted.fixedIp !== undefined && { fixedIp: wanted.fixedIp }),
    ...(groupIds !== null && { securityGroupIds: groupIds }),
    ...device,
  });
  return { portId: port.id, isOwn: true, ...tag };
}

/** Starts to detach a port from a server. */
export function startDetachNic(nova: Nova, server: Server, portId: string): void {
  const { kernel } = nova.cloud;
  kernel.timer(kernel.work(WORK_MS.unplug), "nova.unplug", { serverId: server.id, portId });
  recordChange(nova, "port.detach", server.id, { port: portId });
}

/** Frees the port, or deletes it if Nova created it. */
export function endDetachNic(
  nova: Nova,
  { serverId, portId }: { readonly serverId: string; readonly portId: string },
): void {
  const server = findServer(nova, serverId);
  const nic = server?.nics.find((one) => one.portId === portId);
  if (server === undefined || nic === undefined) return;
  forgetPort(nova, serverId, portId);
  touchServer(nova, server);
  if (nic.isOwn) nova.cloud.ports.remove(portId);
  else nova.cloud.ports.unbind(portId);
}

/** Starts to give a server a further fixed address of a network, or to remove one. */
export function startFixedIp({ cloud: { kernel } }: Nova, change: FixedIpChange): void {
  kernel.timer(kernel.work(WORK_MS.fixedIp), "nova.fixed-ip", change);
}

/** As on the real service a failure is silent: the answer was 202 long ago. */
export function endFixedIp(nova: Nova, { serverId, networkId, address }: FixedIpChange): void {
  const { ports } = nova.cloud;
  const own = ports.portsOf(serverId);
  const port = own.find((each) =>
    address === "" ? each.networkId === networkId : each.fixedIps.some(({ ip }) => ip === address),
  );
  const [subnetId] = port?.fixedIps.map((each) => each.subnetId) ?? [];
  if (port === undefined || subnetId === undefined) return;
  const kept = port.fixedIps.filter(({ ip }) => ip !== address);
  try {
    ports.setFixedIps(port.id, address === "" ? [...kept, { subnetId }] : kept);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

/** Connects a server to a further network, at once. @throws Refusal as Neutron */
export function attachNic(nova: Nova, server: Server, wanted: BootNic): Nic {
  const nic = plugNic(nova, server, wanted, null);
  server.nics = [...server.nics, nic];
  touchServer(nova, server);
  recordChange(nova, "port.attach", server.id, { port: nic.portId });
  return nic;
}

/** Removes a port that was deleted behind Nova's back from its server. */
export function forgetPort(nova: Nova, serverId: string, portId: string): void {
  const server = findServer(nova, serverId);
  if (server === undefined || !server.nics.some((nic) => nic.portId === portId)) return;
  server.nics = server.nics.filter((nic) => nic.portId !== portId);
  recordChange(nova, "port.detached", serverId, { port: portId });
}
