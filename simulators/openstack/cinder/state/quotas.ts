import { overLimit } from "../wire/errors.ts";
import type { Cinder } from "./cinder.ts";
import type { ProjectUsage } from "./rows.ts";
import { usageOf } from "./usage.ts";

/** Default quotas of Zed (docs/discoveries/openstack.md, "Quotas"). */
const DEFAULTS: Readonly<Record<string, number>> = {
  volumes: 10,
  per_volume_gigabytes: -1,
  snapshots: 10,
  gigabytes: 1000,
  backups: 10,
  backup_gigabytes: 1000,
  groups: 10,
};

/** Each volume type has quotas of its own, unlimited unless set. */
const typeQuotas = ({ slot }: Cinder): string[] =>
  [...slot.value.types.values()].flatMap(({ name }) => [`volumes_${name}`, `gigabytes_${name}`, `snapshots_${name}`]);

export const defaultsOf = (cinder: Cinder): Record<string, number> => ({
  ...Object.fromEntries(Object.entries(DEFAULTS).map(([name, limit]) => [name, cinder.cloud.quota(name, limit)])),
  ...Object.fromEntries(typeQuotas(cinder).map((name) => [name, -1])),
});

export const quotasOf = (cinder: Cinder, projectId: string): Record<string, number> => ({
  ...defaultsOf(cinder),
  ...cinder.slot.value.quotas.get(projectId),
});

const limitOf = (cinder: Cinder, projectId: string, name: string): number =>
  cinder.slot.value.quotas.get(projectId)?.[name] ?? cinder.cloud.quota(name, DEFAULTS[name] ?? -1);

/** @throws Refusal 413 when the project may not have so many gigabytes more */
export function checkGigabytes(cinder: Cinder, projectId: string, sizeGb: number, volumeGb = sizeGb): void {
  const perVolume = limitOf(cinder, projectId, "per_volume_gigabytes");
  if (perVolume >= 0 && volumeGb > perVolume)
    throw overLimit(
      `VolumeSizeExceedsLimit: Requested volume size ${volumeGb}G is larger than maximum allowed limit ${perVolume}G.`,
    );
  const limit = limitOf(cinder, projectId, "gigabytes");
  const used = usageOf(cinder, projectId).gigabytes;
  if (limit >= 0 && used + sizeGb > limit)
    throw overLimit(
      `VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested ${sizeGb}G, quota is ${limit}G and ${used}G has been consumed.`,
    );
}

/** @throws Refusal 413 when the project may not have one more */
export function checkCount(cinder: Cinder, projectId: string, name: "volumes" | "snapshots" | "backups"): void {
  const limit = limitOf(cinder, projectId, name);
  if (limit < 0 || usageOf(cinder, projectId)[name] < limit) return;
  const kind = { volumes: "Volume", snapshots: "Snapshot", backups: "Backup" }[name];
  const what = name === "volumes" ? " for quota 'volumes'." : "";
  throw overLimit(`${kind}LimitExceeded: Maximum number of ${name} allowed (${limit}) exceeded${what}`);
}

export function usedOf(cinder: Cinder, projectId: string, name: string): number {
  const usage = usageOf(cinder, projectId);
  if (name in usage) return usage[name as keyof ProjectUsage];
  const [resource = "", type] = name.split(/_(.*)/s);
  const typeId = [...cinder.slot.value.types.values()].find((each) => each.name === type)?.id;
  const own = [...(cinder.slot.value.byProject.get(projectId)?.values() ?? [])].filter((row) => row.typeId === typeId);
  const snapshots = [...cinder.slot.value.snapshots.values()].filter((each) =>
    own.some((row) => row.id === each.volumeId),
  );
  const total = (rows: readonly { readonly sizeGb: number }[]): number =>
    rows.reduce((sum, row) => sum + row.sizeGb, 0);
  if (resource === "volumes") return own.length;
  if (resource === "snapshots") return snapshots.length;
  return resource === "gigabytes" ? total(own) + total(snapshots) : 0;
}
