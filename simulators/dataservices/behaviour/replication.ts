import { type Disk, groupOf, type Instance } from "../state.ts";
import type { DataServices } from "./services.ts";

/** The disk that holds the data of an instance: its own, or for a replica that of its primary. */
export function diskOf(services: DataServices, instance: Instance): Disk | undefined {
  const primary =
    instance.role === "primary" ? instance : membersOf(services, instance).find(({ role }) => role === "primary");
  return primary === undefined ? undefined : services.slot.value.disks.get(primary.disk);
}

/** The instances of the same deployment and kind, the instance itself included. */
export function membersOf({ slot }: DataServices, instance: Instance): readonly Instance[] {
  const { groups, instances } = slot.value;
  return (groups.get(groupOf(instance)) ?? []).flatMap((address) => instances.get(address) ?? []);
}

/** Running primaries of the same kind, the instance itself apart, by address: whom a planted defect may hit. */
export function neighboursOf({ slot }: DataServices, instance: Instance): readonly Instance[] {
  return [...slot.value.instances.values()]
    .filter(({ kind, role, address }) => kind === instance.kind && role === "primary" && address !== instance.address)
    .sort((a, b) => (a.address < b.address ? -1 : 1));
}
