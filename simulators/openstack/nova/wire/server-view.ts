import { isoSeconds } from "../../../kernel/index.ts";
import { hash } from "node:crypto";
import type { PortView } from "../../cloud.ts";
import { storedTime } from "../../time.ts";
import type { Flavor } from "../state/flavor.ts";
import { findHost, serviceOf, zoneOf } from "../state/host.ts";
import type { Server } from "../state/server.ts";
import { links } from "./links.ts";
import type { NovaCall } from "./request.ts";
import { addressesOf, portsOf } from "./server-addresses.ts";
import { POWER, statusOf, WITH_PROGRESS } from "./server-status.ts";

/** The host as a user sees it: a digest, the same for all servers of one project on one host, instead of a name. */
const hostIdOf = (server: Server): string =>
  runsOn(server) === null ? "" : hash("sha224", `${server.projectId}${server.host}`, "hex");

/** The host that runs it; null before one was chosen and while it is shelved. */
const runsOn = ({ host, vm }: Server): string | null => (vm === "shelved_offloaded" ? null : host);

function zoneView(call: NovaCall, server: Server): string {
  if (server.host === null) return "";
  if (server.extras?.zone !== undefined) return server.extras.zone;
  const host = findHost(call.nova, runsOn(server) ?? "");
  return host === undefined ? "" : zoneOf(call.nova, host);
}

function flavorView(call: NovaCall, flavor: Flavor): object {
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

const imageView = (call: NovaCall, id: string): object | string =>
  id === "" ? "" : { id, links: [{ rel: "bookmark", href: `${call.bookmark}/images/${id}` }] };

function faultView(call: NovaCall, server: Server): object {
  const fault = server.extras?.fault;
  const status = statusOf(server);
  if (fault === undefined || (status !== "ERROR" && status !== "DELETED")) return {};
  const { code, createdMs, message } = fault;
  const details = call.actor.isAdmin || code !== 500 ? { details: message } : {};
  return { fault: { code, created: isoSeconds(createdMs), message, ...details } };
}

/** The part that every view has, from GET to the answer of a rebuild. */
function commonView(call: NovaCall, server: Server, isExtended: boolean): Record<string, unknown> {
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
    image: imageView(call, server.imageId),
    flavor: flavorView(call, server.flavor),
    created: isoSeconds(server.createdMs),
    updated: isoSeconds(server.updatedMs),
    addresses: addressesOf(call, server, isExtended),
    accessIPv4: accessIPv4 ?? "",
    accessIPv6: accessIPv6 ?? "",
    links: links(call, "servers", server.id),
    "OS-DCF:diskConfig": autoDisk === true ? "AUTO" : "MANUAL",
    ...(WITH_PROGRESS.includes(status) && { progress: 0 }),
    ...faultView(call, server),
    ...(version >= 9 && { locked: lock !== undefined }),
    ...(version >= 19 && { description: server.description }),
    ...(version >= 26 && { tags: tags ?? [] }),
    ...(version >= 63 && { trusted_image_certificates: server.extras?.trustedCertificates ?? null }),
    ...(version >= 73 && { locked_reason: lock?.reason ?? null }),
  };
}

/** Names of the groups on each of the server's ports. */
function securityGroupsOf(ports: readonly PortView[]): string[] {
  return ports.flatMap(({ securityGroups }) => securityGroups);
}

function adminView(call: NovaCall, server: Server): Record<string, unknown> {
  const { version, actor } = call;
  const hostname = server.extras?.hostname ?? hostnameOf(server.name);
  if (!actor.isAdmin) return version >= 90 ? { "OS-EXT-SRV-ATTR:hostname": hostname } : {};
  const host = runsOn(server);
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
    part["OS-EXT-SRV-ATTR:root_device_name"] = server.host === null ? null : "/dev/sda";
    part["OS-EXT-SRV-ATTR:user_data"] = server.extras?.userData ?? null;
  }
  if (version >= 16) part.host_status = host === null ? "" : hostStatus(call, host);
  return part;
}

function hostStatus({ nova }: NovaCall, host: string): string {
  const { isDisabled, isForcedDown } = serviceOf(nova, host);
  return isForcedDown ? "DOWN" : isDisabled ? "MAINTENANCE" : "UP";
}

/** The name as a host name, without the characters that are not allowed there. */
export const hostnameOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[ _]/g, "-")
    .replace(/[^\w.-]/g, "")
    .replace(/^[.-]+|[.-]+$/g, "")
    .slice(0, 255);

/** `r-` and eight letters; a server created alone has one of its own. */
const reservationOf = (server: Server): string =>
  server.extras?.reservationId ?? `r-${server.id.replaceAll("-", "").slice(0, 8)}`;

function volumesView(call: NovaCall, server: Server): object[] {
  return server.volumes.map(({ volumeId, deleteOnTermination }) => ({
    id: volumeId,
    ...(call.version >= 3 && { delete_on_termination: deleteOnTermination }),
  }));
}

/** The view of GET, for one server or each of a detailed list (which leaves the groups out). */
export function fullView(call: NovaCall, server: Server, isListed = false): Record<string, unknown> {
  const groups = securityGroupsOf(portsOf(call, server));
  return {
    ...commonView(call, server, true),
    "OS-EXT-AZ:availability_zone": zoneView(call, server),
    config_drive: server.extras?.configDrive === true ? "True" : "",
    key_name: server.keyName,
    "OS-SRV-USG:launched_at": server.launchedMs === 0 ? null : storedTime(server.launchedMs),
    "OS-SRV-USG:terminated_at":
      server.extras?.terminatedMs === undefined ? null : storedTime(server.extras.terminatedMs),
    ...(groups.length > 0 && { security_groups: groups.map((name) => ({ name })) }),
    ...adminView(call, server),
    "OS-EXT-STS:task_state": server.task,
    "OS-EXT-STS:vm_state": server.vm,
    "OS-EXT-STS:power_state": POWER[server.vm],
    "os-extended-volumes:volumes_attached": volumesView(call, server),
    ...(call.version >= 71 && !isListed && { server_groups: groupIdsOf(server) }),
  };
}

const groupIdsOf = (server: Server): string[] => (server.extras?.groupId === undefined ? [] : [server.extras.groupId]);

/** The answer to PUT and rebuild; from 2.75 on the same as for GET. */
export function changedView(call: NovaCall, server: Server): Record<string, unknown> {
  if (call.version >= 75) return fullView(call, server);
  return { ...commonView(call, server, false), ...(call.version >= 71 && { server_groups: groupIdsOf(server) }) };
}

/** The view of a server in a list without details. */
export const briefView = (call: NovaCall, server: Server): object => ({
  id: server.id,
  name: server.name,
  links: links(call, "servers", server.id),
});
