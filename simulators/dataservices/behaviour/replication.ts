import { byText } from "../../kernel/index.ts";
import { type Disk, groupOf, type Instance } from "../state.ts";
import type { DataServices } from "./services.ts";

/** The disk with the data of an instance: its own, or for a replica its primary's. */
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

/** The other primaries of the same kind, by address: whom a planted defect may hit. */
export function neighboursOf({ slot }: DataServices, instance: Instance): readonly Instance[] {
  return [...slot.value.instances.values()]
    .filter(({ kind, role, address }) => kind === instance.kind && role === "primary" && address !== instance.address)
    .sort((a, b) => byText(a.address, b.address));
}
