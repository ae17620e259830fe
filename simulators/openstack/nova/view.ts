import { hash } from "node:crypto";
import type { PortView } from "../cloud.ts";
import { isoMicros, isoSeconds } from "../time.ts";
import { type Call, links } from "./call.ts";
import { type Flavor, HOST, type Server } from "./state.ts";

const BY_TASK: Readonly<Record<string, string>> = {
  rebooting: "REBOOT",
  reboot_started: "REBOOT",
  rebooting_hard: "HARD_REBOOT",
  reboot_started_hard: "HARD_REBOOT",
  updating_password: "PASSWORD",
  rebuilding: "REBUILD",
  rebuild_spawning: "REBUILD",
  migrating: "MIGRATING",
  resize_prep: "RESIZE",
  resize_migrating: "RESIZE",
  resize_migrated: "RESIZE",
  resize_finish: "RESIZE",
  resize_reverting: "REVERT_RESIZE",
};

const BY_VM: Readonly<Record<Server["vm"], string>> = {
  building: "BUILD",
  active: "ACTIVE",
  stopped: "SHUTOFF",
  paused: "PAUSED",
  suspended: "SUSPENDED",
  rescued: "RESCUE",
  resized: "VERIFY_RESIZE",
  shelved: "SHELVED",
  shelved_offloaded: "SHELVED_OFFLOADED",
  error: "ERROR",
  deleted: "DELETED",
};

/** The status that clients poll: what is being done shows where it matters (docs/discoveries/openstack.md, "State machines"). */
export const statusOf = (server: Server): string => BY_TASK[server.task ?? ""] ?? BY_VM[server.vm];

export const POWER: Readonly<Record<Server["vm"], number>> = {
  building: 0,
  active: 1,
  stopped: 4,
  paused: 3,
  suspended: 1,
  rescued: 4,
  resized: 1,
  shelved: 4,
  shelved_offloaded: 4,
  error: 0,
  deleted: 0,
};

const WITH_PROGRESS: readonly string[] = ["ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"];

/** What a user sees of the host: the same for the servers of one project on one host, and no name. */
export const hostIdOf = (server: Server): string =>
  server.isScheduled && server.vm !== "shelved_offloaded" ? hash("sha224", server.projectId + HOST, "hex") : "";

export const portsOf = (call: Call, server: Server): PortView[] =>
  server.nics.flatMap(({ portId }) => call.nova.cloud.ports.port(portId) ?? []);

/** Addresses by network; `isExtended` adds type and MAC. */
export function addressesOf(call: Call, server: Server, isExtended: boolean): Record<string, object[]> {
  const addresses: Record<string, object[]> = {};
  for (const port of portsOf(call, server)) {
    const list = (addresses[port.networkName] ??= []);
    const add = (addr: string, version: number, type: string): void => {
      const extended = { "OS-EXT-IPS:type": type, "OS-EXT-IPS-MAC:mac_addr": port.mac };
      list.push({ version, addr, ...(isExtended && extended) });
    };
    for (const { ip, version } of port.fixedIps) {
      add(ip, version, "fixed");
      for (const floating of port.floatingIps) if (floating.fixedIp === ip) add(floating.ip, 4, "floating");
    }
  }
  return addresses;
}

function flavorOf(call: Call, flavor: Flavor): object {
  if (call.version < 47)
    return { id: flavor.id, links: [{ rel: "bookmark", href: `${call.bookmark}/flavors/${flavor.id}` }] };
  return {
    vcpus: flavor.vcpus,
    ram: flavor.ram,
    disk: flavor.disk,
    ephemeral: flavor.ephemeral,
    swap: flavor.swap,
    original_name: flavor.name,
    extra_specs: flavor.extraSpecs,
  };
}

const imageOf = (call: Call, id: string): object | string =>
  id === "" ? "" : { id, links: [{ rel: "bookmark", href: `${call.bookmark}/images/${id}` }] };

function faultOf(call: Call, server: Server): object {
  const fault = server.extras?.fault;
  const status = statusOf(server);
  if (fault === undefined || (status !== "ERROR" && status !== "DELETED")) return {};
  const { code, createdMs, message } = fault;
  const details = call.actor.isAdmin || code !== 500 ? { details: message } : {};
  return { fault: { code, created: isoSeconds(createdMs), message, ...details } };
}

/** The part that every view has, from GET to the answer of a rebuild. */
function base(call: Call, server: Server, isExtended: boolean): Record<string, unknown> {
  const { version } = call;
  const status = statusOf(server);
  const { lock, tags, accessIPv4, accessIPv6, autoDisk } = server.extras ?? {};
  return {
    id: server.id,
    name: server.name,
    status,
    tenant_id: server.projectId,
    user_id: server.userId,
    metadata: server.metadata,
    hostId: hostIdOf(server),
    image: imageOf(call, server.imageId),
    flavor: flavorOf(call, server.flavor),
    created: isoSeconds(server.createdMs),
    updated: isoSeconds(server.updatedMs),
    addresses: addressesOf(call, server, isExtended),
    accessIPv4: accessIPv4 ?? "",
    accessIPv6: accessIPv6 ?? "",
    links: links(call, "servers", server.id),
    "OS-DCF:diskConfig": autoDisk === true ? "AUTO" : "MANUAL",
    ...(WITH_PROGRESS.includes(status) && { progress: 0 }),
    ...faultOf(call, server),
    ...(version >= 9 && { locked: lock !== undefined }),
    ...(version >= 19 && { description: server.description }),
    ...(version >= 26 && { tags: tags ?? [] }),
    ...(version >= 63 && { trusted_image_certificates: server.extras?.trustedCertificates ?? null }),
    ...(version >= 73 && { locked_reason: lock?.reason ?? null }),
  };
}

