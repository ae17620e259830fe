import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { Slot } from "../../kernel/index.ts";
import type { Actor, Cloud } from "../cloud.ts";
import { Refusal } from "../refusal.ts";

export type ImageStatus = "queued" | "saving" | "uploading" | "importing" | "active" | "deactivated";

export interface MemberRow {
  readonly id: string;
  status: "pending" | "accepted" | "rejected";
  readonly createdMs: number;
  updatedMs: number;
}

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
  size: number | null;
  checksum: string | null;
  sha512: string | null;
  readonly createdMs: number;
  updatedMs: number;
  properties: Readonly<Record<string, string>>;
  members: readonly MemberRow[];
  /** Small data is kept, so that it can be downloaded; of large data only size and digests are. */
  data: Uint8Array | null;
  /** What was staged and waits for its import. */
  staged: Received | null;
}

export interface GlanceState {
  readonly images: Map<string, ImageRow>;
  /** Ids are never given twice, not even after a delete. */
  readonly usedIds: Set<string>;
  made: number;
}

export const newState = (): GlanceState => ({ images: new Map(), usedIds: new Set(), made: 0 });

export interface Glance {
  readonly cloud: Cloud;
  readonly slot: Slot<GlanceState>;
}

export const DATA_BYTES_KEPT_MAX = 1024 * 1024;
export const UPLOAD_BYTES_MAX = 64 * 1024 ** 3;

export interface Received {
  readonly size: number;
  readonly checksum: string;
  readonly sha512: string;
  readonly data: Uint8Array | null;
}

/** Digests a stream as it flows; memory stays flat whatever its size. */
export async function receive(stream: Readable): Promise<Received> {
  const [md5, sha512] = [createHash("md5"), createHash("sha512")];
  let kept: Uint8Array[] | undefined = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = chunk as Uint8Array;
    md5.update(bytes);
    sha512.update(bytes);
    size += bytes.length;
    if (size > DATA_BYTES_KEPT_MAX) kept = undefined;
    kept?.push(bytes);
  }
  return {
    size,
    checksum: md5.digest("hex"),
    sha512: sha512.digest("hex"),
    data: kept === undefined ? null : new Uint8Array(Buffer.concat(kept)),
  };
}

export function digested(body: string | Uint8Array): Received {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return {
    size: bytes.length,
    checksum: createHash("md5").update(bytes).digest("hex"),
    sha512: createHash("sha512").update(bytes).digest("hex"),
    data: new Uint8Array(bytes),
  };
}

export const owns = (actor: Actor, row: ImageRow): boolean => actor.isAdmin || row.projectId === actor.projectId;

export const memberOf = (row: ImageRow, projectId: string): MemberRow | undefined =>
  row.visibility === "shared" ? row.members.find(({ id }) => id === projectId) : undefined;

/** By its id; a list shows less. */
export const sees = (actor: Actor, row: ImageRow): boolean =>
  owns(actor, row) || ["public", "community"].includes(row.visibility) || memberOf(row, actor.projectId) !== undefined;

/** @throws Refusal 404 */
export function imageOf({ slot }: Glance, actor: Actor, id: string): ImageRow {
  const row = slot.value.images.get(id);
  if (row === undefined || !sees(actor, row)) throw new Refusal(404, "", `No image found with ID ${id}`);
  return row;
}

/** @throws Refusal 403 404 */
export function ownImage(glance: Glance, actor: Actor, id: string): ImageRow {
  const row = imageOf(glance, actor, id);
  if (!owns(actor, row)) throw new Refusal(403, "", "You do not own this image");
  return row;
}

export function touch({ cloud }: Glance, row: ImageRow): void {
  row.updatedMs = cloud.kernel.nowMs;
}

/** The image has its data. */
export function fill(glance: Glance, row: ImageRow, received: Received): void {
  Object.assign(row, received, { status: "active", staged: null });
  touch(glance, row);
  glance.cloud.kernel.record("glance", "image.active", row.id, { size: received.size, checksum: received.checksum });
}
