import { faultPoint } from "../../kernel/index.ts";
import type { Cinder } from "./state/cinder.ts";

const VOLUME = { id: { prose: "the id of the volume" }, name: { prose: "its name" } };

/** Where Cinder's own work may fail, besides its routes. */
export const CINDER_POINTS = {
  create: faultPoint({
    point: "cinder:volume.create",
    effects: ["error", "stuck", "delay"],
    attributes: VOLUME,
    prose:
      "A volume that was accepted (202) never becomes available: it ends in error, stays creating for good, or takes much longer. The caller must give up within its own time and delete it.",
  }),
  extend: faultPoint({
    point: "cinder:volume.extend",
    effects: ["error", "stuck"],
    attributes: VOLUME,
    prose:
      "An extension that was accepted (202) fails: the volume turns to error_extending with its old size, or stays extending for good. The caller must not use the new size before the volume says so.",
  }),
  delete: faultPoint({
    point: "cinder:volume.delete",
    effects: ["error", "stuck"],
    attributes: VOLUME,
    prose:
      "A delete that was accepted (202) does not end: the volume turns to error_deleting, or stays deleting for good. The caller must not report it gone.",
  }),
  backup: faultPoint({
    point: "cinder:backup.create",
    effects: ["error", "stuck"],
    attributes: { id: { prose: "the id of the backup" }, volume: { prose: "the id of its volume" } },
    prose:
      "A backup that was accepted (202) ends in error with a `fail_reason`, or stays creating, its volume backing-up, for good. The caller must look at the backup before it counts on it, and free the volume with an administrator's reset.",
  }),
  snapshot: faultPoint({
    point: "cinder:snapshot.create",
    effects: ["error", "stuck"],
    attributes: { id: { prose: "the id of the snapshot" }, volume: { prose: "the id of its volume" } },
    prose: "A snapshot that was accepted (202) ends in error or stays creating. The caller must not count on it.",
  }),
};

/** Declares the fault points of this service; once, at construction. */
export function defineFaults({ cloud: { kernel } }: Cinder): void {
  for (const point of Object.values(CINDER_POINTS)) kernel.faults.define(point);
}
