import { createHash } from "node:crypto";
import { percentText } from "../../../kernel/index.ts";
import { notSimulated, Refusal } from "../../refusal.ts";
import { findContainer, findObject, splitPath } from "../state/containers.ts";
import type { ObjectRow, Segment, Swift } from "../state/state.ts";

/** MD5, hex. */
export const md5 = (data: string | Uint8Array): string => createHash("md5").update(data).digest("hex");

/** Length and digest of a static large object: the digest of its segments' digests. */
export const measureSegments = (segments: readonly Segment[]): { readonly bytes: number; readonly etag: string } => ({
  bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
  etag: md5(segments.map(({ hash, range }) => (range === undefined ? hash : `${hash}:${range};`)).join("")),
});

/** Length and digest of what an object delivers. */
export const measureObject = (object: ObjectRow): { readonly bytes: number; readonly etag: string } =>
  object.segments === undefined ? { bytes: object.data.length, etag: object.etag } : measureSegments(object.segments);

/** The contents that an object delivers: its own bytes, or its segments'. */
export interface Content {
  readonly data: Uint8Array;
  /** In the header's form: quoted for large objects. */
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The largest multi-part object, in bytes, as it is assembled in memory. */
export const LARGE_BYTES_MAX = 256 * 1024 * 1024;

/** 501: a multi-part object is longer than `LARGE_BYTES_MAX`. */
export const tooLarge = (): Refusal => notSimulated(`objects of over ${LARGE_BYTES_MAX} bytes`);

/** The contents that an object delivers. @throws Refusal 409 if a segment is lost, 501 if it is too large */
export function contentOf(swift: Swift, account: string, object: ObjectRow): Content {
  if (object.segments !== undefined) return staticContent(swift, account, object, object.segments);
  const manifest = object.metadata["x-object-manifest"];
  if (manifest === undefined) return { data: object.data, etag: object.etag, headers: {} };
  return dynamicContent(swift, account, manifest);
}

/** Every object of a container below a prefix, in the order of their names' bytes. */
function dynamicContent(swift: Swift, account: string, manifest: string): Content {
  const [container, prefix] = splitPath(percentText(manifest)) ?? ["", ""];
  const found = findContainer(swift, account, container);
  if (found === undefined) throw new Refusal(404, "", "");
  const parts = [...found.objects]
    .filter(([name]) => name.startsWith(prefix))
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([, part]) => part);
  if (parts.reduce((sum, { data }) => sum + data.length, 0) > LARGE_BYTES_MAX) throw tooLarge();
  return {
    data: Buffer.concat(parts.map(({ data }) => data)),
    etag: `"${md5(parts.map(({ etag }) => etag).join(""))}"`,
    headers: {},
  };
}

function staticContent(swift: Swift, account: string, object: ObjectRow, segments: readonly Segment[]): Content {
  const parts = segments.map(({ name, hash, range }) => {
    const part = findObject(swift, account, name);
    const content = part && contentOf(swift, account, part);
    // A lost or replaced segment invalidates the whole object.
    if (content === undefined || content.etag.replaceAll('"', "") !== hash) throw new Refusal(409, "", "");
    if (range === undefined) return content.data;
    const [first = 0, last = 0] = range.split("-").map(Number);
    return content.data.slice(first, last + 1);
  });
  return {
    data: Buffer.concat(parts),
    etag: `"${measureSegments(segments).etag}"`,
    headers: { "X-Static-Large-Object": "True", "X-Manifest-Etag": object.etag },
  };
}
