import { isDeepStrictEqual } from "node:util";
import { Refusal } from "../../refusal.ts";
import type { Flavor } from "./flavor.ts";
import { type Nova, recordChange } from "./nova.ts";

/** Default quotas of Zed (docs/discoveries/openstack.md, "Quotas"). */
export const DEFAULTS: Readonly<Record<string, number>> = {
  cores: 20,
  fixed_ips: -1,
  floating_ips: -1,
  injected_file_content_bytes: 10240,
  injected_file_path_bytes: 255,
  injected_files: 5,
  instances: 10,
  key_pairs: 100,
  metadata_items: 128,
  ram: 51200,
  security_group_rules: -1,
  security_groups: -1,
  server_group_members: 10,
  server_groups: 10,
};

/** The limits of a project without quotas of its own; −1 is unlimited. */
export const defaultOf = (nova: Nova, name: string): number =>
  nova.slot.value.quotaClass[name] ?? nova.cloud.quota(name, DEFAULTS[name] ?? -1);

/** The limits of a project; −1 is unlimited. */
export const quotaOf = (nova: Nova, projectId: string, name: string): number =>
  nova.slot.value.quotas.get(projectId)?.[name] ?? defaultOf(nova, name);

type Limits = Readonly<Record<string, number>>;

/** Sets these limits of a project; the others stay. */
export function setQuotas(nova: Nova, projectId: string, limits: Limits): void {
  const { quotas } = nova.slot.value;
  const next = { ...quotas.get(projectId), ...limits };
  if (isDeepStrictEqual(quotas.get(projectId), next)) return;
  quotas.set(projectId, next);
  recordChange(nova, "quota.update", projectId, limits);
}

/** Resets a project to the defaults. */
export function resetQuotas(nova: Nova, projectId: string): void {
  if (nova.slot.value.quotas.delete(projectId)) recordChange(nova, "quota.reset", projectId);
}

/** Sets defaults, for every project without limits of its own. */
export function setDefaultQuotas(nova: Nova, limits: Limits): void {
  const next = { ...nova.slot.value.quotaClass, ...limits };
  if (isDeepStrictEqual(nova.slot.value.quotaClass, next)) return;
  nova.slot.value.quotaClass = next;
  recordChange(nova, "quota-class.update", "default", limits);
}

const RESOURCES = ["cores", "instances", "ram"] as const;
type CountedResource = (typeof RESOURCES)[number];
/** The request beyond the current usage; RAM in MiB. */
type QuotaDemand = Readonly<Partial<Record<CountedResource, number>>>;

function exceededResources(nova: Nova, projectId: string, more: QuotaDemand): readonly CountedResource[] {
  const used = nova.slot.value.usage.get(projectId) ?? { instances: 0, cores: 0, ram: 0 };
  return RESOURCES.filter((name) => {
    const limit = quotaOf(nova, projectId, name);
    const wanted = more[name] ?? 0;
    return wanted > 0 && limit >= 0 && used[name] + wanted > limit;
  });
}

function quotaRefusal(
  nova: Nova,
  projectId: string,
  names: readonly CountedResource[],
  wanted: (name: CountedResource) => string,
): Refusal {
  const used = nova.slot.value.usage.get(projectId) ?? { instances: 0, cores: 0, ram: 0 };
  const join = (of: (name: CountedResource) => string | number): string => names.map(of).join(", ");
  const limits = join((name) => quotaOf(nova, projectId, name));
  const message = `Quota exceeded for ${names.join(", ")}: Requested ${join(wanted)}, but already used ${join((name) => used[name])} of ${limits} ${names.join(", ")}`;
  return new Refusal(403, "forbidden", message);
}

/** @throws Refusal 403 when the project may not have so much more */
export function checkQuota(nova: Nova, projectId: string, more: QuotaDemand): void {
  const names = exceededResources(nova, projectId, more);
  if (names.length > 0) throw quotaRefusal(nova, projectId, names, (name) => String(more[name]));
}

/** How many servers of a flavor the project can have, between `min` and `max`. @throws Refusal 403 when not even `min` */
export function affordableCount(
  nova: Nova,
  projectId: string,
  { vcpus, ram }: Flavor,
  min: number,
  max: number,
): number {
  const more = (count: number): QuotaDemand => ({ instances: count, cores: count * vcpus, ram: count * ram });
  if (exceededResources(nova, projectId, more(min)).length === 0) {
    let [fits, tooMany] = [min, max + 1];
    while (tooMany - fits > 1) {
      const middle = Math.floor((fits + tooMany) / 2);
      if (exceededResources(nova, projectId, more(middle)).length === 0) fits = middle;
      else tooMany = middle;
    }
    return fits;
  }
  const instances = min === max ? String(max) : `${min}-${max}`;
  throw quotaRefusal(nova, projectId, exceededResources(nova, projectId, more(max)), (name) =>
    name === "instances" ? instances : String(more(max)[name]),
  );
}
