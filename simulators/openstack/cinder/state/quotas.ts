import { isDeepStrictEqual } from "node:util";
import { overLimit } from "../wire/errors.ts";
import { type Cinder, recordChange } from "./cinder.ts";
import type { TypeRow } from "./rows.ts";
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

/** The limits of a project without quotas of its own; −1 is unlimited. */
export const defaultsOf = (cinder: Cinder): Record<string, number> => ({
  ...Object.fromEntries(Object.entries(DEFAULTS).map(([name, limit]) => [name, cinder.cloud.quota(name, limit)])),
  ...Object.fromEntries(typeQuotas(cinder).map((name) => [name, -1])),
  ...cinder.slot.value.quotaClasses.get("default"),
});

/** The limits of a class of quotas, which has none for groups. */
export const classQuotasOf = (cinder: Cinder, name: string): Record<string, number> => {
  const { groups: _groups, ...limits } = defaultsOf(cinder);
  return { ...limits, ...cinder.slot.value.quotaClasses.get(name) };
};

/** Sets these limits of a class; the others stay. */
export function setClassQuotas(cinder: Cinder, name: string, limits: Readonly<Record<string, number>>): void {
  const { quotaClasses } = cinder.slot.value;
  quotaClasses.set(name, { ...quotaClasses.get(name), ...limits });
  recordChange(cinder, "quota.class", name, limits);
}

/** The limits of a project; −1 is unlimited. */
export const quotasOf = (cinder: Cinder, projectId: string): Record<string, number> => ({
  ...defaultsOf(cinder),
  ...cinder.slot.value.quotas.get(projectId),
});

const limitOf = (cinder: Cinder, projectId: string, name: string): number =>
  cinder.slot.value.quotas.get(projectId)?.[name] ??
  cinder.slot.value.quotaClasses.get("default")?.[name] ??
  cinder.cloud.quota(name, DEFAULTS[name] ?? -1);

/** Sets these limits of a project; the others stay. */
export function setQuotas(cinder: Cinder, projectId: string, limits: Readonly<Record<string, number>>): void {
  const { quotas } = cinder.slot.value;
  const next = { ...quotas.get(projectId), ...limits };
  if (isDeepStrictEqual(quotas.get(projectId), next)) return;
  quotas.set(projectId, next);
  recordChange(cinder, "quota.update", projectId, limits);
}

/** Resets a project to the defaults. */
export function resetQuotas(cinder: Cinder, projectId: string): void {
  if (cinder.slot.value.quotas.delete(projectId)) recordChange(cinder, "quota.reset", projectId);
}

/** @throws Refusal 413 when a volume may not have so many gigabytes */
function checkVolumeSize(cinder: Cinder, projectId: string, volumeGb: number): void {
  const limit = limitOf(cinder, projectId, "per_volume_gigabytes");
  if (limit >= 0 && volumeGb > limit)
    throw overLimit(
      `VolumeSizeExceedsLimit: Requested volume size ${volumeGb}G is larger than maximum allowed limit ${limit}G.`,
    );
}

function checkSize(cinder: Cinder, projectId: string, name: string, sizeGb: number): void {
  const limit = limitOf(cinder, projectId, name);
  const used = usedOf(cinder, projectId, name);
  if (limit >= 0 && used + sizeGb > limit)
    throw overLimit(
      `VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed ${name} quota. Requested ${sizeGb}G, quota is ${limit}G and ${used}G has been consumed.`,
    );
}

/** @throws Refusal 413 when the project may not have `sizeGb` more, or a volume of `volumeGb` (default: as much) */
export function checkGigabytes(cinder: Cinder, projectId: string, sizeGb: number, volumeGb = sizeGb): void {
  checkVolumeSize(cinder, projectId, volumeGb);
  checkSize(cinder, projectId, "gigabytes", sizeGb);
}

/** @throws Refusal 413 when the project may not have `sizeGb` more of backups */
export function checkBackupGigabytes(cinder: Cinder, projectId: string, sizeGb: number): void {
  const limit = limitOf(cinder, projectId, "backup_gigabytes");
  const used = usageOf(cinder, projectId).backup_gigabytes;
  if (limit >= 0 && used + sizeGb > limit)
    throw overLimit(
      `VolumeBackupSizeExceedsAvailableQuota: Requested backup exceeds allowed Backup gigabytes quota. Requested ${sizeGb}G, quota is ${limit}G and ${used}G has been consumed.`,
    );
}

/** @throws Refusal 413 when the project may not have so many more */
export function checkCount(
  cinder: Cinder,
  projectId: string,
  name: "volumes" | "snapshots" | "backups",
  more = 1,
): void {
  const limit = limitOf(cinder, projectId, name);
  if (limit < 0 || usageOf(cinder, projectId)[name] + more <= limit) return;
  const kind = { volumes: "Volume", snapshots: "Snapshot", backups: "Backup" }[name];
  const what = name === "volumes" ? " for quota 'volumes'." : "";
  throw overLimit(`${kind}LimitExceeded: Maximum number of ${name} allowed (${limit}) exceeded${what}`);
}

const groupsOf = ({ slot }: Cinder, projectId: string): number =>
  [...slot.value.groups.values()].filter((row) => row.projectId === projectId).length;

/** @throws Refusal 413 when the project may not have one more group of volumes */
export function checkGroupCount(cinder: Cinder, projectId: string): void {
  const limit = limitOf(cinder, projectId, "groups");
  if (limit >= 0 && groupsOf(cinder, projectId) >= limit)
    throw overLimit(`GroupLimitExceeded: Maximum number of groups allowed (${limit}) exceeded`);
}

/** @throws Refusal 413 when the project may not have one more volume of a type, or so many gigabytes */
export function checkTypeQuota(cinder: Cinder, projectId: string, type: TypeRow, sizeGb: number): void {
  const name = `volumes_${type.name}`;
  const limit = limitOf(cinder, projectId, name);
  checkSize(cinder, projectId, `gigabytes_${type.name}`, sizeGb);
  if (limit >= 0 && usedOf(cinder, projectId, name) >= limit)
    throw overLimit(`VolumeLimitExceeded: Maximum number of volumes allowed (${limit}) exceeded for quota '${name}'.`);
}

const COUNTED = ["volumes", "snapshots", "gigabytes", "backups", "backup_gigabytes"] as const;

/** A project's use of a quota. The use of a volume type is counted on demand. */
export function usedOf(cinder: Cinder, projectId: string, name: string): number {
  if (name === "groups") return groupsOf(cinder, projectId);
  const counted = COUNTED.find((each) => each === name);
  return counted === undefined ? usedOfType(cinder, projectId, name) : usageOf(cinder, projectId)[counted];
}

function usedOfType(cinder: Cinder, projectId: string, name: string): number {
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
