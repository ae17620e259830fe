import { type Actor, controls } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import { textOrNull } from "../../schema/index.ts";
import { type Glance, type ImageRow, requireOwnImage } from "../state.ts";
import { isImageAttribute } from "../wire/schemas.ts";

/** An image by the names of the API; a name that is not an attribute of images becomes a custom property. */
type ImageFields = Readonly<Record<string, unknown>>;

const customOf = (fields: ImageFields): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([name, value]) => !isImageAttribute(name) && value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );

/** A queued image. Defaults: a new id, the project's own, shared, without formats, tags or minima. */
export function createImage(glance: Glance, projectId: string, fields: ImageFields): ImageRow {
  const { kernel } = glance.cloud;
  const state = glance.slot.value;
  const row: ImageRow = {
    id: textOrNull(fields.id) ?? glance.cloud.uuid("glance"),
    seq: ++state.made,
    projectId: textOrNull(fields.owner) ?? projectId,
    name: textOrNull(fields.name),
    status: "queued",
    visibility: textOrNull(fields.visibility) ?? "shared",
    diskFormat: textOrNull(fields.disk_format),
    containerFormat: textOrNull(fields.container_format),
    minDiskGb: Number(fields.min_disk ?? 0),
    minRamMb: Number(fields.min_ram ?? 0),
    isProtected: fields.protected === true,
    isHidden: fields.os_hidden === true,
    tags: uniqueTags(fields.tags),
    size: null,
    checksum: null,
    sha512: null,
    createdMs: kernel.nowMs,
    updatedMs: kernel.nowMs,
    properties: customOf(fields),
    members: [],
    data: null,
    staged: null,
  };
  state.images.set(row.id, row);
  state.usedIds.add(row.id);
  kernel.record("glance", "image.create", row.id, { project: row.projectId, name: row.name });
  return row;
}

/** The tags in a value, each once. */
export const uniqueTags = (value: unknown): readonly string[] =>
  Array.isArray(value) ? [...new Set(value.filter((tag) => typeof tag === "string"))] : [];

/** Deletes an image as its owner does. @throws Refusal 403, 404 */
export function removeImage(glance: Glance, actor: Actor, id: string): void {
  const row = glance.slot.value.images.get(id);
  if (row === undefined || !(controls(actor, row) || isSharedWith(actor, row)))
    throw new Refusal(404, "", `Failed to find image ${id} to delete`);
  requireOwnImage(glance, actor, id);
  if (row.isProtected) throw new Refusal(403, "", `Image ${id} is protected and cannot be deleted.`);
  forgetImage(glance, id);
}

const isSharedWith = (actor: Actor, row: ImageRow): boolean =>
  row.visibility === "public" || row.visibility === "community" || row.members.some(({ id }) => id === actor.projectId);

/** Deletes anybody's image; does nothing if it is gone. */
export function forgetImage({ slot, cloud }: Glance, id: string): void {
  if (slot.value.images.delete(id)) cloud.kernel.record("glance", "image.delete", id);
}