/** Names of the groups on each of the server's ports. */
export function securityGroupsOf(ports: readonly PortView[]): string[] {
  return ports.flatMap(({ securityGroups }) => securityGroups);
}

function adminPart(call: Call, server: Server): Record<string, unknown> {
  const { version, actor } = call;
  const hostname = server.extras?.hostname ?? hostnameOf(server.name);
  if (!actor.isAdmin) return version >= 90 ? { "OS-EXT-SRV-ATTR:hostname": hostname } : {};
  const host = server.isScheduled && server.vm !== "shelved_offloaded" ? HOST : null;
  const part: Record<string, unknown> = {
    "OS-EXT-SRV-ATTR:host": host,
    "OS-EXT-SRV-ATTR:instance_name": `instance-${server.seq.toString(16).padStart(8, "0")}`,
    "OS-EXT-SRV-ATTR:hypervisor_hostname": host,
  };
  if (version >= 3) {
    part["OS-EXT-SRV-ATTR:reservation_id"] = reservationOf(server);
    part["OS-EXT-SRV-ATTR:launch_index"] = server.extras?.launchIndex ?? 0;
    part["OS-EXT-SRV-ATTR:hostname"] = hostname;
    part["OS-EXT-SRV-ATTR:kernel_id"] = "";
    part["OS-EXT-SRV-ATTR:ramdisk_id"] = "";
    part["OS-EXT-SRV-ATTR:root_device_name"] = server.isScheduled ? "/dev/sda" : null;
    part["OS-EXT-SRV-ATTR:user_data"] = server.extras?.userData ?? null;
  }
  if (version >= 16) part.host_status = host === null ? "" : "UP";
  return part;
}

/** The name as a host name: what is not allowed in one is taken out. */
export const hostnameOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[ _]/g, "-")
    .replace(/[^\w.-]/g, "")
    .replace(/^[.-]+|[.-]+$/g, "")
    .slice(0, 255);

/** `r-` and eight letters; those made alone have one of their own. */
export const reservationOf = (server: Server): string =>
  server.extras?.reservationId ?? `r-${server.id.replaceAll("-", "").slice(0, 8)}`;

function volumesOf(call: Call, server: Server): object[] {
  return server.volumes.map(({ volumeId, deleteOnTermination }) => ({
    id: volumeId,
    ...(call.version >= 3 && { delete_on_termination: deleteOnTermination }),
  }));
}

/** What GET shows, one server or each of a detailed list (which leaves the groups out). */
export function fullView(call: Call, server: Server, isListed = false): Record<string, unknown> {
  const groups = securityGroupsOf(portsOf(call, server));
  const zone = server.isScheduled && server.vm !== "shelved_offloaded" ? call.nova.cloud.zones[0] : undefined;
  return {
    ...base(call, server, true),
    "OS-EXT-AZ:availability_zone": server.isScheduled ? (server.extras?.zone ?? zone ?? "") : "",
    config_drive: server.extras?.configDrive === true ? "True" : "",
    key_name: server.keyName,
    "OS-SRV-USG:launched_at": server.launchedMs === 0 ? null : isoMicros(server.launchedMs),
    "OS-SRV-USG:terminated_at":
      server.extras?.terminatedMs === undefined ? null : isoMicros(server.extras.terminatedMs),
    ...(groups.length > 0 && { security_groups: groups.map((name) => ({ name })) }),
    ...adminPart(call, server),
    "OS-EXT-STS:task_state": server.task,
    "OS-EXT-STS:vm_state": server.vm,
    "OS-EXT-STS:power_state": POWER[server.vm],
    "os-extended-volumes:volumes_attached": volumesOf(call, server),
    ...(call.version >= 71 && !isListed && { server_groups: groupsOf(server) }),
  };
}

const groupsOf = (server: Server): string[] => (server.extras?.groupId === undefined ? [] : [server.extras.groupId]);

/** What PUT and rebuild answer; from 2.75 on the same as GET. */
export function changedView(call: Call, server: Server): Record<string, unknown> {
  if (call.version >= 75) return fullView(call, server);
  return { ...base(call, server, false), ...(call.version >= 71 && { server_groups: groupsOf(server) }) };
}

export const briefView = (call: Call, server: Server): object => ({
  id: server.id,
  name: server.name,
  links: links(call, "servers", server.id),
});
