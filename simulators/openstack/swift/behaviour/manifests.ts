import { bodyText, isObject } from "../../../kernel/index.ts";
import { dumps } from "../../python/index.ts";
import { notSimulated, refuseWith } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { storedTime } from "../../time.ts";
import { findObject, splitPath } from "../state/containers.ts";
import type { Segment, Swift } from "../state/state.ts";
import { badRequest } from "../wire/errors.ts";
import { HTML } from "../wire/headers.ts";
import { LARGE_BYTES_MAX, measureObject, tooLarge } from "./large-objects.ts";

/** A line of a static large object's manifest, as the client sends it. */
interface Entry {
  readonly path: string;
  readonly etag: unknown;
  readonly size: unknown;
}

/** The manifest as `multipart-manifest=get` shows it. */
export const manifestText = (segments: readonly Segment[]): string => dumps(segments);

function parseList(context: RequestContext): readonly unknown[] {
  let manifest: unknown;
  try {
    manifest = JSON.parse(bodyText(context.request));
  } catch {
    throw badRequest("Manifest must be valid JSON.\n", HTML);
  }
  if (!Array.isArray(manifest)) throw badRequest("Manifest must be a list.\n", HTML);
  return manifest;
}

/** A line, or what is wrong with it. @throws Refusal 501 for ranges and data */
function parseEntry(entry: unknown): Entry | string {
  if (!isObject(entry)) return "not a JSON object";
  const { path, etag, size_bytes: size } = entry;
  if ("range" in entry || "data" in entry) throw notSimulated("ranges and data in manifests");
  if (path === undefined) return 'expected keys to include one of "path" or "data"';
  if (typeof path === "string" && splitPath(path) !== undefined) return { path, etag, size };
  return "path does not refer to an object. Path must be of the form /container/object.";
}

/** @throws Refusal 400 that names every invalid line */
function parseManifest(context: RequestContext): readonly Entry[] {
  const entries: Entry[] = [];
  const problems: string[] = [];
  for (const [at, line] of parseList(context).entries()) {
    const entry = parseEntry(line);
    if (typeof entry === "string") problems.push(`Index ${at}: ${entry}\n`);
    else entries.push(entry);
  }
  if (problems.length > 0) throw badRequest(problems.join(""), HTML);
  return entries;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** A segment as it is stored, and what is wrong with it. */
function findSegment(
  swift: Swift,
  account: string,
  { path, etag, size }: Entry,
): { readonly segment: Segment; readonly error?: string } {
  const name = `/${path.replace(/^\//, "")}`;
  const object = findObject(swift, account, name);
  if (object === undefined) return { segment: segmentOf(name, 0, "", "", 0), error: "404 Not Found" };
  const { bytes, etag: hash } = measureObject(object);
  const segment = segmentOf(name, bytes, hash, object.type, object.storedMs);
  if (bytes < 1) return { segment, error: "Too Small; each segment must be at least 1 byte." };
  if (isGiven(size) && Number(size) !== bytes) return { segment, error: "Size Mismatch" };
  return isGiven(etag) && etag !== hash ? { segment, error: "Etag Mismatch" } : { segment };
}

const segmentOf = (name: string, bytes: number, hash: string, type: string, storedMs: number): Segment => ({
  name,
  bytes,
  hash,
  content_type: type,
  last_modified: storedTime(storedMs),
});

/** The segments of a static large object's manifest, checked against what is stored. @throws Refusal 400, 501 */
export function parseSegments(swift: Swift, context: RequestContext): readonly Segment[] {
  const { account = "" } = context.params;
  const found = parseManifest(context).map((entry) => findSegment(swift, account, entry));
  const errors = found.flatMap(({ segment, error }) => (error === undefined ? [] : [[segment.name, error]]));
  if (errors.length > 0)
    throw refuseWith({
      status: 400,
      headers: { "Content-Type": "application/json" },
      body: dumps({ Errors: errors }),
    });
  const segments = found.map(({ segment }) => segment);
  if (segments.reduce((sum, { bytes }) => sum + bytes, 0) > LARGE_BYTES_MAX) throw tooLarge();
  return segments;
}
