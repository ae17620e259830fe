import { overQuota } from "../wire/errors.ts";
import type { Designate } from "./state.ts";

/** Default quotas of Zed (docs/discoveries/openstack.md, "Quotas"). −1 is unlimited. */
export const QUOTAS = {
  zones: 10,
  zone_recordsets: 500,
  zone_records: 500,
  recordset_records: 20,
  api_export_size: 1000,
} as const;

/** The subject of a quota, in the API's words. */
type QuotaResource = keyof typeof QUOTAS;

/** The limit of a project: its own, else the cloud's, else that of Zed. */
function quotaOf(designate: Designate, projectId: string, resource: QuotaResource): number {
  const own = designate.slot.value.quotas.get(projectId)?.[resource];
  return own ?? designate.cloud.quota(resource, QUOTAS[resource]);
}

/** All limits of a project. */
export const quotasOf = (designate: Designate, projectId: string): Readonly<Record<QuotaResource, number>> => ({
  zones: quotaOf(designate, projectId, "zones"),
  zone_recordsets: quotaOf(designate, projectId, "zone_recordsets"),
  zone_records: quotaOf(designate, projectId, "zone_records"),
  recordset_records: quotaOf(designate, projectId, "recordset_records"),
  api_export_size: quotaOf(designate, projectId, "api_export_size"),
});

/** @throws Refusal 413 when the project may not have as many as `total` */
export function checkQuota(designate: Designate, projectId: string, resource: QuotaResource, total: number): void {
  const limit = quotaOf(designate, projectId, resource);
  if (limit >= 0 && total > limit) throw overQuota(resource);
}
