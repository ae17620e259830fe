import { isDeepStrictEqual } from "node:util";
import type { Actor } from "../../cloud.ts";
import type { Flavor } from "./flavor.ts";
import { type Nova, recordChange } from "./nova.ts";

/** A flavor that is to be added; RAM in MiB, disks in GiB, swap in MiB. */
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

/** Adds a flavor; what is left out is as in the API: no ephemeral disk, no swap, public. */
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

/** Who looks for a flavor. */
interface Asker {
  readonly nova: Nova;
  readonly actor: Actor;
}

/** A flavor that is not public is for the projects that were given access, administrators apart. */
export const canUseFlavor = ({ nova, actor }: Asker, flavor: Flavor): boolean =>
  flavor.isPublic || nova.slot.value.flavorAccess.get(flavor.id)?.has(actor.projectId) === true;

/** A flavor that the caller may use. */
export function findFlavor(call: Asker, id: string): Flavor | undefined {
  const flavor = call.nova.slot.value.flavors.get(id);
  return flavor !== undefined && (call.actor.isAdmin || canUseFlavor(call, flavor)) ? flavor : undefined;
}

/** Servers keep the flavor that they were made with: a change makes a new one. */
export function replaceFlavor(nova: Nova, flavor: Flavor, change: Partial<Flavor>): Flavor {
  const next = { ...flavor, ...change };
  if (isDeepStrictEqual(next, flavor)) return flavor;
  nova.slot.value.flavors.set(flavor.id, next);
  recordChange(nova, "flavor.update", flavor.id, { members: Object.keys(change) });
  return next;
}

/** Servers that have it keep it. */
export function removeFlavor(nova: Nova, { id, name }: Flavor): void {
  const { flavors, flavorNames, flavorAccess } = nova.slot.value;
  flavors.delete(id);
  flavorNames.delete(name);
  flavorAccess.delete(id);
  recordChange(nova, "flavor.delete", id);
}
