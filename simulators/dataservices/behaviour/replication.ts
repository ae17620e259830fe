import { byText } from "../../kernel/index.ts";
import { type Phase, phaseOf } from "../cluster/cluster.ts";
import { type Disk, groupOf, type Instance } from "../state.ts";
import type { DataServices } from "./services.ts";

/**
 * Whether the group of an instance is supervised. It is not if the real servers behind it can't replicate:
 * then its first node is the primary forever.
 */
export const isSupervised = ({ real }: DataServices, { kind }: Pick<Instance, "kind">): boolean =>
  real === undefined || !real.covers({ kind }) || real.replicates({ kind });

/** The disk with the data of an instance: its own; for a replica without replication, its primary's. */
export function diskOf(services: DataServices, instance: Instance): Disk | undefined {
  const isOwn = instance.role === "primary" || isSupervised(services, instance);
  const holder = isOwn ? instance : membersOf(services, instance).find(({ role }) => role === "primary");
  return holder === undefined ? undefined : services.slot.value.disks.get(holder.disk);
}

/** The instances of the same deployment and kind, the instance itself included. */
export function membersOf(
  { slot }: DataServices,
  instance: Pick<Instance, "deployment" | "kind">,
): readonly Instance[] {
  const { groups, instances } = slot.value;
  return (groups.get(groupOf(instance)) ?? []).flatMap((address) => instances.get(address) ?? []);
}

/** The other primaries of the same kind, by address, which a planted defect may hit. */
export function neighboursOf({ slot }: DataServices, instance: Instance): readonly Instance[] {
  return [...slot.value.instances.values()]
    .filter(
      ({ kind, role, deployment }) =>
        kind === instance.kind && role === "primary" && deployment !== instance.deployment,
    )
    .sort((a, b) => byText(a.address, b.address));
}

/** A node's role in its group; permanent if the group is not supervised. */
export function phaseOfInstance(services: DataServices, instance: Instance): Phase {
  const group = services.slot.value.clusters.get(groupOf(instance));
  return group === undefined || !isSupervised(services, instance)
    ? instance.role
    : phaseOf(group.cluster, instance.index);
}

/** Whether the node serves clients. One that should have been fenced but was not does, too. */
export function isServing(services: DataServices, instance: Instance): boolean {
  if (instance.state !== "running") return false;
  if (instance.server === "unfenced") return true;
  const phase = phaseOfInstance(services, instance);
  return instance.server === "up" && (phase === "primary" || phase === "replica");
}
