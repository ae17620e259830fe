import { accepted, type Call, type CinderRoute, badRequest, denied, member, ok, overLimit } from "./call.ts";
import { type Cinder, usageOf, type Usage } from "./state.ts";

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

const defaultsOf = (cinder: Cinder): Record<string, number> => ({
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

function inUse(cinder: Cinder, projectId: string, name: string): number {
  const usage = usageOf(cinder, projectId);
  if (name in usage) return usage[name as keyof Usage];
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

function show(call: Call): ReturnType<CinderRoute["handler"]> {
  const { cinder, actor, params, query } = call;
  const target = params.target ?? "";
  if (!actor.isAdmin && actor.projectId !== target) throw denied("volume_extension:quotas:show");
  const limits = quotasOf(cinder, target);
  const withUsage = (query.get("usage") ?? "").toLowerCase() === "true";
  const shown = withUsage
    ? Object.fromEntries(
        Object.entries(limits).map(([name, limit]) => [
          name,
          { limit, in_use: name === "per_volume_gigabytes" ? 0 : inUse(cinder, target, name), reserved: 0 },
        ]),
      )
    : limits;
  return ok({ quota_set: { ...shown, id: target } });
}

function update(call: Call): ReturnType<CinderRoute["handler"]> {
  const { cinder, params } = call;
  const target = params.target ?? "";
  const wanted = member(call, "quota_set", { type: "object", minProperties: 1 });
  const known = quotasOf(cinder, target);
  const names = Object.keys(wanted).filter((name) => !["tenant_id", "force", "skip_validation"].includes(name));
  const unknown = names.filter((name) => !(name in known));
  if (unknown.length > 0) throw badRequest(`Invalid input received: Bad key(s) in quota set: ${unknown.join(",")}`);
  const values = names.map((name): [string, number] => {
    const value = Number(wanted[name]);
    if (!Number.isInteger(value)) throw badRequest(`${name} must be an integer`);
    if (value < -1) throw badRequest(`${name} must be >= -1`);
    return [name, value];
  });
  cinder.slot.value.quotas.set(target, { ...cinder.slot.value.quotas.get(target), ...Object.fromEntries(values) });
  return ok({ quota_set: quotasOf(cinder, target) });
}

function limits({ cinder, actor }: Call): ReturnType<CinderRoute["handler"]> {
  const own = quotasOf(cinder, actor.projectId);
  const used = usageOf(cinder, actor.projectId);
  const absolute = {
    maxTotalVolumes: own.volumes,
    maxTotalSnapshots: own.snapshots,
    maxTotalVolumeGigabytes: own.gigabytes,
    maxTotalBackups: own.backups,
    maxTotalBackupGigabytes: own.backup_gigabytes,
    totalVolumesUsed: used.volumes,
    totalGigabytesUsed: used.gigabytes,
    totalSnapshotsUsed: used.snapshots,
    totalBackupsUsed: used.backups,
    totalBackupGigabytesUsed: used.backup_gigabytes,
  };
  return ok({ limits: { rate: [], absolute } });
}

export const QUOTA_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/limits", clients: ["openstack"], handler: limits },
  { method: "GET", path: "/os-quota-sets/:target", clients: ["openstack"], handler: show },
  {
    method: "GET",
    path: "/os-quota-sets/:target/defaults",
    clients: ["openstack"],
    handler: ({ cinder, params, actor }) => {
      if (!actor.isAdmin && actor.projectId !== params.target) throw denied("volume_extension:quotas:show");
      return ok({ quota_set: { ...defaultsOf(cinder), id: params.target } });
    },
  },
  {
    method: "PUT",
    path: "/os-quota-sets/:target",
    admin: "volume_extension:quotas:update",
    clients: ["openstack"],
    handler: update,
  },
  {
    method: "DELETE",
    path: "/os-quota-sets/:target",
    admin: "volume_extension:quotas:delete",
    clients: ["openstack"],
    handler: ({ cinder, params }) => {
      cinder.slot.value.quotas.delete(params.target ?? "");
      return { ...accepted(), status: 200 };
    },
  },
];
