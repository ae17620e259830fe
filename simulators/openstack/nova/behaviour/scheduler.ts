import type { ComputeHost } from "../../hosts.ts";
import { HOST_LIMITS, serviceOf, zoneOf } from "../state/host.ts";
import type { Nova } from "../state/nova.ts";
import type { Server } from "../state/server.ts";

/** A server's demands on its host, besides enough room. */
export interface Destination {
  /** Only this one. */
  readonly host?: string;
  /** Any but this one. */
  readonly except?: string;
}

/** The host that a server goes to, or why no host takes it. The trailing blank of one message is Nova's own. */
type Placement = { readonly host: ComputeHost } | { readonly refusal: string };

const NO_HOST = "No valid host was found. There are not enough hosts available.";

/** Chooses the host with the most free memory of those that may take the server, the first by name where several have as much. */
export function chooseHost(nova: Nova, server: Server, { host: wanted, except }: Destination = {}): Placement {
  const { ram, vcpus, disk } = server.flavor;
  if (ram > HOST_LIMITS.ramMb || vcpus > HOST_LIMITS.vcpus || disk > HOST_LIMITS.diskGb)
    return { refusal: "No valid host was found. " };
  if (!isRunnable(nova, server)) return { refusal: NO_HOST };
  const { hostRam } = nova.slot.value;
  const usedOf = (host: ComputeHost): number => hostRam.get(host.name) ?? 0;
  const fitsGroup = groupFilter(nova, server);
  let chosen: ComputeHost | undefined;
  for (const host of nova.cloud.hosts) {
    if (host.name === except || (wanted !== undefined && host.name !== wanted)) continue;
    if (server.extras?.zone !== undefined && server.extras.zone !== zoneOf(nova, host)) continue;
    const { isDisabled, isForcedDown } = serviceOf(nova, host.name);
    if (isDisabled || isForcedDown || usedOf(host) + ram > HOST_LIMITS.ramMb || !fitsGroup(host)) continue;
    if (chosen === undefined || usedOf(host) < usedOf(chosen)) chosen = host;
  }
  return chosen === undefined ? { refusal: NO_HOST } : { host: chosen };
}

/** Whether the hypervisors of this cloud run the image. */
function isRunnable(nova: Nova, server: Server): boolean {
  const properties = server.imageId === "" ? undefined : nova.cloud.images.find(server.imageId)?.properties;
  const hypervisor = properties?.hypervisor_type ?? "kvm";
  const architecture = properties?.architecture ?? "x86_64";
  return ["kvm", "qemu"].includes(hypervisor) && architecture === "x86_64";
}

/** Which hosts the group of a server allows. */
function groupFilter(nova: Nova, server: Server): (host: ComputeHost) => boolean {
  const group = nova.slot.value.groups.get(server.extras?.groupId ?? "");
  if (group?.policy !== "anti-affinity" && group?.policy !== "affinity") return () => true;
  const others = membersOf(nova, group.id).filter((other) => other.id !== server.id && other.host !== null);
  const on = (host: ComputeHost): number => others.filter((other) => other.host === host.name).length;
  if (group.policy === "affinity") return (host) => others.length === 0 || on(host) > 0;
  const most = group.rules.max_server_per_host ?? 1;
  return (host) => on(host) < most;
}

/** The live servers of a group, oldest first. */
export function membersOf(nova: Nova, groupId: string): Server[] {
  const group = nova.slot.value.groups.get(groupId);
  const own = nova.slot.value.byProject.get(group?.projectId ?? "");
  return [...(own?.values() ?? [])].filter(({ extras }) => extras?.groupId === groupId);
}
