import { dependentsOf } from "../behaviour/backups.ts";
import type { BackupRow } from "../state/rows.ts";
import { storedTimeOrNull } from "./dates.ts";
import { links } from "./links.ts";
import type { CinderCall } from "./request.ts";

/** The view of lists and of the answers to changes. */
export const backupBrief = (call: CinderCall, { id, name }: BackupRow): object => ({
  id,
  name,
  links: links(call, "backups", id),
});

/** MiB of data in each object of the store. */
const OBJECT_MIB = 52;

/** The view of GET. */
export const backupView = (call: CinderCall, row: BackupRow): object => ({
  ...backupBrief(call, row),
  status: row.status,
  size: row.sizeGb,
  object_count: row.status === "available" ? Math.ceil((row.sizeGb * 1024) / OBJECT_MIB) : 0,
  availability_zone: row.zone,
  container: row.container,
  created_at: storedTimeOrNull(row.createdMs),
  updated_at: storedTimeOrNull(row.updatedMs),
  description: row.description,
  fail_reason: row.failReason,
  volume_id: row.volumeId,
  is_incremental: row.parentId !== null,
  has_dependent_backups: dependentsOf(call.cinder, row.id).length > 0,
  snapshot_id: row.snapshotId,
  data_timestamp: storedTimeOrNull(row.dataMs),
  ...(call.actor.isAdmin && { "os-backup-project-attr:project_id": row.projectId }),
  ...(call.version >= 43 && { metadata: row.metadata }),
  ...(call.version >= 56 && { user_id: row.userId }),
});
