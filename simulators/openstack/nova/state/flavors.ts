import { isDeepStrictEqual } from "node:util";
import type { Actor } from "../../cloud.ts";
import type { Flavor } from "./flavor.ts";
import { type Nova, recordChange } from "./nova.ts";

/** A flavor to add; RAM in MiB, disks in GiB, swap in MiB. */
export interface NewFlavor {
  readonly id?: string;
  readonly name: string;
  readonly ram: number;
  readonly vcpus: number;
  readonly disk: number;
  readonly ephemeral?: number;
  readonly swap?: number;
  readonly rxtx?: number;
  readonly isPublic?: boolean;
  readonly description?: string | null;
}

/** Adds a flavor. Defaults as in the API: no ephemeral disk, no swap, public. */
export function addFlavor(nova: Nova, wanted: NewFlavor): Flavor {
  const state = nova.slot.value;
  const flavor: Flavor = {
    id: wanted.id ?? nova.cloud.uuid("nova"),
    name: wanted.name,
    ram: wanted.ram,
    vcpus: wanted.vcpus,
    disk: wanted.disk,
    ephemeral: wanted.ephemeral ?? 0,
    swap: wanted.swap ?? 0,
    rxtx: wanted.rxtx ?? 1,
    isPublic: wanted.isPublic ?? true,
    isDisabled: false,
    description: wanted.description ?? null,
    extraSpecs: {},
    createdMs: nova.cloud.kernel.nowMs,
    seq: ++state.flavorsMade,
  };
  state.flavors.set(flavor.id, flavor);
  state.flavorNames.set(flavor.name, flavor.id);
  recordChange(nova, "flavor.create", flavor.id, { name: flavor.name });
  return flavor;
}

/** The caller who looks for a flavor. */
interface Asker {
  readonly nova: Nova;
  readonly actor: Actor;
}

/** Whether the caller may see a flavor: one that is not public is for projects with access, and for administrators. */
export const canUseFlavor = ({ nova, actor }: Asker, flavor: Flavor): boolean =>
  flavor.isPublic || nova.slot.value.flavorAccess.get(flavor.id)?.has(actor.projectId) === true;

/** A flavor that the caller may use. */
export function findFlavor(call: Asker, id: string): Flavor | undefined {
  const flavor = call.nova.slot.value.flavors.get(id);
  return flavor !== undefined && (call.actor.isAdmin || canUseFlavor(call, flavor)) ? flavor : undefined;
}

/** Replaces a flavor with a changed copy: servers keep the one with which they were made. */
export function replaceFlavor(nova: Nova, flavor: Flavor, change: Partial<Flavor>): Flavor {
  const next = { ...flavor, ...change };
  if (isDeepStrictEqual(next, flavor)) return flavor;
  nova.slot.value.flavors.set(flavor.id, next);
  recordChange(nova, "flavor.update", flavor.id, { members: Object.keys(change) });
  return next;
}

/** Deletes a flavor; servers that have it keep it. */
export function removeFlavor(nova: Nova, { id, name }: Flavor): void {
  const { flavors, flavorNames, flavorAccess } = nova.slot.value;
  flavors.delete(id);
  flavorNames.delete(name);
  flavorAccess.delete(id);
  recordChange(nova, "flavor.delete", id);
}
