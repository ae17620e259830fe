import { bodyText, isObject } from "../../../kernel/index.ts";
import { dumps } from "../../python/index.ts";
import { notSimulated, refuseWith } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { storedTime } from "../../time.ts";
import { findObject, splitPath } from "../state/containers.ts";
import type { Segment, Swift } from "../state/state.ts";
import { badRequest } from "../wire/errors.ts";
import { HTML, PLAIN } from "../wire/headers.ts";
import { LARGE_BYTES_MAX, measureObject, tooLarge } from "./large-objects.ts";

/** A line of a static large object's manifest, as the client sends it. */
interface Entry {
  readonly path: string;
  readonly etag: unknown;
  readonly size: unknown;
  readonly range: string | undefined;
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

const KNOWN_KEYS = ["path", "etag", "size_bytes", "range", "data"];

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The error in a line that holds data itself; `undefined` for a good one. */
function dataProblem(data: unknown): string | undefined {
  if (typeof data !== "string" || !BASE64.test(data)) return "data must be valid base64";
  return data === "" ? "too small; each segment must be at least 1 byte." : undefined;
}

/** A line, or what is wrong with it; `undefined` for one that holds data itself. @throws Refusal 500 */
function parseEntry(entry: unknown): Entry | string | undefined {
  // It stumbles over anything but an object, and over an empty one.
  if (entry === null || (isObject(entry) && Object.keys(entry).length === 0))
    throw refuseWith({ status: 500, headers: PLAIN, body: "An error occurred" });
  if (!isObject(entry)) return "not a JSON object";
  const { path, etag, size_bytes: size, range } = entry;
  if (!("path" in entry) && !("data" in entry)) return 'expected keys to include one of "path" or "data"';
  const extraneous = Object.keys(entry).filter((key) => !KNOWN_KEYS.includes(key));
  if (extraneous.length > 0) return `extraneous keys ${extraneous.map((key) => `"${key}"`).join(", ")}`;
  if ("data" in entry) return dataProblem(entry.data);
  if (typeof path !== "string" || splitPath(path) === undefined)
    return "path does not refer to an object. Path must be of the form /container/object.";
  if (isGiven(size) && !/^\s*\d+\s*$/.test(String(size))) return "invalid size_bytes";
  if (isGiven(range) && !/^\s*(?:\d+-\d*|-\d+)\s*$/.test(String(range))) return "invalid range";
  return { path, etag, size, range: isGiven(range) ? String(range).trim() : undefined };
}

/** @throws Refusal 400 that names every invalid line */
function parseManifest(context: RequestContext): readonly Entry[] {
  const entries: Entry[] = [];
  const problems: string[] = [];
  let hasData = false;
  let hasPath = false;
  for (const [at, line] of parseList(context).entries()) {
    const entry = parseEntry(line);
    if (typeof entry === "string") problems.push(`Index ${at}: ${entry}\n`);
    else if (entry !== undefined) entries.push(entry);
    hasData ||= isObject(line) && "data" in line;
    hasPath ||= isObject(line) && "path" in line;
  }
  if (hasData && !hasPath) problems.push("Inline data segments require at least one object-backed segment.\n");
  if (problems.length > 0) throw badRequest(problems.join(""));
  if (hasData) throw notSimulated("data in manifests");
  return entries;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** A segment as it is stored, and what is wrong with it. */
function findSegment(
  swift: Swift,
  account: string,
  { path, etag, size, range }: Entry,
): { readonly segment: Segment; readonly error?: string } {
  const name = `/${path.replace(/^\//, "")}`;
  const object = findObject(swift, account, name);
  if (object === undefined) return { segment: segmentOf(name, 0, "", "", 0), error: "404 Not Found" };
  const { bytes, etag: hash } = measureObject(object);
  const part = range === undefined ? undefined : partOf(range, bytes);
  const whole = segmentOf(name, part === undefined ? bytes : part[1] - part[0] + 1, hash, object.type, object.storedMs);
  const segment = part === undefined ? whole : { ...whole, range: part.join("-") };
  if (part !== undefined && part[0] >= bytes) return { segment, error: "Unsatisfiable Range" };
  if (bytes < 1) return { segment, error: "Too Small; each segment must be at least 1 byte." };
  if (isGiven(size) && Number(size) !== bytes) return { segment, error: "Size Mismatch" };
  return isGiven(etag) && etag !== hash ? { segment, error: "Etag Mismatch" } : { segment };
}

/** First and last byte of a part. */
function partOf(range: string, bytes: number): readonly [first: number, last: number] {
  const [first = "", last = ""] = range.split("-");
  if (first === "") return [Math.max(0, bytes - Number(last)), bytes - 1];
  return [Number(first), last === "" ? bytes - 1 : Math.min(Number(last), bytes - 1)];
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
