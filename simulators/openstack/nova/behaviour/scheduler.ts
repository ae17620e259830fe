import { HOST_LIMITS } from "../state/host.ts";
import type { Nova } from "../state/nova.ts";
import type { Server } from "../state/server.ts";

/** Why no host takes it; the trailing blank is Nova's own. */
export function whyNoHost(nova: Nova, server: Server): string | undefined {
  const { ram, vcpus, disk } = server.flavor;
  if (ram > HOST_LIMITS.ramMb || vcpus > HOST_LIMITS.vcpus || disk > HOST_LIMITS.diskGb)
    return "No valid host was found. ";
  const properties = server.imageId === "" ? undefined : nova.cloud.images.find(server.imageId)?.properties;
  const hypervisor = properties?.hypervisor_type ?? "kvm";
  const architecture = properties?.architecture ?? "x86_64";
  if (!["kvm", "qemu"].includes(hypervisor) || architecture !== "x86_64")
    return "No valid host was found. There are not enough hosts available.";
  const group = nova.slot.value.groups.get(server.extras?.groupId ?? "");
  if (group?.policy !== "anti-affinity") return undefined;
  const others = membersOf(nova, group.id).filter((other) => other.id !== server.id && other.isScheduled);
  return others.length >= (group.rules.max_server_per_host ?? 1)
    ? "No valid host was found. There are not enough hosts available."
    : undefined;
}

/** The live servers of a group, oldest first. */
export function membersOf(nova: Nova, groupId: string): Server[] {
  const group = nova.slot.value.groups.get(groupId);
  const own = nova.slot.value.byProject.get(group?.projectId ?? "");
  return [...(own?.values() ?? [])].filter(({ extras }) => extras?.groupId === groupId);
}
