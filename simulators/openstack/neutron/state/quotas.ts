import { conflict } from "../wire/errors.ts";
import type { Neutron } from "./state.ts";

/** Default quotas of Zed (docs/discoveries/openstack.md, "Quotas"). −1 is unlimited. */
export const QUOTAS = {
  network: 100,
  subnet: 100,
  subnetpool: -1,
  port: 500,
  router: 10,
  floatingip: 50,
  rbac_policy: 10,
  security_group: 10,
  security_group_rule: 100,
} as const;

/** The subject of a quota, in the API's words. */
export type QuotaResource = keyof typeof QUOTAS;

/** Quotas of a project for which an administrator has set none: the cloud's, else those of Zed. */
export const defaultQuotas = (neutron: Neutron): Record<string, number> =>
  Object.fromEntries(Object.entries(QUOTAS).map(([name, limit]) => [name, neutron.cloud.quota(name, limit)]));

/** Quotas that hold for a project. */
export const quotasOf = (neutron: Neutron, projectId: string): Record<string, number> => ({
  ...defaultQuotas(neutron),
  ...neutron.slot.value.quotas.get(projectId),
});

/** How many a project has. */
export const countOf = ({ slot }: Neutron, projectId: string, name: string): number =>
  slot.value.counts.get(`${projectId}/${name}`) ?? 0;

/** Keeps count of what a project has. */
export function addToCount(neutron: Neutron, projectId: string, name: QuotaResource, by: number): void {
  neutron.slot.value.counts.set(`${projectId}/${name}`, countOf(neutron, projectId, name) + by);
}

/** @throws Refusal 409 OverQuota when the project may not have `more` (default 1) */
export function checkQuota(neutron: Neutron, projectId: string, name: QuotaResource, more = 1): void {
  const limit = neutron.slot.value.quotas.get(projectId)?.[name] ?? neutron.cloud.quota(name, QUOTAS[name]);
  if (limit >= 0 && countOf(neutron, projectId, name) + more > limit)
    throw conflict("OverQuota", `Quota exceeded for resources: ['${name}'].`);
}
