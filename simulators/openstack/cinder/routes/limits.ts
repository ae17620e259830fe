import type { HttpReply } from "../../../kernel/index.ts";
import { quotasOf } from "../state/quotas.ts";
import { usageOf } from "../state/usage.ts";
import { ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

function showLimits({ cinder, actor }: CinderCall): HttpReply {
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

/** Routes of the API reference, "Limits". */
export const LIMIT_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/limits", clients: ["openstack"], handler: showLimits },
];
