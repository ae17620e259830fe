import type { Cinder } from "../state/cinder.ts";
import { type BackupEnd, endBackup, endRestore, removeBackup } from "./backups.ts";
import { endCreateVolume, type VolumeCreation } from "./create-volume.ts";
import { endDeleteVolume } from "./delete-volume.ts";
import { endExtendVolume, type VolumeExtension } from "./extend-volume.ts";
import { defineGroupTimers } from "./groups.ts";
import { endReimage, type Reimaging } from "./reimage.ts";
import { endRevert, type Reversion } from "./revert.ts";
import { endCreateSnapshot, endDeleteSnapshot } from "./snapshots.ts";
import { endUploadImage, type ImageUpload } from "./upload-image.ts";

/** Declares the timers of this service; once, at construction. */
export function defineTimers(cinder: Cinder): void {
  defineGroupTimers(cinder);
  const { kernel } = cinder.cloud;
  kernel.onTimer<VolumeCreation>("cinder/created", (creation) => endCreateVolume(cinder, creation));
  kernel.onTimer<{ id: string }>("cinder/deleted", ({ id }) => endDeleteVolume(cinder, id));
  kernel.onTimer<{ id: string; status: string }>("cinder/snapshot", (end) => endCreateSnapshot(cinder, end));
  kernel.onTimer<{ id: string }>("cinder/snapshot-deleted", ({ id }) => endDeleteSnapshot(cinder, id));
  kernel.onTimer<ImageUpload>("cinder/uploaded", (upload) => endUploadImage(cinder, upload));
  kernel.onTimer<BackupEnd>("cinder/backup", (end) => endBackup(cinder, end));
  kernel.onTimer<{ id: string }>("cinder/backup-deleted", ({ id }) => removeBackup(cinder, id));
  kernel.onTimer<{ id: string; volumeId: string }>("cinder/restored", (end) => endRestore(cinder, end));
  kernel.onTimer<Reimaging>("cinder/reimaged", (end) => endReimage(cinder, end));
  kernel.onTimer<Reversion>("cinder/reverted", (reversion) => endRevert(cinder, reversion));
  kernel.onTimer<VolumeExtension>("cinder/extended", (extension) => endExtendVolume(cinder, extension));
}
