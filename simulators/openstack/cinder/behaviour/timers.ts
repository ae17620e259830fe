import type { Cinder } from "../state/cinder.ts";
import { failBackup } from "./backups.ts";
import { type Creation, endCreation } from "./create-volume.ts";
import { endRemoval } from "./delete-volume.ts";
import { endExtension, type Extension } from "./extend-volume.ts";
import { dropSnapshot, endSnapshot } from "./snapshots.ts";
import { endUpload, type Upload } from "./upload-image.ts";

/** Declares the timers of this service; once, at construction. */
export function defineTimers(cinder: Cinder): void {
  const { kernel } = cinder.cloud;
  kernel.onTimer<Creation>("cinder/created", (creation) => endCreation(cinder, creation));
  kernel.onTimer<{ id: string }>("cinder/deleted", ({ id }) => endRemoval(cinder, id));
  kernel.onTimer<{ id: string; status: string }>("cinder/snapshot", (end) => endSnapshot(cinder, end));
  kernel.onTimer<{ id: string }>("cinder/snapshot-deleted", ({ id }) => dropSnapshot(cinder, id));
  kernel.onTimer<Upload>("cinder/uploaded", (upload) => endUpload(cinder, upload));
  kernel.onTimer<{ id: string; requestId: string }>("cinder/backup", (backup) => failBackup(cinder, backup));
  kernel.onTimer<Extension>("cinder/extended", (extension) => endExtension(cinder, extension));
}
