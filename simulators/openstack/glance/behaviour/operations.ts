import type { ImageOps, ImageView } from "../../cloud.ts";
import { type Glance, type ImageRow, requireOwnImage, sees, touch } from "../state.ts";
import { digestData, fill } from "./data.ts";
import { createImage, forgetImage, removeImage } from "./images.ts";

const viewOf = (row: ImageRow): ImageView => ({
  id: row.id,
  name: row.name,
  status: row.status,
  sizeBytes: row.size ?? 0,
  minDiskGb: row.minDiskGb,
  minRamMb: row.minRamMb,
  projectId: row.projectId,
  diskFormat: row.diskFormat,
  containerFormat: row.containerFormat,
  checksum: row.checksum,
  createdMs: row.createdMs,
  updatedMs: row.updatedMs,
  properties: row.properties,
});

/** Glance's operations for Nova and Cinder. */
export function operations(glance: Glance): ImageOps {
  const find = (id: string): ImageRow | undefined => glance.slot.value.images.get(id);
  return {
    image: (actor, id) => {
      const row = find(id);
      return row !== undefined && sees(actor, row) ? viewOf(row) : undefined;
    },
    find: (id) => {
      const row = find(id);
      return row && viewOf(row);
    },
    images: (actor) =>
      [...glance.slot.value.images.values()]
        .filter((row) => sees(actor, row))
        .reverse()
        .map(viewOf),
    create: (actor, request) => viewOf(createFor(glance, actor.projectId, request)),
    remove: (id) => forgetImage(glance, id),
    delete: (actor, id) => removeImage(glance, actor, id),
    setProperties: (actor, id, properties) => {
      const row = requireOwnImage(glance, actor, id);
      row.properties = properties;
      touch(glance, row);
    },
    activate: (id, sizeBytes) => activate(glance, id, sizeBytes),
  };
}

function createFor(glance: Glance, projectId: string, request: Parameters<ImageOps["create"]>[1]): ImageRow {
  const { name, diskFormat, containerFormat, visibility, minDiskGb, minRamMb, properties } = request;
  return createImage(glance, projectId, {
    name,
    disk_format: diskFormat === undefined ? "qcow2" : diskFormat,
    container_format: containerFormat === undefined ? "bare" : containerFormat,
    visibility,
    min_disk: minDiskGb ?? 0,
    min_ram: minRamMb ?? 0,
    ...properties,
  });
}

/** The largest snapshot for which data is made, bytes; the digest of a larger one is that of its id, as nobody reads it. */
const SNAPSHOT_BYTES_MADE_MAX = 64 * 1024;

function activate(glance: Glance, id: string, sizeBytes: number): void {
  const row = glance.slot.value.images.get(id);
  if (row === undefined) return;
  row.diskFormat ??= "raw";
  row.containerFormat ??= "bare";
  const isMade = sizeBytes <= SNAPSHOT_BYTES_MADE_MAX;
  const digested = digestData(isMade ? Buffer.alloc(sizeBytes, "x") : id);
  fill(glance, row, isMade ? digested : { ...digested, size: sizeBytes, data: null });
}
