import type { Slot } from "../../kernel/index.ts";
import { type Actor, type Cloud, controls } from "../cloud.ts";
import { Refusal } from "../refusal.ts";

type ImageStatus = "queued" | "saving" | "uploading" | "importing" | "active" | "deactivated";

/** A project with which an image is shared. */
export interface MemberRow {
  readonly id: string;
  status: "pending" | "accepted" | "rejected";
  readonly createdMs: number;
  updatedMs: number;
}

/** Received data: its digests, and the data itself if small. */
export interface ImageData {
  /** Bytes. */
  readonly size: number;
  /** MD5, hex. */
  readonly checksum: string;
  /** Hex. */
  readonly sha512: string;
  /** Null where it is longer than `DATA_BYTES_KEPT_MAX`. */
  readonly data: Uint8Array | null;
}

/** An image as Glance keeps it. */
export interface ImageRow {
  readonly id: string;
  /** Counts images: the order of creation. */
  readonly seq: number;
  projectId: string;
  name: string | null;
  status: ImageStatus;
  visibility: string;
  diskFormat: string | null;
  containerFormat: string | null;
  minDiskGb: number;
  minRamMb: number;
  isProtected: boolean;
  isHidden: boolean;
  tags: readonly string[];
  /** Bytes. */
  size: number | null;
  checksum: string | null;
  sha512: string | null;
  readonly createdMs: number;
  updatedMs: number;
  /** Custom properties. */
  properties: Readonly<Record<string, string>>;
  members: readonly MemberRow[];
  /** Small data is kept, so that it can be downloaded; of large data only size and digests are. */
  data: Uint8Array | null;
  /** Staged data that waits for its import. */
  staged: ImageData | null;
}

/** Something that a namespace holds. */
export interface NamespaceThing {
  readonly name: string;
  /** As the client sent it. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** A namespace of metadata definitions. */
export interface NamespaceRow {
  name: string;
  displayName: string | undefined;
  description: string | undefined;
  visibility: string;
  isProtected: boolean;
  owner: string;
  readonly createdMs: number;
  updatedMs: number;
  readonly things: Readonly<Record<"properties" | "objects" | "tags" | "resourceTypes", Map<string, NamespaceThing>>>;
}

/** Work that an administrator has asked for. Times are kernel ms. */
export interface TaskRow {
  readonly id: string;
  readonly type: string;
  readonly owner: string;
  readonly input: Readonly<Record<string, unknown>>;
  status: "pending" | "processing" | "success" | "failure";
  result: Readonly<Record<string, unknown>> | null;
  message: string;
  readonly createdMs: number;
  updatedMs: number;
}

interface GlanceState {
  readonly images: Map<string, ImageRow>;
  readonly namespaces: Map<string, NamespaceRow>;
  readonly tasks: Map<string, TaskRow>;
  /** Ids that were ever assigned: none is reused, not even after a delete. */
  readonly usedIds: Set<string>;
  /** How many images were ever made. */
  made: number;
}

/** The context of Glance's routes. */
export interface Glance {
  readonly cloud: Cloud;
  readonly slot: Slot<GlanceState>;
}

/** A state in which nothing exists. */
export const emptyState = (): GlanceState => ({
  images: new Map(),
  namespaces: new Map(),
  tasks: new Map(),
  usedIds: new Set(),
  made: 0,
});

/** The project's membership in a shared image. */
export const memberOf = (row: ImageRow, projectId: string): MemberRow | undefined =>
  row.visibility === "shared" ? row.members.find(({ id }) => id === projectId) : undefined;

/** Whether the actor may see the image by its id. A list shows less. */
export const sees = (actor: Actor, row: ImageRow): boolean =>
  controls(actor, row) ||
  ["public", "community"].includes(row.visibility) ||
  memberOf(row, actor.projectId) !== undefined;

/** An image that the actor may see. @throws Refusal 404 */
export function requireImage(
  { slot }: Glance,
  actor: Actor,
  id: string,
  refusal: (id: string) => string = (missing) => `No image found with ID ${missing}`,
): ImageRow {
  const row = slot.value.images.get(id);
  if (row === undefined || !sees(actor, row)) throw new Refusal(404, "", refusal(id));
  return row;
}

/** An image that the actor may change. @throws Refusal 403, 404 */
export function requireOwnImage(glance: Glance, actor: Actor, id: string): ImageRow {
  const row = requireImage(glance, actor, id);
  if (!controls(actor, row)) throw new Refusal(403, "", "You do not own this image");
  return row;
}

/** Sets the time of the image's last change to now. */
export function touch({ cloud }: Glance, row: ImageRow): void {
  row.updatedMs = cloud.kernel.nowMs;
}
